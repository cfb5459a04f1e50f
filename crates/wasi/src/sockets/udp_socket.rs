//! A guest's UDP socket: an endpoint, and what may be done with it when.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use super::NetworkPolicy;
use super::address::{check_family, check_remote};
use super::grant::any_address;
use super::policy::Use;
use crate::sys::{Code, Family, Result, SocketOption, UdpEndpoint};

/// The longest datagram that there can be.
pub const MAX_DATAGRAM_BYTES: usize = 64 * 1024;

/// The host object behind `udp-socket`, of 0.2 and 0.3. Clones share the socket.
#[derive(Clone)]
pub struct UdpSocket(Arc<Shared>);

struct Shared {
    endpoint: Arc<dyn UdpEndpoint>,
    policy: Arc<NetworkPolicy>,
    place: Mutex<Place>,
}

#[derive(Default)]
struct Place {
    bound: bool,
    remote: Option<SocketAddr>,
}

impl UdpSocket {
    pub(super) fn new(endpoint: Arc<dyn UdpEndpoint>, policy: Arc<NetworkPolicy>) -> Self {
        UdpSocket(Arc::new(Shared { endpoint, policy, place: Mutex::default() }))
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.0.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn endpoint(&self) -> &dyn UdpEndpoint {
        &*self.0.endpoint
    }

    pub(crate) fn is_bound(&self) -> bool {
        self.place().bound
    }

    /// Spec: `bind`.
    ///
    /// # Errors
    ///
    /// When it is bound, the address is not one of this machine or not granted, or the port is taken.
    pub fn bind(&self, local: SocketAddr) -> Result<()> {
        check_family(self.family(), local)?;
        let mut place = self.place();
        if place.bound {
            return Err(Code::InvalidState.into());
        }
        self.0.policy.check(Use::Udp, local)?;
        self.endpoint().bind(local)?;
        place.bound = true;
        Ok(())
    }

    /// Binds to a port of the system's choice, if nothing is bound yet. What may be sent was checked before.
    fn bind_implicitly(&self, place: &mut Place) -> Result<()> {
        if !place.bound {
            self.endpoint().bind(any_address(self.family()))?;
            place.bound = true;
        }
        Ok(())
    }

    fn check_peer(&self, remote: SocketAddr) -> Result<()> {
        check_family(self.family(), remote)?;
        check_remote(remote)?;
        self.0.policy.check(Use::Udp, remote)
    }

    /// Spec: `connect`.
    ///
    /// # Errors
    ///
    /// When the address is none to send to or not granted.
    pub fn connect(&self, remote: SocketAddr) -> Result<()> {
        self.check_peer(remote)?;
        let mut place = self.place();
        self.bind_implicitly(&mut place)?;
        // The system would keep the way to the old peer.
        if place.remote.take().is_some() {
            self.endpoint().disconnect()?;
        }
        self.endpoint().connect(remote)?;
        place.remote = Some(remote);
        Ok(())
    }

    /// Spec: `disconnect`.
    ///
    /// # Errors
    ///
    /// When the socket has no peer.
    pub fn disconnect(&self) -> Result<()> {
        let mut place = self.place();
        if place.remote.is_none() {
            return Err(Code::InvalidState.into());
        }
        self.endpoint().disconnect()?;
        place.remote = None;
        Ok(())
    }

    /// Sends one datagram, to the socket's peer or to `remote`. Spec: `send`.
    pub fn poll_send(&self, cx: &mut Context<'_>, data: &[u8], remote: Option<SocketAddr>) -> Poll<Result<()>> {
        if data.len() > MAX_DATAGRAM_BYTES {
            return Poll::Ready(Err(Code::MessageSize.into()));
        }
        let mut place = self.place();
        let to = match (place.remote, remote) {
            (Some(peer), Some(remote)) if peer != remote => return Poll::Ready(Err(Code::Invalid.into())),
            (Some(_), _) => None,
            (None, Some(remote)) => {
                self.check_peer(remote)?;
                Some(remote)
            }
            (None, None) => return Poll::Ready(Err(Code::Invalid.into())),
        };
        self.bind_implicitly(&mut place)?;
        self.endpoint().poll_send(cx, data, to)
    }

    /// Ready when [`poll_send`](Self::poll_send) would be.
    pub fn poll_sendable(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.endpoint().poll_sendable(cx)
    }

    /// One datagram and who sent it. Spec: `receive`.
    pub fn poll_receive(&self, cx: &mut Context<'_>) -> Poll<Result<(Vec<u8>, SocketAddr)>> {
        let peer = {
            let place = self.place();
            if !place.bound {
                return Poll::Ready(Err(Code::InvalidState.into()));
            }
            place.remote
        };
        // Nothing is kept for a datagram that is not there.
        ready!(self.endpoint().poll_receivable(cx));
        let mut data = vec![0; MAX_DATAGRAM_BYTES];
        loop {
            let (length, sender) = ready!(self.endpoint().poll_receive(cx, &mut data))?;
            // Others were heard until the socket had its peer, and the system may still have what they said.
            if peer.is_none_or(|peer| same_host(peer, sender)) {
                data.truncate(length);
                data.shrink_to_fit();
                return Poll::Ready(Ok((data, sender)));
            }
        }
    }

    /// Ready when [`poll_receive`](Self::poll_receive) would be.
    pub fn poll_receivable(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_bound() { self.endpoint().poll_receivable(cx) } else { Poll::Ready(()) }
    }

    /// Spec: `get-local-address`.
    ///
    /// # Errors
    ///
    /// When the socket is not bound.
    pub fn local_address(&self) -> Result<SocketAddr> {
        if self.is_bound() { self.endpoint().local_address() } else { Err(Code::InvalidState.into()) }
    }

    /// Spec: `get-remote-address`.
    ///
    /// # Errors
    ///
    /// When the socket has no peer.
    pub fn remote_address(&self) -> Result<SocketAddr> {
        self.place().remote.ok_or_else(|| Code::InvalidState.into())
    }

    /// Spec: `get-address-family`.
    #[must_use]
    pub fn family(&self) -> Family {
        self.endpoint().family()
    }

    /// Spec: `get-unicast-hop-limit` and so on.
    ///
    /// # Errors
    ///
    /// When the system does not tell.
    pub fn option(&self, option: SocketOption) -> Result<u64> {
        self.endpoint().option(option)
    }

    /// Spec: `set-unicast-hop-limit` and so on.
    ///
    /// # Errors
    ///
    /// When `value` is 0, or the system does not let.
    pub fn set_option(&self, option: SocketOption, value: u64) -> Result<()> {
        if value == 0 {
            return Err(Code::Invalid.into());
        }
        self.endpoint().set_option(option, value)
    }
}

/// Whether both are one host and port; of IPv6 the flow is not part of who it is.
fn same_host(a: SocketAddr, b: SocketAddr) -> bool {
    (a.ip(), a.port()) == (b.ip(), b.port())
}
