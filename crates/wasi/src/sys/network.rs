//! A network: where sockets come from, and where names are looked up.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::{BoxFuture, Result, TcpEndpoint, UdpEndpoint};

/// Which internet protocol. Spec: `wasi:sockets/types.ip-address-family`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6, and never IPv4 inside of it.
    V6,
}

impl Family {
    /// The family of `address`.
    #[must_use]
    pub fn of(address: SocketAddr) -> Self {
        if address.is_ipv4() { Family::V4 } else { Family::V6 }
    }
}

/// A way of a connection, as this side sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the peer.
    Receive,
    /// To the peer.
    Send,
}

/// A property of a socket that is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SocketOption {
    /// Whether idle connections are kept alive: 0 or 1.
    KeepAlive,
    /// Nanoseconds until an idle connection is asked.
    KeepAliveIdle,
    /// Nanoseconds between two questions.
    KeepAliveInterval,
    /// How many questions stay without an answer before the connection is given up.
    KeepAliveCount,
    /// How many routers a packet passes at most.
    HopLimit,
    /// Bytes for what was received and not read.
    ReceiveBuffer,
    /// Bytes for what was written and not sent.
    SendBuffer,
}

/// A network. Whether a guest may use it is not checked here (see [`NetworkPolicy`](crate::sockets::NetworkPolicy)).
pub trait Network: Send + Sync + 'static {
    /// A new TCP socket, which touches no network yet.
    ///
    /// # Errors
    ///
    /// [`Code::Unsupported`](super::Code::Unsupported) when there is no such family.
    fn tcp(&self, family: Family) -> Result<Arc<dyn TcpEndpoint>>;

    /// A new UDP socket, which touches no network yet.
    ///
    /// # Errors
    ///
    /// [`Code::Unsupported`](super::Code::Unsupported) when there is no such family.
    fn udp(&self, family: Family) -> Result<Arc<dyn UdpEndpoint>>;

    /// The addresses of a host name in ASCII, the preferred ones first.
    fn resolve(&self, name: &str) -> BoxFuture<Result<Vec<IpAddr>>>;
}
