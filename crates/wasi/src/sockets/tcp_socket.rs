//! A guest's TCP socket: an endpoint, and what may be done with it when.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use super::address::{check_family, check_remote, check_unicast};
use super::grant::any_address;
use super::policy::Use;
use super::tcp_stream::SendSide;
use super::{NetworkPolicy, TcpReader, TcpWriter};
use crate::sys::{Code, Direction, Family, Result, SocketOption, TcpEndpoint};

/// How many peers may wait to be accepted when the guest does not say.
const DEFAULT_BACKLOG: u32 = 128;
/// How many peers may wait to be accepted, whatever the guest says.
const MOST_BACKLOG: u32 = 4096;

/// Where a socket is in its life. Spec: `tcp-socket`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TcpState {
    /// New.
    Unbound,
    /// It has a local address.
    Bound,
    /// Peers can connect to it.
    Listening,
    /// It waits for a peer's answer.
    Connecting,
    /// It has a peer.
    Connected,
    /// An attempt to connect failed; the socket is of no use any more.
    Closed,
}

/// The host object behind `tcp-socket`, of 0.2 and 0.3. Clones share the socket, and so do its streams: it is closed
/// when the last of them is gone.
#[derive(Clone)]
pub struct TcpSocket(Arc<Shared>);

struct Shared {
    endpoint: Arc<dyn TcpEndpoint>,
    policy: Arc<NetworkPolicy>,
    life: Mutex<Life>,
    send_side: Arc<SendSide>,
    /// The guest wants to hear no more.
    receive_ended: Arc<AtomicBool>,
}

struct Life {
    state: TcpState,
    backlog: u32,
    /// A reader, a writer was given out.
    receiving: bool,
    sending: bool,
}

impl TcpSocket {
    pub(super) fn new(endpoint: Arc<dyn TcpEndpoint>, policy: Arc<NetworkPolicy>) -> Self {
        TcpSocket::in_state(endpoint, policy, TcpState::Unbound)
    }

