//! One way of a connection: bytes from one side to the other.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use crate::sys::{Code, Result};
use crate::wakers::Wakers;

/// How many bytes may be on the way.
pub(super) const ROOM: usize = 64 * 1024;

/// See the page.
#[derive(Default)]
pub(super) struct Way {
    state: Mutex<State>,
    readers: Arc<Wakers>,
    writers: Arc<Wakers>,
}

#[derive(Default)]
struct State {
    bytes: VecDeque<u8>,
    /// The sender has no more.
    ended: bool,
    /// The receiver wants no more.
    refused: bool,
    /// The whole socket of the receiver is gone.
    broken: bool,
}

impl Way {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`ByteSource::poll_read`](crate::sys::ByteSource::poll_read).
    pub(super) fn poll_read(&self, cx: &Context<'_>, buf: &mut [u8]) -> Poll<Result<usize>> {
        self.readers.poll(cx, |_| {
            let mut state = self.lock();
            if state.bytes.is_empty() {
                return if state.ended || state.refused { Poll::Ready(Ok(0)) } else { Poll::Pending };
            }
            let n = buf.len().min(state.bytes.len());
            for (to, byte) in buf.iter_mut().zip(state.bytes.drain(..n)) {
                *to = byte;
            }
            drop(state);
            self.writers.wake_all();
            Poll::Ready(Ok(n))
        })
    }

    /// As [`ByteSink::poll_write`](crate::sys::ByteSink::poll_write).
    pub(super) fn poll_write(&self, cx: &Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        self.writers.poll(cx, |_| {
            let mut state = self.lock();
            if state.ended {
                return Poll::Ready(Err(Code::Pipe.into()));
            }
            if state.broken {
                return Poll::Ready(Err(Code::ConnectionReset.into()));
            }
            if state.refused {
                // As on Linux: the bytes arrive, and nobody reads them.
                return Poll::Ready(Ok(buf.len()));
            }
            let n = buf.len().min(ROOM - state.bytes.len());
            if n == 0 && state.bytes.len() == ROOM {
                return Poll::Pending;
            }
            state.bytes.extend(&buf[..n]);
            drop(state);
            self.readers.wake_all();
            Poll::Ready(Ok(n))
        })
    }

    /// The sender has no more.
    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.readers.wake_all();
        self.writers.wake_all();
    }

    /// The receiver wants no more, and what it did not read is gone.
    pub(super) fn refuse(&self, broken: bool) {
        let mut state = self.lock();
        state.bytes.clear();
        state.refused = true;
        state.broken |= broken;
        drop(state);
        self.readers.wake_all();
        self.writers.wake_all();
    }
}
