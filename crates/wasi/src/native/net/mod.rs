//! The OS's network: sockets without waiting, told by tokio's reactor when to go on.

mod names;
mod options;
mod reactor;
mod tcp;
mod udp;

use std::net::IpAddr;
use std::sync::Arc;

use rustix::fd::OwnedFd;
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};

use super::errno::error;
use crate::sys::{BoxFuture, Family, Network, Result, TcpEndpoint, UdpEndpoint};

/// The network of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsNetwork;

impl Network for OsNetwork {
    fn tcp(&self, family: Family) -> Result<Arc<dyn TcpEndpoint>> {
        Ok(Arc::new(tcp::OsTcp::new(socket(family, SocketType::STREAM)?, family)))
    }

    fn udp(&self, family: Family) -> Result<Arc<dyn UdpEndpoint>> {
        Ok(Arc::new(udp::OsUdp::new(socket(family, SocketType::DGRAM)?, family)))
    }

    fn resolve(&self, name: &str) -> BoxFuture<Result<Vec<IpAddr>>> {
        names::resolve(name)
    }
}

/// A new socket, which does not wait and does not outlive an `exec`.
fn socket(family: Family, kind: SocketType) -> Result<OwnedFd> {
    let domain = match family {
        Family::V4 => AddressFamily::INET,
        Family::V6 => AddressFamily::INET6,
    };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let fd = rustix::net::socket_with(domain, kind, flags, None).map_err(|errno| match errno {
        rustix::io::Errno::AFNOSUPPORT => crate::sys::Code::Unsupported.into(),
        errno => error(errno),
    })?;
    if family == Family::V6 {
        sockopt::set_ipv6_v6only(&fd, true).map_err(error)?;
    }
    Ok(fd)
}
