//! Which local addresses are taken, and by what.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::sys::{Code, Result};

/// The first port that is given to a socket that asks for none.
const FIRST_EPHEMERAL: u16 = 49_152;

/// Local addresses of one protocol, and what was put there. A socket of "any" address is there for all.
pub(super) struct Ports<V>(BTreeMap<SocketAddr, V>);

impl<V> Default for Ports<V> {
    fn default() -> Self {
        Ports(BTreeMap::new())
    }
}

impl<V> Ports<V> {
    /// Takes `local`, with a free port if it has none.
    pub(super) fn take(&mut self, local: SocketAddr, value: V) -> Result<SocketAddr> {
        if !local.ip().is_loopback() && !local.ip().is_unspecified() {
            return Err(Code::AddressNotBindable.into());
        }
        let mut candidates = if local.port() == 0 { FIRST_EPHEMERAL..=u16::MAX } else { local.port()..=local.port() };
        let free = candidates.find(|&port| !self.is_taken(SocketAddr::new(local.ip(), port)));
        let local = SocketAddr::new(local.ip(), free.ok_or(Code::AddressInUse)?);
        self.0.insert(local, value);
        Ok(local)
    }

    fn is_taken(&self, local: SocketAddr) -> bool {
        let meets = |other: &SocketAddr| {
            other.port() == local.port()
                && other.is_ipv4() == local.is_ipv4()
                && (other.ip() == local.ip() || other.ip().is_unspecified() || local.ip().is_unspecified())
        };
        self.0.keys().any(meets)
    }

    /// What is at `remote`, for somebody who calls there.
    pub(super) fn find_mut(&mut self, remote: SocketAddr) -> Option<&mut V> {
        let any = match remote {
            SocketAddr::V4(_) => SocketAddr::from(([0; 4], remote.port())),
            SocketAddr::V6(_) => SocketAddr::from(([0u16; 8], remote.port())),
        };
        let at = if self.0.contains_key(&remote) { remote } else { any };
        self.0.get_mut(&at)
    }

    /// What is at `local` itself.
    pub(super) fn get_mut(&mut self, local: SocketAddr) -> Option<&mut V> {
        self.0.get_mut(&local)
    }

    /// Lets go of `local`, and gives what was there.
    pub(super) fn release(&mut self, local: SocketAddr) -> Option<V> {
        self.0.remove(&local)
    }
}
