//! Where the server listens: addresses, paths of the file system, sockets that systemd opened.

use std::fmt;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use clap::Args;
use listenfd::ListenFd;
use tokio::net::{TcpListener, UnixListener};

use super::stream::{Peer, Stream};
use crate::load::io_text;
use crate::report::Failure;

/// Where it listens if nothing is said.
const DEFAULT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);

/// Where to listen, on the command line.
#[derive(Args, Debug, Clone)]
pub struct ListenArgs {
    /// Listens here, port 0 for any; can be given several times (default: 127.0.0.1:8080)
    #[arg(long = "addr", value_name = "ADDRESS:PORT")]
    addrs: Vec<SocketAddr>,
    /// Listens on a socket at this path; can be given several times
    #[arg(long = "unix", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Listens on the sockets that systemd opened (LISTEN_FDS)
    #[arg(long)]
    systemd_listenfd: bool,
    /// Takes the next port that is free where the one of --addr is in use
    #[arg(long)]
    find_free_port: bool,
}

/// A socket that takes connections.
pub enum Listener {
    /// Of an address.
    Tcp(TcpListener, SocketAddr),
    /// Of a path; the second part removes it at the end.
    Unix(UnixListener, UnixPath),
}

impl Listener {
    /// The next connection.
    pub async fn accept(&self) -> io::Result<(Stream, Peer)> {
        match self {
            Listener::Tcp(listener, _) => {
                let (stream, peer) = listener.accept().await?;
                // Small answers go out at once.
                stream.set_nodelay(true)?;
                Ok((Stream::Tcp(stream.into_std()?), Peer::Address(peer)))
            }
            Listener::Unix(listener, _) => Ok((Stream::Unix(listener.accept().await?.0.into_std()?), Peer::Local)),
        }
    }

    /// How clients name it, for people and programs.
    pub fn url(&self, secure: bool) -> String {
        let scheme = if secure { "https" } else { "http" };
        match self {
            Listener::Tcp(_, addr) => format!("{scheme}://{addr}/"),
            Listener::Unix(_, path) => format!("{scheme}+unix:{path}"),
        }
    }
}

impl ListenArgs {
    /// Opens every socket.
    pub async fn listen(&self) -> Result<Vec<Listener>, Failure> {
        let mut listeners = Vec::new();
        if self.systemd_listenfd {
            listeners = from_systemd()?;
        }
        let nothing_said = self.addrs.is_empty() && self.paths.is_empty() && !self.systemd_listenfd;
        for &addr in self.addrs.iter().chain(nothing_said.then_some(&DEFAULT)) {
            let (listener, addr) = if self.find_free_port { tcp_from(addr).await } else { tcp(addr).await }?;
            listeners.push(Listener::Tcp(listener, addr));
        }
        for path in &self.paths {
            listeners.push(unix(path)?);
        }
        Ok(listeners)
    }
}

fn cannot(place: impl fmt::Display, error: &io::Error) -> Failure {
    Failure::new(format!("can't listen on {place}: {}", io_text(error)))
}

/// Listens on `addr`; says which port it is.
pub async fn tcp(addr: SocketAddr) -> Result<(TcpListener, SocketAddr), Failure> {
    bind(addr).await.map_err(|error| {
        let failure = cannot(addr, &error);
        match error.kind() {
            io::ErrorKind::AddrInUse => failure.with_help("--find-free-port takes the next one that is free"),
            _ => failure,
        }
    })
}

async fn bind(addr: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(addr).await?;
    let bound = listener.local_addr()?;
    Ok((listener, bound))
}

/// Listens on `addr` or the first port after it that is free.
async fn tcp_from(addr: SocketAddr) -> Result<(TcpListener, SocketAddr), Failure> {
    for port in addr.port()..=u16::MAX {
        match bind(SocketAddr::new(addr.ip(), port)).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            answer => return answer.map_err(|error| cannot(addr, &error)),
        }
    }
    Err(Failure::new(format!("can't listen on {addr}: no port from there on is free")))
}

/// A path that is a socket; the one that made it removes it.
pub struct UnixPath {
    path: PathBuf,
    is_ours: bool,
}

impl fmt::Display for UnixPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)
    }
}

impl Drop for UnixPath {
    fn drop(&mut self) {
        if self.is_ours {
            // Somebody else may have removed it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn unix(path: &Path) -> Result<Listener, Failure> {
    let listener = match UnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_stale(path) => {
            fs::remove_file(path).and_then(|()| UnixListener::bind(path))
        }
        listener => listener,
    };
    let listener = listener.map_err(|error| cannot(path.display(), &error))?;
    Ok(Listener::Unix(listener, UnixPath { path: path.to_owned(), is_ours: true }))
}

/// Whether `path` is a socket that nobody listens on any more.
fn is_stale(path: &Path) -> bool {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    let refused = |error: io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
    is_socket && std::os::unix::net::UnixStream::connect(path).err().is_some_and(refused)
}

/// The sockets that systemd opened for this process.
fn from_systemd() -> Result<Vec<Listener>, Failure> {
    let mut given = ListenFd::from_env();
    let mut listeners = Vec::new();
    for at in 0..given.len() {
        let unusable = |error: io::Error| {
            Failure::new(format!("can't listen on socket {at} of LISTEN_FDS: {}", io_text(&error)))
                .with_help("--systemd-listenfd takes stream sockets that listen")
        };
        if let Ok(Some(listener)) = given.take_tcp_listener(at) {
            listener.set_nonblocking(true).map_err(unusable)?;
            let listener = TcpListener::from_std(listener).map_err(unusable)?;
            let addr = listener.local_addr().map_err(unusable)?;
            listeners.push(Listener::Tcp(listener, addr));
        } else if let Some(listener) = given.take_unix_listener(at).map_err(unusable)? {
            listener.set_nonblocking(true).map_err(unusable)?;
            let addr = listener.local_addr().map_err(unusable)?;
            let path = addr.as_pathname().unwrap_or(Path::new("@")).to_owned();
            let listener = UnixListener::from_std(listener).map_err(unusable)?;
            listeners.push(Listener::Unix(listener, UnixPath { path, is_ours: false }));
        }
    }
    if listeners.is_empty() {
        return Err(Failure::new("systemd opened no socket for this process")
            .with_have("LISTEN_FDS and LISTEN_PID are not set, or are for another process")
            .with_help("--systemd-listenfd is for units with a .socket beside them"));
    }
    Ok(listeners)
}
