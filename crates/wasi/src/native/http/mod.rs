//! HTTP requests over the OS's network: hyper on tokio, rustls for TLS, and a small pool of connections.

mod connect;
mod connection;
mod failure;
mod pool;
mod response_body;
mod tls;

use std::sync::Arc;

use http::Uri;
use http::header::{HOST, HeaderValue, TRANSFER_ENCODING};
use tokio::time::timeout;

use crate::http::{ErrorCode, HttpBody};
use crate::sys::{BoxFuture, HttpClient, OutgoingRequest};
use connection::Connection;
use pool::{Key, Pool};
use response_body::ResponseBody;
use tls::Tls;
pub use tls::{TlsRoots, TlsRootsError};

/// Sends requests with HTTP/1.1, or HTTP/2 where TLS agrees on it, and keeps idle connections for a while. Clones share
/// them. Whether an address may be connected to is asked for each request, also of a connection that is there.
#[derive(Clone, Default)]
pub struct OsHttpClient {
    tls: Tls,
    pool: Arc<Pool>,
}

impl OsHttpClient {
    /// A client that trusts servers whose certificates `roots` vouches for.
    #[must_use]
    pub fn new(roots: TlsRoots) -> Self {
        OsHttpClient { tls: Tls::new(roots), pool: Arc::default() }
    }

    async fn exchange(self, request: OutgoingRequest) -> Result<http::Response<HttpBody>, ErrorCode> {
        let OutgoingRequest { mut message, tls, authority, timeouts, network } = request;
        let key = Key { tls, authority };
        loop {
            let (host, _) = connect::host_and_port(&key.authority).ok_or(ErrorCode::HttpRequestUriInvalid)?;
            let known = self.pool.take(&key, |address| network.may_send_to(host, address));
            let (mut connection, reused) = match known {
                Some(connection) => (connection, true),
                None => {
                    let connecting = connect::connect(&self.tls, &key, &network);
                    let connected = timeout(timeouts.connect, connecting).await;
                    (connected.map_err(|_| ErrorCode::ConnectionTimeout)??, false)
                }
            };
            if reused && connection.ready().await.is_err() {
                continue;
            }
            if connection.is_shared() {
                self.pool.put(key.clone(), connection.clone_shared());
            }
            let begun = tokio::time::Instant::now();
            let sending = connection.send(framed(message, &connection, &key)?);
            match timeout(timeouts.first_byte, sending).await {
                Err(_) => return Err(ErrorCode::ConnectionReadTimeout),
                Ok(Ok((response, sent))) => {
                    let first = timeouts.first_byte.saturating_sub(begun.elapsed());
                    let lease = pool::Lease::new(&self.pool, key, connection, sent);
                    return Ok(response.map(|body| ResponseBody::boxed(body, lease, first, timeouts.between_bytes)));
                }
                // The server had closed the connection before any of it was sent.
                Ok(Err((_, Some(unsent)))) if reused => message = unsent,
                Ok(Err((error, _))) => return Err(error),
            }
        }
    }
}

impl HttpClient for OsHttpClient {
    fn send(&self, request: OutgoingRequest) -> BoxFuture<Result<http::Response<HttpBody>, ErrorCode>> {
        Box::pin(self.clone().exchange(request))
    }
}

/// The message as the connection's version of HTTP has it.
fn framed(
    mut message: http::Request<HttpBody>,
    connection: &Connection,
    key: &Key,
) -> Result<http::Request<HttpBody>, ErrorCode> {
    if connection.is_shared() {
        message.headers_mut().remove(TRANSFER_ENCODING);
        message.headers_mut().remove(HOST);
        let mut parts = std::mem::take(message.uri_mut()).into_parts();
        parts.scheme = Some(http::uri::Scheme::HTTPS);
        parts.authority = Some(key.authority.parse().map_err(|_| ErrorCode::HttpRequestUriInvalid)?);
        *message.uri_mut() = Uri::from_parts(parts).map_err(|_| ErrorCode::HttpRequestUriInvalid)?;
        *message.version_mut() = http::Version::HTTP_2;
    } else {
        let host = HeaderValue::from_str(&key.authority).map_err(|_| ErrorCode::HttpRequestUriInvalid)?;
        message.headers_mut().insert(HOST, host);
    }
    Ok(message)
}
