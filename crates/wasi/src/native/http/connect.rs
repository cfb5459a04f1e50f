//! From an authority to a connection.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::connection::Connection;
use super::pool::Key;
use super::tls::Tls;
use crate::http::{ErrorCode, split_port};
use crate::native::errno::from_io;
use crate::sockets::NetworkGrant;

/// How long one address has before the next is tried beside it. Spec: RFC 8305, 5.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Connects to the server of `key`, at an address that is granted.
pub(super) async fn connect(tls: &Tls, key: &Key, network: &NetworkGrant) -> Result<Connection, ErrorCode> {
    let (host, port) = host_and_port(&key.authority).ok_or(ErrorCode::HttpRequestUriInvalid)?;
    let port = match port {
        None | Some("") => {
            if key.tls {
                443
            } else {
                80
            }
        }
        Some(port) => port.parse().map_err(|_| ErrorCode::HttpRequestUriInvalid)?,
    };
    let found = network.resolve_http(host)?.await?;
    let addresses = found.into_iter().map(|address| SocketAddr::new(address, port));
    let granted: Vec<_> = addresses.filter(|&address| network.may_send_to(host, address)).collect();
    if granted.is_empty() {
        return Err(ErrorCode::DestinationIpProhibited);
    }
    let stream = connect_to_any(granted).await.map_err(|failed| ErrorCode::from(from_io(&failed)))?;
    let address = stream.peer_addr().map_err(|failed| ErrorCode::from(from_io(&failed)))?;
    // Without this the last bytes of a message wait for the peer's acknowledgement.
    let _ = stream.set_nodelay(true);
    if key.tls {
        let (stream, http2) = tls.connect(stream, host).await?;
        match http2 {
            true => Connection::http2(stream, address).await,
            false => Connection::http1(stream, address).await,
        }
    } else {
        Connection::http1(stream, address).await
    }
}

/// The host of an authority, without the brackets of an IPv6 address, and its port if there is one.
pub(super) fn host_and_port(authority: &str) -> Option<(&str, Option<&str>)> {
    let (host, port) = split_port(authority)?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    Some((bare.unwrap_or(host), port))
}

/// The first of these that answers.
async fn connect_to_any(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut attempts = JoinSet::new();
    let mut left = addresses.into_iter().peekable();
    let mut failure = None;
    loop {
        if let Some(address) = left.next() {
            attempts.spawn(TcpStream::connect(address));
        }
        let answered = match left.peek() {
            Some(_) => timeout(ATTEMPT_DELAY, attempts.join_next()).await.ok(),
            None => Some(attempts.join_next().await),
        };
        match answered {
            // The next one is tried beside it.
            None => {}
            Some(Some(Ok(Ok(stream)))) => return Ok(stream),
            Some(Some(Ok(Err(failed)))) => failure = Some(failed),
            Some(Some(Err(stopped))) => failure = Some(io::Error::other(stopped)),
            Some(None) => return Err(failure.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into())),
        }
    }
}
