//! Sources and sinks for tests that do what the test says, step by step.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};

use crate::sys::{ByteSink, ByteSource, Code, Result};

/// What a scripted source does next.
pub(super) enum Step {
    /// Not now; the next time goes on.
    Wait,
    /// These bytes.
    Bytes(&'static [u8]),
    /// An error.
    Fail(Code),
    /// The end.
    End,
}

struct Scripted(VecDeque<Step>);

/// A source that does `steps`, then is at its end.
pub(super) fn scripted(steps: impl IntoIterator<Item = Step>) -> impl ByteSource {
    Scripted(steps.into_iter().collect())
}

impl ByteSource for Scripted {
    fn poll_read(&mut self, _cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<Result<usize>> {
        match self.0.pop_front() {
            Some(Step::Wait) => Poll::Pending,
            Some(Step::Fail(code)) => Poll::Ready(Err(code.into())),
            Some(Step::Bytes(bytes)) => {
                let n = buf.len().min(bytes.len());
                buf[..n].copy_from_slice(&bytes[..n]);
                if n < bytes.len() {
                    self.0.push_front(Step::Bytes(&bytes[n..]));
                }
                Poll::Ready(Ok(n))
            }
            Some(Step::End) | None => Poll::Ready(Ok(0)),
        }
    }
}

#[derive(Default)]
struct State {
    bytes: VecDeque<u8>,
    ended: bool,
    /// Bytes the sink takes before it has to wait.
    room: usize,
    fail: Option<Code>,
    flushed: usize,
    flush_waits: bool,
    waker: Option<Waker>,
}

/// The test's hand on a pipe.
#[derive(Clone, Default)]
pub(super) struct Feed(Arc<Mutex<State>>);

struct Pipe(Feed);

/// A source that waits for what the test sends.
pub(super) fn pipe() -> (Feed, impl ByteSource) {
    let feed = Feed::default();
    (feed.clone(), Pipe(feed))
}

/// A sink that takes as much as the test makes room for.
pub(super) fn drain(room: usize) -> (Feed, impl ByteSink) {
    let feed = Feed::default();
    feed.state().room = room;
    (feed.clone(), Pipe(feed))
}

impl Feed {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics while it holds the lock")
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }

    pub(super) fn send(&self, bytes: &[u8]) {
        self.change(|state| state.bytes.extend(bytes));
    }

    pub(super) fn end(&self) {
        self.change(|state| state.ended = true);
    }

    pub(super) fn make_room(&self, room: usize) {
        self.change(|state| state.room += room);
    }

    pub(super) fn fail(&self, code: Code) {
        self.change(|state| state.fail = Some(code));
    }

    pub(super) fn hold_flush(&self, hold: bool) {
        self.change(|state| state.flush_waits = hold);
    }

    /// What the sink has taken so far.
    pub(super) fn taken(&self) -> Vec<u8> {
        self.state().bytes.iter().copied().collect()
    }

    /// How many bytes were flushed.
    pub(super) fn flushed(&self) -> usize {
        self.state().flushed
    }

    pub(super) fn has_ended(&self) -> bool {
        self.state().ended
    }

    /// Somebody who waits.
    pub(super) fn waiter(&self) -> Waiter {
        let flag = Arc::new(Flag::default());
        Waiter { waker: Waker::from(flag.clone()), flag }
    }
}

impl ByteSource for Pipe {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<Result<usize>> {
        let mut state = self.0.state();
        if state.bytes.is_empty() && !state.ended {
            state.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let n = buf.len().min(state.bytes.len());
        for (place, byte) in buf.iter_mut().zip(state.bytes.drain(..n)) {
            *place = byte;
        }
        Poll::Ready(Ok(n))
    }
}

impl ByteSink for Pipe {
    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        let mut state = self.0.state();
        if let Some(code) = state.fail {
            return Poll::Ready(Err(code.into()));
        }
        if state.room == 0 {
            state.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let n = buf.len().min(state.room);
        state.room -= n;
        state.bytes.extend(&buf[..n]);
        Poll::Ready(Ok(n))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let mut state = self.0.state();
        if state.flush_waits {
            state.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        state.flushed = state.bytes.len();
        Poll::Ready(state.fail.map_or(Ok(()), |code| Err(code.into())))
    }

    fn end(&mut self) -> Result<()> {
        self.0.state().ended = true;
        Ok(())
    }
}

#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Somebody who waits, and notices being woken.
pub(super) struct Waiter {
    flag: Arc<Flag>,
    waker: Waker,
}

impl Waiter {
    pub(super) fn context(&self) -> Context<'_> {
        Context::from_waker(&self.waker)
    }

    pub(super) fn woken(&self) -> bool {
        self.flag.0.swap(false, Ordering::Relaxed)
    }
}
