//! A network in memory: one machine with nothing but its loopback, and names that it is told.
//!
//! Everything that uses clones of one [`SimNetwork`] meets there. Nothing takes time, nothing is lost on the way; what
//! goes wrong is what a loopback can do wrong: a taken port, nobody listening, a peer that hangs up.

mod ports;
mod tcp;
mod udp;
mod way;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::sys::{BoxFuture, Code, Family, Network, Result, SocketOption, TcpEndpoint, UdpEndpoint};
use ports::Ports;

/// See the page.
#[derive(Clone, Default)]
pub struct SimNetwork(Arc<Mutex<World>>);

#[derive(Default)]
struct World {
    tcp: Ports<tcp::Backlog>,
    udp: Ports<udp::Mailbox>,
    names: BTreeMap<String, Vec<IpAddr>>,
}

impl SimNetwork {
    /// A network where nothing happens yet.
    #[must_use]
    pub fn new() -> Self {
        SimNetwork::default()
    }

    /// Gives `name` an address; it may have several.
    pub fn add_name(&self, name: &str, address: impl Into<IpAddr>) {
        self.world().names.entry(name.to_ascii_lowercase()).or_default().push(address.into());
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Network for SimNetwork {
    fn tcp(&self, family: Family) -> Result<Arc<dyn TcpEndpoint>> {
        Ok(Arc::new(tcp::SimTcp::new(self.clone(), family)))
    }

    fn udp(&self, family: Family) -> Result<Arc<dyn UdpEndpoint>> {
        Ok(Arc::new(udp::SimUdp::new(self.clone(), family)))
    }

    fn resolve(&self, name: &str) -> BoxFuture<Result<Vec<IpAddr>>> {
        let found = self.world().names.get(name).cloned().ok_or_else(|| Code::NameUnresolvable.into());
        Box::pin(std::future::ready(found))
    }
}

/// Properties of a socket, which change nothing here.
#[derive(Clone)]
struct Options(BTreeMap<u8, u64>);

impl Options {
    fn new() -> Self {
        Options(BTreeMap::new())
    }

    fn get(&self, option: SocketOption) -> u64 {
        let default = match option {
            SocketOption::KeepAlive => 0,
            SocketOption::KeepAliveIdle => 7_200_000_000_000,
            SocketOption::KeepAliveInterval => 75_000_000_000,
            SocketOption::KeepAliveCount => 9,
            SocketOption::HopLimit => 64,
            SocketOption::ReceiveBuffer | SocketOption::SendBuffer => way::ROOM as u64,
        };
        self.0.get(&(option as u8)).copied().unwrap_or(default)
    }

    fn set(&mut self, option: SocketOption, value: u64) {
        self.0.insert(option as u8, value);
    }
}

/// The loopback address of a family.
fn loopback(family: Family) -> IpAddr {
    match family {
        Family::V4 => IpAddr::from([127, 0, 0, 1]),
        Family::V6 => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
    }
}

/// `address`, which is one of this machine's, or the loopback for "any".
fn resolved(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() { SocketAddr::new(loopback(Family::of(address)), address.port()) } else { address }
}
