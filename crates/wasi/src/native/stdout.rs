//! Standard output and standard error: written in place and in order, nothing held back.

use std::io::IoSlice;
use std::os::fd::BorrowedFd;
use std::task::{Context, Poll, ready};

use rustix::fs::FileType;
use rustix::io::{Errno, ReadWriteFlags, retry_on_intr};
use tokio::net::unix::pipe::Sender;
use tokio::runtime::Handle;

use super::errno::{error, from_io};
use super::standard::Standard;
use crate::sys::{ByteSink, Output, Result};

/// The offset that means "where the file is".
const CURRENT_POSITION: u64 = u64::MAX;

/// This process's standard output.
#[must_use]
pub fn stdout() -> Output {
    output(Standard::of(rustix::stdio::stdout()))
}

/// This process's standard error.
#[must_use]
pub fn stderr() -> Output {
    output(Standard::of(rustix::stdio::stderr()))
}

pub(super) fn output(Standard { fd, kind, is_terminal }: Standard) -> Output {
    let may_wait = matches!(kind, FileType::Fifo | FileType::Socket);
    Output::new(OsOutput::new(fd, may_wait), is_terminal)
}

struct OsOutput {
    fd: BorrowedFd<'static>,
    /// A pipe or socket, whose reader may be slow: the others of the store must not wait for it.
    may_wait: bool,
    /// Tells when there is room again; made when there was none for the first time. Of the pipe's sender only its place
    /// in the reactor is used: writes go their own way, since the file itself stays in blocking mode for its other users.
    room: Option<Sender>,
}

impl OsOutput {
    fn new(fd: BorrowedFd<'static>, may_wait: bool) -> Self {
        OsOutput { fd, may_wait, room: None }
    }

    fn write(&mut self, buf: &[u8]) -> rustix::io::Result<usize> {
        if self.may_wait {
            match write_now(self.fd, buf) {
                // An older kernel, or a file that has no such writes: from now on this waits for its reader.
                Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL | Errno::SPIPE) => self.may_wait = false,
                answer => return answer,
            }
        }
        retry_on_intr(|| rustix::io::write(self.fd, buf))
    }

    /// What tells when there is room; `None` outside of a runtime.
    fn room(&mut self) -> Option<&Sender> {
        if self.room.is_none() {
            Handle::try_current().ok()?;
            let fd = rustix::io::fcntl_dupfd_cloexec(self.fd, 0).ok()?;
            self.room = Sender::from_owned_fd_unchecked(fd).ok();
        }
        self.room.as_ref()
    }

    fn poll_write_when_room(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        let fd = self.fd;
        let Some(room) = self.room() else {
            // Nobody would wake us: wait in place.
            return Poll::Ready(write_waiting(fd, buf));
        };
        loop {
            ready!(room.poll_write_ready(cx))?;
            match room.try_io(|| write_now(fd, buf).map_err(std::io::Error::from)) {
                Err(full) if full.kind() == std::io::ErrorKind::WouldBlock => {}
                answer => return Poll::Ready(answer),
            }
        }
    }
}

/// Writes what there is room for.
fn write_now(fd: BorrowedFd<'_>, buf: &[u8]) -> rustix::io::Result<usize> {
    let parts = [IoSlice::new(buf)];
    retry_on_intr(|| rustix::io::pwritev2(fd, &parts, CURRENT_POSITION, ReadWriteFlags::NOWAIT))
}

/// Writes, also when whoever shares the file has made it non-blocking.
fn write_waiting(fd: BorrowedFd<'_>, buf: &[u8]) -> std::io::Result<usize> {
    loop {
        match retry_on_intr(|| rustix::io::write(fd, buf)) {
            Err(Errno::AGAIN) => std::thread::sleep(std::time::Duration::from_millis(1)),
            answer => return Ok(answer?),
        }
    }
}

impl ByteSink for OsOutput {
    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        match self.write(buf) {
            Err(Errno::AGAIN) if self.may_wait => self.poll_write_when_room(cx, buf).map_err(|failed| from_io(&failed)),
            Err(Errno::AGAIN) => Poll::Ready(write_waiting(self.fd, buf).map_err(|failed| from_io(&failed))),
            answer => Poll::Ready(answer.map_err(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Code;
    use std::future::poll_fn;
    use std::io::Read;
    use std::os::fd::AsFd;
    use std::task::Waker;

    fn leaked<T>(value: T) -> &'static T {
        Box::leak(Box::new(value))
    }

    #[test]
    fn a_full_pipe_holds_up_its_writer_only() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (mut reader, writer) = std::io::pipe().expect("a pipe");
        let fd = leaked(writer).as_fd();
        if write_now(fd, &[7]).is_err() {
            return; // A kernel without such writes: a full pipe does hold up everyone there.
        }
        let mut output = OsOutput::new(fd, true);
        let chunk = vec![7; 300_000];
        let mut taken = 1;
        runtime.block_on(async {
            let cx = &mut Context::from_waker(Waker::noop());
            while let Poll::Ready(n) = output.poll_write(cx, &chunk) {
                taken += n.expect("a reader is there");
            }
            let drain = std::thread::spawn(move || {
                let mut bytes = vec![0; taken + 1];
                reader.read_exact(&mut bytes).map(|()| bytes)
            });
            let more = poll_fn(|cx| output.poll_write(cx, &chunk)).await.expect("room again");
            assert!(more > 0);
            let bytes = drain.join().expect("no panic").expect("read");
            assert!(bytes.iter().all(|byte| *byte == 7));
        });
    }

    #[test]
    fn a_pipe_without_a_reader_is_broken() {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut output = OsOutput::new(leaked(writer).as_fd(), true);
        let answer = output.poll_write(&mut Context::from_waker(Waker::noop()), b"x");
        assert_eq!(answer, Poll::Ready(Err(Code::Pipe.into())));
    }
}
