//! A UDP socket.

use std::net::SocketAddr;
use std::task::{Context, Poll};

use super::{Family, Result, SocketOption};

/// A UDP socket, as POSIX has it, without waiting.
///
/// In which order the calls make sense is not checked here (see [`UdpSocket`](crate::sockets::UdpSocket)). Several may
/// wait for the same thing: `Pending` wakes all of them, and took or changed nothing.
pub trait UdpEndpoint: Send + Sync + 'static {
    /// Takes a local address.
    ///
    /// # Errors
    ///
    /// As POSIX `bind`.
    fn bind(&self, local: SocketAddr) -> Result<()>;

    /// Takes a peer: others are not heard any more.
    ///
    /// # Errors
    ///
    /// As POSIX `connect`.
    fn connect(&self, remote: SocketAddr) -> Result<()>;

    /// Lets go of the peer; the local address stays taken.
    ///
    /// # Errors
    ///
    /// As POSIX `connect`.
    fn disconnect(&self) -> Result<()>;

    /// Sends one datagram, to the peer when `remote` is none.
    fn poll_send(&self, cx: &mut Context<'_>, data: &[u8], remote: Option<SocketAddr>) -> Poll<Result<()>>;

    /// Puts one datagram into `buf`; what does not fit is lost. Says how long it is and who sent it.
    fn poll_receive(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<Result<(usize, SocketAddr)>>;

    /// Ready when [`poll_send`](Self::poll_send) would be.
    fn poll_sendable(&self, cx: &mut Context<'_>) -> Poll<()>;

    /// Ready when [`poll_receive`](Self::poll_receive) would be.
    fn poll_receivable(&self, cx: &mut Context<'_>) -> Poll<()>;

    /// The address of this side.
    ///
    /// # Errors
    ///
    /// When the system does not tell.
    fn local_address(&self) -> Result<SocketAddr>;

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
