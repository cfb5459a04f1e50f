//! A TCP socket.

use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::{Direction, Family, Result, SocketOption};

/// A TCP socket, as POSIX has it, without waiting.
///
/// In which order the calls make sense is not checked here (see [`TcpSocket`](crate::sockets::TcpSocket)). Several may
/// wait for the same thing: `Pending` wakes all of them, and took or changed nothing.
pub trait TcpEndpoint: Send + Sync + 'static {
    /// Takes a local address.
    ///
    /// # Errors
    ///
    /// As POSIX `bind`.
    fn bind(&self, local: SocketAddr) -> Result<()>;

    /// Begins to connect.
    ///
    /// # Errors
    ///
    /// As POSIX `connect`.
    fn connect(&self, remote: SocketAddr) -> Result<()>;

    /// Ready when connecting is over. A failure is told once.
    fn poll_connected(&self, cx: &mut Context<'_>) -> Poll<Result<()>>;

    /// Waits for peers, `backlog` at most at once. When it does already, only `backlog` is new.
    ///
    /// # Errors
    ///
    /// As POSIX `listen`.
    fn listen(&self, backlog: u32) -> Result<()>;

    /// The next connection that a peer made.
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<Result<Arc<dyn TcpEndpoint>>>;

    /// Ready when [`poll_accept`](Self::poll_accept) would be.
    fn poll_acceptable(&self, cx: &mut Context<'_>) -> Poll<()>;

    /// As [`ByteSource::poll_read`](super::ByteSource::poll_read).
    fn poll_receive(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<Result<usize>>;

    /// As [`ByteSink::poll_write`](super::ByteSink::poll_write).
    fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>>;

    /// Ends one way of the connection; whoever waits there is woken.
    ///
    /// # Errors
    ///
    /// When there is no connection.
    fn shutdown(&self, direction: Direction) -> Result<()>;

    /// The address of this side.
    ///
    /// # Errors
    ///
    /// When the system does not tell.
    fn local_address(&self) -> Result<SocketAddr>;

    /// The address of the peer.
    ///
    /// # Errors
    ///
    /// When there is none.
    fn remote_address(&self) -> Result<SocketAddr>;

    /// Which protocol.
    fn family(&self) -> Family;

    /// What `option` is.
    ///
    /// # Errors
    ///
    /// When the system does not tell.
    fn option(&self, option: SocketOption) -> Result<u64>;

    /// Makes `option` as near to `value`, which is not 0, as the system can.
    ///
    /// # Errors
    ///
    /// When the system does not let.
    fn set_option(&self, option: SocketOption, value: u64) -> Result<()>;
}
