//! What is behind an output stream: the sink, what it did not take yet, and how much the guest may write.
//!
//! Two are at it: the guest's calls, and a task of the host that goes on writing while the guest does something else.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::Explain;
use super::latch::{Broken, Latch};
use crate::sys::{self, ByteSink};
use crate::wakers::Wakers;

/// The most bytes that are permitted at once, and that wait for a slow sink.
pub const MAX_WRITE_BYTES: usize = 64 * 1024;

/// See the page.
pub(super) struct Outlet {
    sink: Box<dyn ByteSink>,
    explain: Explain,
    latch: Latch,
    /// What was accepted, of which the first `sent` bytes are gone.
    accepted: Vec<u8>,
    sent: usize,
    flushing: bool,
    /// What is left of the last `check-write`.
    permit: usize,
    /// Whether a task of the host goes on writing.
    pub(super) driven: bool,
    /// Whether the guest has dropped the stream.
    pub(super) dropped: bool,
    wakers: Arc<Wakers>,
}

/// A guest wrote more than it was permitted.
#[derive(Debug)]
pub(super) struct Excess {
    /// Bytes written.
    pub(super) written: usize,
    /// Bytes permitted.
    pub(super) permit: usize,
}

impl Outlet {
    /// An outlet that has accepted nothing.
    pub(super) fn new(sink: impl ByteSink, explain: Explain) -> Self {
        Outlet {
            sink: Box::new(sink),
            explain,
            latch: Latch::Open,
            accepted: Vec::new(),
            sent: 0,
            flushing: false,
            permit: 0,
            driven: false,
            dropped: false,
            wakers: Arc::default(),
        }
    }

    /// Writes what was accepted, then flushes if that was asked for; ready when nothing of it is left. A failure goes to
    /// the latch and is an end too.
    pub(super) fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_idle() {
            return Poll::Ready(());
        }
        let wakers = self.wakers.clone();
        let outcome = ready!(wakers.poll(cx, |cx| self.poll_send(cx)));
        self.accepted.clear();
        (self.sent, self.flushing) = (0, false);
        if let Err(error) = outcome {
            self.latch.fail((self.explain)(error));
        }
        // Whoever polls first does the work; the others hear of it here.
        wakers.wake_all();
        Poll::Ready(())
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<sys::Result<()>> {
        while self.sent < self.accepted.len() {
            match ready!(self.sink.poll_write(cx, &self.accepted[self.sent..]))? {
                0 => return Poll::Ready(Err(sys::Error::new(sys::Code::Io, "the sink takes no bytes"))),
                n => self.sent += n,
            }
        }
        if self.flushing { self.sink.poll_flush(cx) } else { Poll::Ready(Ok(())) }
    }

    /// Whether there is nothing to do for a task of the host.
    pub(super) fn is_idle(&self) -> bool {
        !self.latch.is_open() || (self.sent == self.accepted.len() && !self.flushing)
    }

    /// Spec: `check-write`: how much the guest may write now. The next permit is given when all of the last one is gone.
    pub(super) fn check_write(&mut self, cx: &mut Context<'_>) -> Result<usize, Broken> {
        let idle = self.poll_idle(cx).is_ready();
        self.permit = 0;
        self.latch.check()?;
        if idle {
            self.permit = MAX_WRITE_BYTES;
        }
        Ok(self.permit)
    }

    /// Spec: `write`: accepts `bytes` if they were permitted.
    pub(super) fn write(&mut self, cx: &mut Context<'_>, bytes: Vec<u8>) -> Result<Result<(), Broken>, Excess> {
        if let Err(broken) = self.latch.check() {
            return Ok(Err(broken));
        }
        if bytes.len() > self.permit {
            return Err(Excess { written: bytes.len(), permit: self.permit });
        }
        self.permit -= bytes.len();
        self.accept(bytes);
        Ok(self.after(cx))
    }

    /// Spec: `flush`: what was accepted is to leave; until it has, nothing more is permitted.
    pub(super) fn flush(&mut self, cx: &mut Context<'_>) -> Result<(), Broken> {
        self.latch.check()?;
        self.permit = 0;
        self.flushing = true;
        self.after(cx)
    }

    /// The write and the flush of a call that waits for both, which needs no permit. The outlet is idle before.
    pub(super) fn write_and_flush(&mut self, cx: &mut Context<'_>, bytes: Vec<u8>) -> Result<(), Broken> {
        self.latch.check()?;
        self.accept(bytes);
        self.flush(cx)
    }

    /// What is wrong, if something is.
    pub(super) fn check(&mut self) -> Result<(), Broken> {
        self.latch.check()
    }

    /// Nothing more will be written. What was accepted and is not gone is left to the sink.
    pub(super) fn end(&mut self) {
        self.latch.close();
        self.leave();
        // The guest has let go of the stream, so there is nobody to tell of a failure.
        let _ = self.sink.end();
        self.wakers.wake_all();
    }

    fn leave(&mut self) {
        if self.sent < self.accepted.len() {
            self.sink.leave(&self.accepted[self.sent..]);
            self.accepted.clear();
            self.sent = 0;
        }
    }

    fn accept(&mut self, bytes: Vec<u8>) {
        self.sink.accepted(bytes.len());
        if self.accepted.is_empty() {
            self.accepted = bytes;
        } else {
            self.accepted.extend_from_slice(&bytes);
        }
    }

    /// Gets on as far as possible at once; a failure of that is this call's.
    fn after(&mut self, cx: &mut Context<'_>) -> Result<(), Broken> {
        match self.poll_idle(cx) {
            Poll::Ready(()) => self.latch.check(),
            Poll::Pending => Ok(()),
        }
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.leave();
    }
}
