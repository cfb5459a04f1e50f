//! A connection below HTTP and TLS, whatever it came by.

use std::fmt;
use std::io;
use std::net::{self, SocketAddr};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::pin::Pin;
use std::task::{Context, Poll};

use rustix::net::{RecvFlags, recv};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

/// Who is at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// Somebody at this address.
    Address(SocketAddr),
    /// Somebody on this machine.
    Local,
}

impl Peer {
    /// The name of the client's machine, for a log.
    pub fn host(&self) -> String {
        match self {
            Peer::Address(address) => address.ip().to_string(),
            Peer::Local => "-".into(),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Peer::Address(address) => address.fmt(f),
            Peer::Local => f.write_str("unix"),
        }
    }
}

/// A connection on its way to the reactor of a worker.
pub enum Stream {
    /// By TCP.
    Tcp(net::TcpStream),
    /// By a socket of the file system.
    Unix(StdUnixStream),
}

/// A connection of this thread's reactor.
pub enum Connected {
    /// By TCP.
    Tcp(TcpStream),
    /// By a socket of the file system.
    Unix(UnixStream),
}

impl Stream {
    /// Gives it to the reactor of this thread.
    pub fn connected(self) -> io::Result<Connected> {
        match self {
            Stream::Tcp(stream) => TcpStream::from_std(stream).map(Connected::Tcp),
            Stream::Unix(stream) => UnixStream::from_std(stream).map(Connected::Unix),
        }
    }
}

impl Connected {
    /// Waits for the first bytes, copies some of them into `bytes` and leaves them where they are.
    pub async fn peek(&self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Connected::Tcp(stream) => stream.peek(bytes).await,
            Connected::Unix(stream) => {
                let mut look = || recv(stream, &mut *bytes, RecvFlags::PEEK).map(|(n, _)| n).map_err(io::Error::from);
                stream.async_io(Interest::READABLE, &mut look).await
            }
        }
    }

    /// Lets the connection be reset, not ended, when it is dropped. A socket of the file system knows no such thing.
    pub fn reset(&self) {
        if let Connected::Tcp(stream) = self {
            // Nothing more can be done where the system refuses.
            let _ = stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Connected {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Connected::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Connected::Unix(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Connected {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Connected::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Connected::Unix(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Connected::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Connected::Unix(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Connected::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Connected::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Connected::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Connected::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
