//! A UDP socket of the OS.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::task::{Context, Poll, ready};

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};

use super::options;
use super::reactor::Reactor;
use crate::sys::{Code, Direction, Family, Result, SocketOption, UdpEndpoint};

/// See the page.
pub(super) struct OsUdp {
    reactor: Reactor,
    family: Family,
}

impl OsUdp {
    pub(super) fn new(fd: OwnedFd, family: Family) -> Self {
        OsUdp { reactor: Reactor::new(fd), family }
    }
}

impl UdpEndpoint for OsUdp {
    fn bind(&self, local: SocketAddr) -> Result<()> {
        self.reactor.with(|fd| rustix::net::bind(fd, &local))
    }

    fn connect(&self, remote: SocketAddr) -> Result<()> {
        self.reactor.with(|fd| match rustix::net::connect(fd, &remote) {
            // No port is left to bind to, in Linux's words.
            Err(Errno::ADDRNOTAVAIL | Errno::AGAIN) => Err(Errno::ADDRINUSE),
            done => done,
        })
    }

    fn disconnect(&self) -> Result<()> {
        let before = self.local_address()?;
        self.reactor.with(|fd| rustix::net::connect_unspec(fd))?;
        let after = self.local_address()?;
        // Linux lets go of a port that it picked itself.
        if after.port() == before.port() {
            return Ok(());
        }
        self.bind(SocketAddr::new(after.ip(), before.port()))
    }

    fn poll_send(&self, cx: &mut Context<'_>, data: &[u8], remote: Option<SocketAddr>) -> Poll<Result<()>> {
        let flags = SendFlags::NOSIGNAL;
        self.reactor
            .poll(Direction::Send, cx, |fd| match &remote {
                Some(remote) => rustix::net::sendto(fd, data, flags, remote),
                None => rustix::net::send(fd, data, flags),
            })
            .map_ok(drop)
    }

    fn poll_receive(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<Result<(usize, SocketAddr)>> {
        let (read, _, sender) = ready!(
            self.reactor
                .poll(Direction::Receive, cx, |fd| { rustix::net::recvfrom(fd, &mut *buf, RecvFlags::empty()) })
        )?;
        let sender = sender.and_then(|sender| SocketAddr::try_from(sender).ok());
        Poll::Ready(sender.map(|sender| (read, sender)).ok_or_else(|| Code::Io.into()))
    }

    fn poll_sendable(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.reactor.poll_ready(Direction::Send, cx)
    }

    fn poll_receivable(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.reactor.poll_ready(Direction::Receive, cx)
    }

    fn local_address(&self) -> Result<SocketAddr> {
        self.reactor.with(|fd| SocketAddr::try_from(rustix::net::getsockname(fd)?))
    }

    fn family(&self) -> Family {
        self.family
    }

    fn option(&self, option: SocketOption) -> Result<u64> {
        self.reactor.with(|fd| options::get(fd, self.family, option))
    }

    fn set_option(&self, option: SocketOption, value: u64) -> Result<()> {
        self.reactor.with(|fd| options::set(fd, self.family, option, value))
    }
}
