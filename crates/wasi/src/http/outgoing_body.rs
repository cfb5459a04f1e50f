//! From a guest's stream and trailers to a body that a connection polls: one chunk at a time, and never whole by mistake.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use thalweg::{Access, Flow, FutureReader, Source, StreamConsumer};

use super::body::{Sent, Trailers};
use super::{ErrorCode, GuestBody, HttpBody};
use crate::WasiView;
use crate::completion::Completer;

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
    /// Whether the connection sends no body whatever there is: an answer to `HEAD`.
    pub(crate) unsent: bool,
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
    /// Bytes that the guest wrote.
    written: u64,
    /// Bytes that the connection took.
    taken: u64,
    /// The guest dropped its end.
    written_all: bool,
    /// What comes after the last byte.
    end: Option<Result<Option<HeaderMap>, ErrorCode>>,
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

    /// Ready when the guest has written everything, or it does not matter any more.
    fn poll_written(&self, cx: &mut Context<'_>) -> Poll<Sent> {
        let mut state = self.lock();
        match (&state.end, state.connection) {
            (Some(Err(error)), _) => return Poll::Ready(Err(error.clone())),
            (_, Connection::Gone) => return Poll::Ready(Err(ErrorCode::ConnectionTerminated)),
            (_, Connection::Satisfied) if self.expected.unsent => return Poll::Ready(Ok(())),
            _ if state.written_all => return Poll::Ready(Ok(())),
            _ => {}
        }
        state.follower = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Ready when the connection has everything, or broke off.
    fn poll_taken(&self, cx: &mut Context<'_>) -> Poll<Sent> {
        let mut state = self.lock();
        match (&state.end, state.connection) {
            (Some(Err(error)), _) => Poll::Ready(Err(error.clone())),
            (_, Connection::Gone) => Poll::Ready(Err(ErrorCode::ConnectionTerminated)),
            (_, Connection::Satisfied) => Poll::Ready(Ok(())),
            (_, Connection::Taking) => {
                state.follower = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// Takes what the guest writes.
struct Consumer(Arc<Shared>);

impl StreamConsumer<u8> for Consumer {
    fn poll_consume(&mut self, cx: &mut Context<'_>, source: &mut Source<'_, u8>) -> Poll<thalweg::Result<Flow>> {
        let this = &*self.0;
        let mut state = this.lock();
        let bytes = source.bytes()?;
        let over = matches!(state.end, Some(Err(_))) || state.connection == Connection::Gone;
        if over || (this.expected.unsent && state.connection == Connection::Satisfied) {
            return Poll::Ready(Ok(Flow::End));
        }
        let written = state.written.saturating_add(bytes.len() as u64);
        if this.expected.length.is_some_and(|length| written > length) {
            this.end(&mut state, Err((this.expected.wrong_length)(Some(written))));
            return Poll::Ready(Ok(Flow::End));
        }
        if state.chunk.is_some() {
            state.guest = Some(cx.waker().clone());
            return Poll::Pending;
        }
        if bytes.is_empty() {
            return Poll::Ready(Ok(Flow::Continue));
        }
        let chunk = Bytes::copy_from_slice(&bytes[..bytes.len().min(CHUNK)]);
        source.advance(chunk.len());
        state.written += chunk.len() as u64;
        state.chunk = Some(chunk);
        wake(&mut state.taker);
        wake(&mut state.follower);
        Poll::Ready(Ok(Flow::Continue))
    }

    fn end(&mut self) {
        let mut state = self.0.lock();
        state.written_all = true;
        wake(&mut state.follower);
        wake(&mut state.taker);
        if self.0.expected.length.is_some_and(|length| state.written < length) && !self.0.expected.unsent {
            let written = state.written;
            self.0.end(&mut state, Err((self.0.expected.wrong_length)(Some(written))));
        }
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
            let satisfied = nothing_left || self.0.expected.unsent || self.0.promised(&state);
            state.connection = if satisfied { Connection::Satisfied } else { Connection::Gone };
        }
        wake(&mut state.guest);
        wake(&mut state.follower);
    }
}

/// Whoever follows the body to its end; without it, it has none.
struct Follower(Arc<Shared>);

impl Drop for Follower {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        self.0.end(&mut state, Err(ErrorCode::internal("the component that made the body is gone")));
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

/// Makes a body of what a guest gave. The store of `access` has to be polled while it is sent.
pub(crate) fn outgoing_body<T: WasiView>(
    body: GuestBody,
    expected: Expected,
    access: &Access<T>,
) -> (HttpBody, Outgoing) {
    let state = State {
        chunk: None,
        written: 0,
        taken: 0,
        written_all: body.contents.is_none(),
        end: None,
        connection: Connection::Taking,
        guest: None,
        follower: None,
        taker: None,
    };
    let shared = Arc::new(Shared { expected, state: Mutex::new(state) });
    if let Some(contents) = body.contents {
        contents.pipe(Consumer(shared.clone()));
    } else {
        Consumer(shared.clone()).end();
    }
    access.spawn(follow(Follower(shared.clone()), body.trailers, body.sent, access.clone()));
    (Taker(shared.clone()).boxed_unsync(), Outgoing(shared))
}

async fn follow<T: WasiView>(
    this: Follower,
    trailers: FutureReader<Trailers>,
    sent: Completer<Sent>,
    access: Access<T>,
) {
    sent.complete(followed(&this.0, trailers, access).await);
}

async fn followed<T: WasiView>(shared: &Shared, trailers: FutureReader<Trailers>, access: Access<T>) -> Sent {
    poll_fn(|cx| shared.poll_written(cx)).await?;
    let mut trailers = pin!(trailers);
    let end = poll_fn(|cx| {
        // Registers the follower, too: what happens to the connection matters while it waits.
        let broken = match shared.poll_taken(cx) {
            Poll::Ready(Err(error)) => Some(error),
            _ => None,
        };
        match broken {
            Some(error) => Poll::Ready(Err(error)),
            None => Poll::Ready(Ok(ready!(trailers.as_mut().poll(cx)))),
        }
    })
    .await?;
    let end = match end {
        Ok(Some(Ok(Some(fields)))) => access
            .with(|view| view.wasi().table.delete(fields))
            .map(|fields| Some(fields.to_headers()))
            .map_err(|error| ErrorCode::internal(error.to_string())),
        Ok(Some(Ok(None))) => Ok(None),
        Ok(Some(Err(error))) => Err(error),
        Ok(None) => Err(ErrorCode::internal("the trailers were dropped before they were told")),
        Err(error) => Err(ErrorCode::internal(error.to_string())),
    };
    shared.end(&mut shared.lock(), end);
    poll_fn(|cx| shared.poll_taken(cx)).await
}
