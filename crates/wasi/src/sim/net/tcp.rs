//! TCP sockets in memory.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use super::way::Way;
use super::{Options, SimNetwork, resolved};
use crate::sys::{Code, Direction, Family, Result, SocketOption, TcpEndpoint};
use crate::wakers::Wakers;

/// What is at a local address: connections that wait to be accepted.
#[derive(Default)]
pub(super) struct Backlog {
    /// How many may wait; `None` while nobody listens.
    room: Option<usize>,
    waiting: VecDeque<Connection>,
    wakers: Arc<Wakers>,
}

/// One side of a connection.
struct Connection {
    incoming: Arc<Way>,
    outgoing: Arc<Way>,
    local: SocketAddr,
    remote: SocketAddr,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.outgoing.end();
        self.incoming.refuse(true);
    }
}

/// See the page.
pub(super) struct SimTcp {
    network: SimNetwork,
    family: Family,
    state: Mutex<State>,
}

struct State {
    /// The address that is taken for this socket; none of accepted ones.
    local: Option<SocketAddr>,
    connection: Option<Connection>,
    options: Options,
}

impl SimTcp {
    pub(super) fn new(network: SimNetwork, family: Family) -> Self {
        SimTcp::with(network, family, State { local: None, connection: None, options: Options::new() })
    }

    fn with(network: SimNetwork, family: Family, state: State) -> Self {
        SimTcp { network, family, state: Mutex::new(state) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A way of the connection, if there is one.
    fn way(&self, pick: impl FnOnce(&Connection) -> &Arc<Way>) -> Result<Arc<Way>> {
        Ok(self.lock().connection.as_ref().map(pick).ok_or(Code::InvalidState)?.clone())
    }
}

impl TcpEndpoint for SimTcp {
    fn bind(&self, local: SocketAddr) -> Result<()> {
        let taken = self.network.world().tcp.take(local, Backlog::default())?;
        self.lock().local = Some(taken);
        Ok(())
    }

    fn connect(&self, remote: SocketAddr) -> Result<()> {
        let mut state = self.lock();
        let mut world = self.network.world();
        let local = match state.local {
            Some(local) => local,
            None => world.tcp.take(SocketAddr::new(super::loopback(self.family), 0), Backlog::default())?,
        };
        state.local = Some(local);
        if !remote.ip().is_loopback() {
            return Err(Code::RemoteUnreachable.into());
        }
        let backlog = world.tcp.find_mut(remote).ok_or(Code::ConnectionRefused)?;
        if backlog.room.is_none_or(|room| backlog.waiting.len() >= room) {
            return Err(Code::ConnectionRefused.into());
        }
        let (there, back) = (Arc::<Way>::default(), Arc::<Way>::default());
        let local = resolved(local);
        let peer = Connection { incoming: there.clone(), outgoing: back.clone(), local: remote, remote: local };
        backlog.waiting.push_back(peer);
        let wakers = backlog.wakers.clone();
        state.connection = Some(Connection { incoming: back, outgoing: there, local, remote });
        drop((world, state));
        wakers.wake_all();
        Ok(())
    }

    fn poll_connected(&self, _cx: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(self.remote_address().map(drop))
    }

    fn listen(&self, backlog: u32) -> Result<()> {
        let local = self.local_address()?;
        let mut world = self.network.world();
        world.tcp.get_mut(local).ok_or(Code::InvalidState)?.room = Some(backlog as usize);
        Ok(())
    }

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<Result<Arc<dyn TcpEndpoint>>> {
        let local = self.local_address()?;
        let mut world = self.network.world();
        let backlog = world.tcp.get_mut(local).ok_or(Code::InvalidState)?;
        let wakers = backlog.wakers.clone();
        let next = wakers.poll(cx, |_| match backlog.waiting.pop_front() {
            Some(connection) => Poll::Ready(connection),
            None => Poll::Pending,
        });
        drop(world);
        next.map(|connection| {
            let options = self.lock().options.clone();
            let state = State { local: None, connection: Some(connection), options };
            let accepted: Arc<dyn TcpEndpoint> = Arc::new(SimTcp::with(self.network.clone(), self.family, state));
            Ok(accepted)
        })
    }

    fn poll_acceptable(&self, cx: &mut Context<'_>) -> Poll<()> {
        let Ok(local) = self.local_address() else { return Poll::Ready(()) };
        let mut world = self.network.world();
        let Some(backlog) = world.tcp.get_mut(local) else { return Poll::Ready(()) };
        let wakers = backlog.wakers.clone();
        wakers.poll(cx, |_| if backlog.waiting.is_empty() { Poll::Pending } else { Poll::Ready(()) })
    }

    fn poll_receive(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<Result<usize>> {
        self.way(|connection| &connection.incoming)?.poll_read(cx, buf)
    }

    fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        self.way(|connection| &connection.outgoing)?.poll_write(cx, buf)
    }

    fn shutdown(&self, direction: Direction) -> Result<()> {
        match direction {
            Direction::Receive => self.way(|connection| &connection.incoming)?.refuse(false),
            Direction::Send => self.way(|connection| &connection.outgoing)?.end(),
        }
        Ok(())
    }

    fn local_address(&self) -> Result<SocketAddr> {
        let state = self.lock();
        let connected = state.connection.as_ref().map(|connection| connection.local);
        connected.or(state.local).ok_or_else(|| Code::InvalidState.into())
    }

    fn remote_address(&self) -> Result<SocketAddr> {
        let state = self.lock();
        state.connection.as_ref().map(|connection| connection.remote).ok_or_else(|| Code::InvalidState.into())
    }

    fn family(&self) -> Family {
        self.family
    }

    fn option(&self, option: SocketOption) -> Result<u64> {
        Ok(self.lock().options.get(option))
    }

    fn set_option(&self, option: SocketOption, value: u64) -> Result<()> {
        self.lock().options.set(option, value);
        Ok(())
    }
}

impl Drop for SimTcp {
    fn drop(&mut self) {
        if let Some(local) = self.lock().local {
            // Connections that nobody accepted hang up after the world is unlocked: their peers are woken.
            let left = self.network.world().tcp.release(local);
            drop(left);
        }
    }
}
