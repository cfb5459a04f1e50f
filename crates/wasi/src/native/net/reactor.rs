//! A socket and its seat in tokio's reactor.

use std::net::UdpSocket as StdSocket;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll, ready};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::{Errno, retry_on_intr};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::runtime::Handle;

use crate::native::errno::{error, from_io};
use crate::sys::{Code, Direction, Error, Result};
use crate::wakers::Wakers;

/// How often a poll tries what the reactor says is ready and is not. What it takes for the end of a socket it says for
/// ever; then the others of the store have their turn in between.
const MOST_TRIES: usize = 4;

/// See the page.
///
/// A socket gets its seat when it has to wait for the first time. Earlier would be wrong, too: the reactor takes what
/// an unconnected socket says (it is hung up) for its end.
pub(super) struct Reactor {
    socket: RwLock<Socket>,
    receivers: Arc<Wakers>,
    senders: Arc<Wakers>,
}

enum Socket {
    /// Nobody has waited yet.
    Standing(OwnedFd),
    /// With a seat. Whatever kind of socket it is, only tokio's readiness is used here, which this type tells in full.
    Seated(UdpSocket),
    /// The reactor refused it.
    Gone,
}

impl Socket {
    fn fd(&self) -> rustix::io::Result<BorrowedFd<'_>> {
        match self {
            Socket::Standing(fd) => Ok(fd.as_fd()),
            Socket::Seated(seat) => Ok(seat.as_fd()),
            Socket::Gone => Err(Errno::BADF),
        }
    }
}

impl Reactor {
    pub(super) fn new(fd: OwnedFd) -> Self {
        Reactor { socket: RwLock::new(Socket::Standing(fd)), receivers: Arc::default(), senders: Arc::default() }
    }

    /// What `operation`, which does not wait, gives.
    pub(super) fn with<R>(&self, operation: impl Fn(BorrowedFd<'_>) -> rustix::io::Result<R>) -> Result<R> {
        let socket = self.socket.read().unwrap_or_else(PoisonError::into_inner);
        let fd = socket.fd().map_err(error)?;
        retry_on_intr(|| operation(fd)).map_err(error)
    }

    /// What `operation` gives as soon as it does not say that it would wait.
    pub(super) fn poll<R>(
        &self,
        direction: Direction,
        cx: &Context<'_>,
        mut operation: impl FnMut(BorrowedFd<'_>) -> rustix::io::Result<R>,
    ) -> Poll<Result<R>> {
        let mut socket = self.socket.read().unwrap_or_else(PoisonError::into_inner);
        if let Socket::Standing(fd) = &*socket {
            match retry_on_intr(|| operation(fd.as_fd())) {
                Err(Errno::AGAIN) => {}
                answer => return Poll::Ready(answer.map_err(error)),
            }
            drop(socket);
            self.take_seat()?;
            socket = self.socket.read().unwrap_or_else(PoisonError::into_inner);
        }
        let Socket::Seated(seat) = &*socket else { return Poll::Ready(Err(Code::BadDescriptor.into())) };
        let (wakers, interest) = match direction {
            Direction::Receive => (&self.receivers, Interest::READABLE),
            Direction::Send => (&self.senders, Interest::WRITABLE),
        };
        wakers.poll(cx, |cx| {
            for _ in 0..MOST_TRIES {
                match direction {
                    Direction::Receive => ready!(seat.poll_recv_ready(cx)),
                    Direction::Send => ready!(seat.poll_send_ready(cx)),
                }
                .map_err(|failed| from_io(&failed))?;
                match seat.try_io(interest, || Ok(retry_on_intr(|| operation(seat.as_fd()))?)) {
                    Err(failed) if failed.kind() == std::io::ErrorKind::WouldBlock => {}
                    answer => return Poll::Ready(answer.map_err(|failed| from_io(&failed))),
                }
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
    }

    /// Ready when an operation of this direction would be; it takes nothing.
    pub(super) fn poll_ready(&self, direction: Direction, cx: &Context<'_>) -> Poll<()> {
        let wanted = match direction {
            Direction::Receive => PollFlags::IN,
            Direction::Send => PollFlags::OUT,
        };
        self.poll(direction, cx, |fd| {
            let mut list = [PollFd::from_borrowed_fd(fd, wanted)];
            match rustix::event::poll(&mut list, Some(&Timespec::default()))? {
                0 => Err(Errno::AGAIN),
                _ => Ok(()),
            }
        })
        // A failure is for the operation to tell.
        .map(drop)
    }

    fn take_seat(&self) -> Result<()> {
        if Handle::try_current().is_err() {
            return Err(Error::new(Code::Unsupported, "waiting for a socket needs a tokio runtime"));
        }
        let mut socket = self.socket.write().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *socket, Socket::Gone) {
            Socket::Standing(fd) => {
                let seat = UdpSocket::from_std(StdSocket::from(fd)).map_err(|failed| from_io(&failed))?;
                *socket = Socket::Seated(seat);
            }
            other => *socket = other,
        }
        Ok(())
    }
}
