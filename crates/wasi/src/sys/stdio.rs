//! Standard streams, shared: any number of handles of a guest lead to one source or sink.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use super::leftover::Leftover;
use super::{ByteSink, ByteSource, Result};

/// Everyone who waits for the same end; a wake goes to all of them, because any may be the one that goes on.
#[derive(Default)]
struct Crowd {
    waiting: Mutex<Vec<Waker>>,
}

impl Crowd {
    /// Polls with a waker that wakes the whole crowd. Called with the end locked, so joining, polling and leaving are one
    /// step to others with the same waker.
    fn poll<R>(self: &Arc<Self>, cx: &Context<'_>, poll: impl FnOnce(&mut Context<'_>) -> Poll<R>) -> Poll<R> {
        // Joined before the poll: a wake between poll and join would be lost.
        let joined = self.join(cx.waker());
        let waker = Waker::from(self.clone());
        let answer = poll(&mut Context::from_waker(&waker));
        if joined && answer.is_ready() {
            lock(&self.waiting).retain(|there| !there.will_wake(cx.waker()));
        }
        answer
    }

    fn join(&self, waker: &Waker) -> bool {
        let mut waiting = lock(&self.waiting);
        let is_new = !waiting.iter().any(|there| there.will_wake(waker));
        if is_new {
            waiting.push(waker.clone());
        }
        is_new
    }
}

impl Wake for Crowd {
    fn wake(self: Arc<Self>) {
        let waiting = std::mem::take(&mut *lock(&self.waiting));
        waiting.into_iter().for_each(Waker::wake);
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Shared<E: ?Sized> {
    crowd: Arc<Crowd>,
    is_terminal: bool,
    end: Mutex<E>,
}

/// A handle to standard input. Clones share it: a byte goes to whoever reads first.
#[derive(Clone)]
pub struct Input(Arc<Shared<dyn ByteSource>>);

impl Input {
    /// Shares `source`.
    #[must_use]
    pub fn new(source: impl ByteSource, is_terminal: bool) -> Self {
        Input(Arc::new(Shared { crowd: Arc::default(), is_terminal, end: Mutex::new(source) }))
    }

    /// An input that is at its end.
    #[must_use]
    pub fn empty() -> Self {
        Input::new(Nothing, false)
    }

    /// Whether a person may be typing.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.0.is_terminal
    }
}

impl ByteSource for Input {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<Result<usize>> {
        let mut end = lock(&self.0.end);
        self.0.crowd.poll(cx, |cx| end.poll_read(cx, buf))
    }
}

/// A handle to standard output or standard error. Clones share it.
///
/// What a guest was told is written may still wait for a slow reader when the guest's store ends. It is kept here: flush
/// ([`ByteSink::poll_flush`]) before the process ends.
#[derive(Clone)]
pub struct Output(Arc<Shared<dyn ByteSink>>);

impl Output {
    /// Shares `sink`.
    #[must_use]
    pub fn new(sink: impl ByteSink, is_terminal: bool) -> Self {
        Output(Arc::new(Shared { crowd: Arc::default(), is_terminal, end: Mutex::new(Leftover::new(sink)) }))
    }

    /// An output that takes everything and keeps nothing.
    #[must_use]
    pub fn discard() -> Self {
        Output::new(Nothing, false)
    }

    /// Whether a person may be looking.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.0.is_terminal
    }
}

impl ByteSink for Output {
    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        let mut end = lock(&self.0.end);
        self.0.crowd.poll(cx, |cx| end.poll_write(cx, buf))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let mut end = lock(&self.0.end);
        self.0.crowd.poll(cx, |cx| end.poll_flush(cx))
    }

    fn leave(&mut self, bytes: &[u8]) {
        lock(&self.0.end).leave(bytes);
    }
}

/// The end of an input, and an output that forgets.
struct Nothing;

impl ByteSource for Nothing {
    fn poll_read(&mut self, _cx: &mut Context<'_>, _buf: &mut [u8]) -> Poll<Result<usize>> {
        Poll::Ready(Ok(0))
    }
}

impl ByteSink for Nothing {
    fn poll_write(&mut self, _cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        Poll::Ready(Ok(buf.len()))
    }
}
