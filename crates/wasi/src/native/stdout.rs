//! Standard output and standard error: written in place and in order, nothing held back.

use std::io::IoSlice;
use std::os::fd::BorrowedFd;
use std::task::{Context, Poll, ready};

use rustix::fs::FileType;
use rustix::io::{Errno, ReadWriteFlags, retry_on_intr};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime::Handle;

use super::errno::error;
use crate::sys::{ByteSink, Output, Result};

/// The offset that means "where the file is".
const CURRENT_POSITION: u64 = u64::MAX;

/// This process's standard output.
#[must_use]
pub fn stdout() -> Output {
    output(rustix::stdio::stdout())
}

/// This process's standard error.
#[must_use]
pub fn stderr() -> Output {
    output(rustix::stdio::stderr())
}

fn output(fd: BorrowedFd<'static>) -> Output {
    let may_wait = rustix::fs::fstat(fd).is_ok_and(|stat| {
        matches!(FileType::from_raw_mode(stat.st_mode), FileType::Fifo | FileType::Socket)
    });
    Output::new(OsOutput { fd, may_wait, room: None }, rustix::termios::isatty(fd))
}

struct OsOutput {
    fd: BorrowedFd<'static>,
    /// A pipe or socket, whose reader may be slow: the others of the store must not wait for it.
    may_wait: bool,
    /// Tells when there is room again; made when there was none for the first time.
    room: Option<AsyncFd<BorrowedFd<'static>>>,
}

impl OsOutput {
    fn write(&mut self, buf: &[u8]) -> rustix::io::Result<usize> {
        if self.may_wait {
            let parts = [IoSlice::new(buf)];
            match retry_on_intr(|| {
                rustix::io::pwritev2(self.fd, &parts, CURRENT_POSITION, ReadWriteFlags::NOWAIT)
            }) {
                // An older kernel, or a file that has no such writes: from now on this waits for its reader.
                Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL | Errno::SPIPE) => self.may_wait = false,
                answer => return answer,
            }
        }
        retry_on_intr(|| rustix::io::write(self.fd, buf))
    }

    /// What tells when there is room; `None` when only waiting in place is left.
    fn room(&mut self) -> Option<&AsyncFd<BorrowedFd<'static>>> {
        if self.room.is_none() {
            let _inside = Handle::try_current().ok()?;
            self.room = AsyncFd::with_interest(self.fd, Interest::WRITABLE).ok();
        }
        self.room.as_ref()
    }
}

impl ByteSink for OsOutput {
    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        loop {
            match self.write(buf) {
                Err(Errno::AGAIN) => {}
                answer => return Poll::Ready(answer.map_err(error)),
            }
            match self.room() {
                Some(room) => match ready!(room.poll_write_ready(cx)) {
                    Ok(mut guard) => guard.clear_ready(),
                    Err(failed) => return Poll::Ready(Err(super::errno::from_io(&failed))),
                },
                // Without a reactor the only way is to wait in place.
                None if self.may_wait => self.may_wait = false,
                None => std::thread::sleep(std::time::Duration::from_millis(1)),
            }
        }
    }
}
