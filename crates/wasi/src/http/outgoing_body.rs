//! From what a guest writes to a body that a connection polls: one chunk at a time, and never whole by mistake.

mod stream;
mod written;

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Frame, SizeHint};

use super::ErrorCode;
use super::body::Sent;

pub(crate) use stream::outgoing_body;
pub(crate) use written::{BodyWriter, written_body};

/// Bytes that are taken from a guest at once, and the only ones that wait for the connection.
const CHUNK: usize = 64 << 10;

/// How much there has to be, and what depends on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    /// Bytes that the headers promise.
    pub(crate) length: Option<u64>,
    /// Whether the last promised byte waits until the guest has said that it is the last. Then nobody can take a body
    /// for whole that is not.
    pub(crate) hold_last: bool,
    /// The error for another length than was promised.
    pub(crate) wrong_length: fn(Option<u64>) -> ErrorCode,
}

/// Where the connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Connection {
    /// It takes what comes.
    Taking,
    /// It has everything that it wanted.
    Satisfied,
    /// It broke off.
    Gone,
}

struct State {
    chunk: Option<Bytes>,
    /// Bytes that a guest of 0.2 wrote or is still to be rid of.
    accepted: u64,
    /// Bytes that the guest wrote.
    written: u64,
    /// Bytes that the connection took.
    taken: u64,
    /// The guest dropped its end.
    written_all: bool,
    /// What a guest of 0.2 said that comes after the last byte, while its bytes are on their way.
    finished: Option<Option<HeaderMap>>,
    /// What comes after the last byte.
    end: Option<Result<Option<HeaderMap>, ErrorCode>>,
    /// Whether the connection sends no body whatever there is: an answer to `HEAD`.
    unsent: bool,
    connection: Connection,
    guest: Option<Waker>,
    follower: Option<Waker>,
    taker: Option<Waker>,
}

struct Shared {
    expected: Expected,
    state: Mutex<State>,
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

impl Shared {
    fn new(expected: Expected) -> Arc<Shared> {
        let state = State {
            chunk: None,
            accepted: 0,
            written: 0,
            taken: 0,
            written_all: false,
            finished: None,
            end: None,
            unsent: false,
            connection: Connection::Taking,
            guest: None,
            follower: None,
            taker: None,
        };
        Arc::new(Shared { expected, state: Mutex::new(state) })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What comes after the last byte; the first word counts.
    fn end(&self, state: &mut State, end: Result<Option<HeaderMap>, ErrorCode>) {
        state.end.get_or_insert(end);
        wake(&mut state.taker);
        wake(&mut state.follower);
        wake(&mut state.guest);
    }

    fn promised(&self, state: &State) -> bool {
        self.expected.length == Some(state.taken)
    }
}

/// What the connection polls.
struct Taker(Arc<Shared>);

impl http_body::Body for Taker {
    type Data = Bytes;
    type Error = ErrorCode;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, ErrorCode>>> {
        let this = &*self.0;
        let mut state = this.lock();
        if let Some(Err(error)) = &state.end {
            return Poll::Ready(Some(Err(error.clone())));
        }
        let last = this.expected.length == Some(state.written);
        let held = this.expected.hold_last && last && state.end.is_none();
        if !held && let Some(chunk) = state.chunk.take() {
            state.taken += chunk.len() as u64;
            wake(&mut state.guest);
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        if let Some(Ok(trailers)) = &mut state.end {
            let trailers = trailers.take();
            state.connection = Connection::Satisfied;
            wake(&mut state.follower);
            return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))));
        }
        state.taker = Some(cx.waker().clone());
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        let state = self.0.lock();
        state.chunk.is_none() && matches!(state.end, Some(Ok(None)))
    }

    fn size_hint(&self) -> SizeHint {
        let state = self.0.lock();
        match self.0.expected.length {
            Some(length) => SizeHint::with_exact(length.saturating_sub(state.taken)),
            None if state.chunk.is_none() && matches!(state.end, Some(Ok(None))) => SizeHint::with_exact(0),
            None => SizeHint::default(),
        }
    }
}

impl Drop for Taker {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        if state.connection == Connection::Taking {
            let nothing_left = state.chunk.is_none() && matches!(state.end, Some(Ok(None)));
            let satisfied = nothing_left || state.unsent || self.0.promised(&state);
            state.connection = if satisfied { Connection::Satisfied } else { Connection::Gone };
        }
        wake(&mut state.guest);
        wake(&mut state.follower);
    }
}

/// How sending a body is told to end, and whether there is one.
pub(crate) struct Outgoing(Arc<Shared>);

impl Outgoing {
    /// The message did not go out. Gives the reason: the body's own if it has one, else `error`.
    pub(crate) fn fail(&self, error: ErrorCode) -> ErrorCode {
        let mut state = self.0.lock();
        if let Some(Err(earlier)) = &state.end {
            return earlier.clone();
        }
        // A connection that was never there drops an empty body as one that has it all.
        state.end = None;
        self.0.end(&mut state, Err(error.clone()));
        error
    }

    /// The connection will send no body whatever there is.
    pub(crate) fn unsent(&self) {
        self.0.lock().unsent = true;
    }

    /// Whether it is known what comes after the last byte.
    pub(crate) fn is_over(&self) -> bool {
        self.0.lock().end.is_some()
    }

    /// Waits for the first bytes or the end; says whether there are bytes.
    pub(crate) async fn begun(&self) -> bool {
        poll_fn(|cx| {
            let mut state = self.0.lock();
            if state.written > 0 || state.written_all || state.end.is_some() {
                return Poll::Ready(state.written > 0);
            }
            state.taker = Some(cx.waker().clone());
            Poll::Pending
        })
        .await
    }

    /// Waits until it is known what comes after the last byte.
    ///
    /// # Errors
    ///
    /// Why the body will never be whole.
    pub(crate) async fn ended(&self) -> Sent {
        poll_fn(|cx| {
            let mut state = self.0.lock();
            match &state.end {
                Some(Ok(_)) => Poll::Ready(Ok(())),
                Some(Err(error)) => Poll::Ready(Err(error.clone())),
                None => {
                    state.taker = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}