    fn in_state(endpoint: Arc<dyn TcpEndpoint>, policy: Arc<NetworkPolicy>, state: TcpState) -> Self {
        let life = Mutex::new(Life { state, backlog: DEFAULT_BACKLOG, receiving: false, sending: false });
        let send_side = Arc::new(SendSide::new(endpoint.clone()));
        TcpSocket(Arc::new(Shared { endpoint, policy, life, send_side, receive_ended: Arc::default() }))
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.0.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn endpoint(&self) -> &dyn TcpEndpoint {
        &*self.0.endpoint
    }

    /// Where the socket is in its life.
    #[must_use]
    pub fn state(&self) -> TcpState {
        self.life().state
    }

    /// Spec: `bind`.
    ///
    /// # Errors
    ///
    /// When it is bound, the address is not one of this machine or not granted, or the port is taken.
    pub fn bind(&self, local: SocketAddr) -> Result<()> {
        check_family(self.family(), local)?;
        check_unicast(local)?;
        let mut life = self.life();
        if life.state != TcpState::Unbound {
            return Err(Code::InvalidState.into());
        }
        self.0.policy.check(Use::Tcp, local)?;
        self.endpoint().bind(local)?;
        life.state = TcpState::Bound;
        Ok(())
    }

    /// Begins to connect; [`poll_connect`](Self::poll_connect) goes on. Spec: `connect`.
    ///
    /// # Errors
    ///
    /// When the socket has begun something else, or the address is none to connect to or not granted.
    pub fn start_connect(&self, remote: SocketAddr) -> Result<()> {
        check_family(self.family(), remote)?;
        check_unicast(remote)?;
        check_remote(remote)?;
        let mut life = self.life();
        if !matches!(life.state, TcpState::Unbound | TcpState::Bound) {
            return Err(Code::InvalidState.into());
        }
        self.0.policy.check(Use::Tcp, remote)?;
        let begun = self.endpoint().connect(remote);
        life.state = if begun.is_ok() { TcpState::Connecting } else { TcpState::Closed };
        begun
    }

    /// Ready when connecting is over.
    pub fn poll_connect(&self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let mut life = self.life();
        if life.state != TcpState::Connecting {
            return Poll::Ready(Err(Code::InvalidState.into()));
        }
        let outcome = ready!(self.endpoint().poll_connected(cx));
        life.state = if outcome.is_ok() { TcpState::Connected } else { TcpState::Closed };
        Poll::Ready(outcome)
    }

    /// Connects, and waits for it. Giving the wait up closes the socket. Spec: `connect`.
    ///
    /// # Errors
    ///
    /// As [`start_connect`](Self::start_connect), and when the peer or a network on the way refuses.
    pub async fn connect(&self, remote: SocketAddr) -> Result<()> {
        self.start_connect(remote)?;
        let attempt = Attempt(self);
        std::future::poll_fn(|cx| attempt.0.poll_connect(cx)).await
    }

    /// Spec: `listen`; a socket that is not bound is bound first.
    ///
    /// # Errors
    ///
    /// When the socket has begun something else, or no port is left or granted.
    pub fn listen(&self) -> Result<()> {
        let mut life = self.life();
        match life.state {
            TcpState::Unbound => {
                let local = any_address(self.family());
                self.0.policy.check(Use::Tcp, local)?;
                self.endpoint().bind(local)?;
                life.state = TcpState::Bound;
            }
            TcpState::Bound => {}
            _ => return Err(Code::InvalidState.into()),
        }
        self.endpoint().listen(life.backlog)?;
        life.state = TcpState::Listening;
        Ok(())
    }

    /// The next connection that a peer made; it has this socket's properties.
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<Result<TcpSocket>> {
        if self.state() != TcpState::Listening {
            return Poll::Ready(Err(Code::InvalidState.into()));
        }
        let endpoint = ready!(self.endpoint().poll_accept(cx))?;
        Poll::Ready(Ok(TcpSocket::in_state(endpoint, self.0.policy.clone(), TcpState::Connected)))
    }

    /// Ready when [`poll_accept`](Self::poll_accept) would be.
    pub fn poll_acceptable(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.state() == TcpState::Listening { self.endpoint().poll_acceptable(cx) } else { Poll::Ready(()) }
    }

    /// What the peer sends; given out once. Spec: `receive`.
    ///
    /// # Errors
    ///
    /// When there is no connection, or it was given out.
    pub fn reader(&self) -> Result<TcpReader> {
        let mut life = self.life();
        if life.state != TcpState::Connected || std::mem::replace(&mut life.receiving, true) {
            return Err(Code::InvalidState.into());
        }
        Ok(TcpReader::new(self.0.endpoint.clone(), self.0.receive_ended.clone()))
    }

    /// What the peer is sent; given out once. Spec: `send`.
    ///
    /// # Errors
    ///
    /// When there is no connection, or it was given out.
    pub fn writer(&self) -> Result<TcpWriter> {
        let mut life = self.life();
        if life.state != TcpState::Connected || std::mem::replace(&mut life.sending, true) {
            return Err(Code::InvalidState.into());
        }
        Ok(TcpWriter::new(self.0.send_side.clone()))
    }

    /// Ends one way of the connection: at once for what comes, after what was written before for what goes (0.2:
    /// `shutdown`).
    ///
    /// # Errors
    ///
    /// When there is no connection.
    pub fn shutdown(&self, direction: Direction) -> Result<()> {
        if self.state() != TcpState::Connected {
            return Err(Code::InvalidState.into());
        }
        match direction {
            Direction::Receive => {
                self.0.receive_ended.store(true, Ordering::Relaxed);
                // The peer may have gone meanwhile; then there is nothing left to end.
                let _ = self.endpoint().shutdown(Direction::Receive);
            }
            Direction::Send => self.0.send_side.shut(),
        }
        Ok(())
    }

    /// Spec: `get-local-address`.
    ///
    /// # Errors
    ///
    /// When the socket is not bound.
    pub fn local_address(&self) -> Result<SocketAddr> {
        // The standard lets a closed socket refuse this; C libraries end the program when it does.
        match self.state() {
            TcpState::Unbound => Err(Code::InvalidState.into()),
            _ => self.endpoint().local_address(),
        }
    }

    /// Spec: `get-remote-address`.
    ///
    /// # Errors
    ///
    /// When the socket is not connected.
    pub fn remote_address(&self) -> Result<SocketAddr> {
        match self.state() {
            TcpState::Connected => self.endpoint().remote_address(),
            _ => Err(Code::InvalidState.into()),
        }
    }

    /// Spec: `get-is-listening`.
    #[must_use]
    pub fn is_listening(&self) -> bool {
        self.state() == TcpState::Listening
    }

    /// Spec: `get-address-family`.
    #[must_use]
    pub fn family(&self) -> Family {
        self.endpoint().family()
    }

    /// Spec: `set-listen-backlog-size`.
    ///
    /// # Errors
    ///
    /// When `size` is 0, or the socket is not for listening any more.
    pub fn set_backlog(&self, size: u64) -> Result<()> {
        if size == 0 {
            return Err(Code::Invalid.into());
        }
        let mut life = self.life();
        let backlog = size.min(MOST_BACKLOG.into()) as u32;
        match life.state {
            TcpState::Unbound | TcpState::Bound => {}
            TcpState::Listening => self.endpoint().listen(backlog)?,
            TcpState::Connecting | TcpState::Connected | TcpState::Closed => return Err(Code::InvalidState.into()),
        }
        life.backlog = backlog;
        Ok(())
    }

    /// Spec: `get-keep-alive-enabled` and so on.
    ///
    /// # Errors
    ///
    /// When the system does not tell.
    pub fn option(&self, option: SocketOption) -> Result<u64> {
        self.endpoint().option(option)
    }

    /// Spec: `set-keep-alive-enabled` and so on.
    ///
    /// # Errors
    ///
    /// When `value` is 0, except for a switch, or the system does not let.
    pub fn set_option(&self, option: SocketOption, value: u64) -> Result<()> {
        if value == 0 && option != SocketOption::KeepAlive {
            return Err(Code::Invalid.into());
        }
        self.endpoint().set_option(option, value)
    }
}

/// An attempt to connect. When it is dropped before its end, the socket is of no use any more.
struct Attempt<'a>(&'a TcpSocket);

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let mut life = self.0.life();
        if life.state == TcpState::Connecting {
            life.state = TcpState::Closed;
        }
    }
}
