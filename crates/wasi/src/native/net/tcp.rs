//! A TCP socket of the OS.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, Shutdown, SocketFlags, sockopt};

use super::options;
use super::reactor::Reactor;
use crate::sys::{Direction, Family, Result, SocketOption, TcpEndpoint};

/// See the page.
pub(super) struct OsTcp {
    reactor: Reactor,
    family: Family,
}

impl OsTcp {
    pub(super) fn new(fd: OwnedFd, family: Family) -> Self {
        OsTcp { reactor: Reactor::new(fd), family }
    }
}

impl TcpEndpoint for OsTcp {
    fn bind(&self, local: SocketAddr) -> Result<()> {
        // A port that is still cooling down can be taken again. For a port that the system picks this would be harmful:
        // it might pick one twice.
        self.reactor.with(|fd| sockopt::set_socket_reuseaddr(fd, local.port() != 0))?;
        self.reactor.with(|fd| rustix::net::bind(fd, &local))
    }

    fn connect(&self, remote: SocketAddr) -> Result<()> {
        self.reactor.with(|fd| match rustix::net::connect(fd, &remote) {
            Err(Errno::INPROGRESS | Errno::INTR) => Ok(()),
            // No port is left to bind to, in Linux's words.
            Err(Errno::ADDRNOTAVAIL) => Err(Errno::ADDRINUSE),
            begun => begun,
        })
    }

    fn poll_connected(&self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.reactor.poll(Direction::Send, cx, |fd| {
            sockopt::socket_error(fd)??;
            match rustix::net::getpeername(fd) {
                Err(Errno::NOTCONN) => Err(Errno::AGAIN),
                other => other.map(drop),
            }
        })
    }

    fn listen(&self, backlog: u32) -> Result<()> {
        // Connections inherit this, also when the system picked the port: what is left of them does not keep the port
        // from being taken again. Listening itself does.
        self.reactor.with(|fd| sockopt::set_socket_reuseaddr(fd, true))?;
        self.reactor.with(|fd| rustix::net::listen(fd, i32::try_from(backlog).unwrap_or(i32::MAX)))
    }

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<Result<Arc<dyn TcpEndpoint>>> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let fd = ready!(self.reactor.poll(Direction::Receive, cx, |fd| rustix::net::accept_with(fd, flags)))?;
        Poll::Ready(Ok(Arc::new(OsTcp::new(fd, self.family))))
    }

    fn poll_acceptable(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.reactor.poll_ready(Direction::Receive, cx)
    }

    fn poll_receive(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<Result<usize>> {
        if buf.is_empty() {
            return self.reactor.poll_ready(Direction::Receive, cx).map(|()| Ok(0));
        }
        self.reactor.poll(Direction::Receive, cx, |fd| {
            rustix::net::recv(fd, &mut *buf, RecvFlags::empty()).map(|(read, _)| read)
        })
    }

    fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        if buf.is_empty() {
            return self.reactor.poll_ready(Direction::Send, cx).map(|()| Ok(0));
        }
        // A broken connection is an error, and no signal that ends the process.
        self.reactor.poll(Direction::Send, cx, |fd| rustix::net::send(fd, buf, SendFlags::NOSIGNAL))
    }

    fn shutdown(&self, direction: Direction) -> Result<()> {
        let how = match direction {
            Direction::Receive => Shutdown::Read,
            Direction::Send => Shutdown::Write,
        };
        self.reactor.with(|fd| rustix::net::shutdown(fd, how))
    }

    fn local_address(&self) -> Result<SocketAddr> {
        self.reactor.with(|fd| SocketAddr::try_from(rustix::net::getsockname(fd)?))
    }

    fn remote_address(&self) -> Result<SocketAddr> {
        self.reactor.with(|fd| SocketAddr::try_from(rustix::net::getpeername(fd)?.ok_or(Errno::NOTCONN)?))
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
