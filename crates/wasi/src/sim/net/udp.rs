//! UDP sockets in memory.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use super::{Options, SimNetwork, loopback, resolved};
use crate::sys::{Code, Family, Result, SocketOption, UdpEndpoint};
use crate::wakers::Wakers;

/// How many datagrams may wait to be read; later ones are lost, as datagrams may be.
const ROOM: usize = 256;
/// The most bytes in one datagram.
const MOST_BYTES: usize = 65_507;

/// What is at a local address: datagrams, and who sent them.
#[derive(Default)]
pub(super) struct Mailbox {
    waiting: VecDeque<(Vec<u8>, SocketAddr)>,
    /// Whoever else sends is not heard.
    peer: Option<SocketAddr>,
    wakers: Arc<Wakers>,
}

/// See the page.
pub(super) struct SimUdp {
    network: SimNetwork,
    family: Family,
    state: Mutex<State>,
}

struct State {
    local: Option<SocketAddr>,
    remote: Option<SocketAddr>,
    options: Options,
}

impl SimUdp {
    pub(super) fn new(network: SimNetwork, family: Family) -> Self {
        let state = Mutex::new(State { local: None, remote: None, options: Options::new() });
        SimUdp { network, family, state }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_peer(&self, peer: Option<SocketAddr>) -> Result<()> {
        let mut state = self.lock();
        let local = state.local.ok_or(Code::InvalidState)?;
        self.network.world().udp.get_mut(local).ok_or(Code::InvalidState)?.peer = peer;
        state.remote = peer;
        Ok(())
    }
}

impl UdpEndpoint for SimUdp {
    fn bind(&self, local: SocketAddr) -> Result<()> {
        let taken = self.network.world().udp.take(local, Mailbox::default())?;
        self.lock().local = Some(taken);
        Ok(())
    }

    fn connect(&self, remote: SocketAddr) -> Result<()> {
        if !remote.ip().is_loopback() {
            return Err(Code::RemoteUnreachable.into());
        }
        self.set_peer(Some(remote))
    }

    fn disconnect(&self) -> Result<()> {
        self.set_peer(None)
    }

    fn poll_send(&self, _cx: &mut Context<'_>, data: &[u8], remote: Option<SocketAddr>) -> Poll<Result<()>> {
        if data.len() > MOST_BYTES {
            return Poll::Ready(Err(Code::MessageSize.into()));
        }
        let (local, remote) = {
            let state = self.lock();
            (resolved(state.local.ok_or(Code::InvalidState)?), remote.or(state.remote).ok_or(Code::Invalid)?)
        };
        if !remote.ip().is_loopback() {
            return Poll::Ready(Err(Code::RemoteUnreachable.into()));
        }
        let mut world = self.network.world();
        let Some(mailbox) = world.udp.find_mut(remote) else { return Poll::Ready(Ok(())) };
        if mailbox.waiting.len() < ROOM && mailbox.peer.is_none_or(|peer| peer == local) {
            mailbox.waiting.push_back((data.to_vec(), local));
        }
        let wakers = mailbox.wakers.clone();
        drop(world);
        wakers.wake_all();
        Poll::Ready(Ok(()))
    }

    fn poll_receive(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<Result<(usize, SocketAddr)>> {
        let local = self.lock().local.ok_or(Code::InvalidState)?;
        let mut world = self.network.world();
        let mailbox = world.udp.get_mut(local).ok_or(Code::InvalidState)?;
        let wakers = mailbox.wakers.clone();
        wakers.poll(cx, |_| match mailbox.waiting.pop_front() {
            Some((data, sender)) => {
                let n = data.len().min(buf.len());
                buf[..n].copy_from_slice(&data[..n]);
                Poll::Ready(Ok((n, sender)))
            }
            None => Poll::Pending,
        })
    }

    fn poll_sendable(&self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    fn poll_receivable(&self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(local) = self.lock().local else { return Poll::Ready(()) };
        let mut world = self.network.world();
        let Some(mailbox) = world.udp.get_mut(local) else { return Poll::Ready(()) };
        let wakers = mailbox.wakers.clone();
        wakers.poll(cx, |_| if mailbox.waiting.is_empty() { Poll::Pending } else { Poll::Ready(()) })
    }

    fn local_address(&self) -> Result<SocketAddr> {
        let state = self.lock();
        let local = state.local.ok_or(Code::InvalidState)?;
        // With a peer the system knows which of its addresses is meant.
        Ok(if state.remote.is_some() && local.ip().is_unspecified() {
            SocketAddr::new(loopback(self.family), local.port())
        } else {
            local
        })
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

impl Drop for SimUdp {
    fn drop(&mut self) {
        if let Some(local) = self.lock().local {
            let left = self.network.world().udp.release(local);
            drop(left);
        }
    }
}
