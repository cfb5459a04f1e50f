//! What a guest of 0.2 writes: bytes into a sink, and then a word that these were all.

use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body_util::BodyExt;

use super::{CHUNK, Connection, Expected, Outgoing, Shared, State, Taker, wake};
use crate::http::content_length::content_length;
use crate::http::{ErrorCode, Fields, HttpBody};
use crate::sys::{self, ByteSink, Code};

/// A body that will be written by calls.
///
/// It is as long as `headers` promise; `hold_last` and `wrong_length` are those of [`Expected`].
pub(crate) fn written_body(
    headers: &Fields,
    hold_last: bool,
    wrong_length: fn(Option<u64>) -> ErrorCode,
) -> (BodyWriter, HttpBody, Outgoing) {
    // Headers that promise nonsense are refused when the message is to go out.
    let length = content_length(headers).ok().flatten();
    let shared = Shared::new(Expected { length, hold_last, wrong_length });
    let writer = BodyWriter { shared: shared.clone(), has_sink: false, is_finished: false };
    (writer, Taker(shared.clone()).boxed_unsync(), Outgoing(shared))
}

/// Says how a body ends. Dropping it before it said that all is written means that the body will never be whole.
pub(crate) struct BodyWriter {
    shared: Arc<Shared>,
    has_sink: bool,
    is_finished: bool,
}

impl BodyWriter {
    /// Where the bytes go, once, and what went wrong there when it fails.
    pub(crate) fn sink(&mut self) -> Option<(BodySink, Failure)> {
        if std::mem::replace(&mut self.has_sink, true) {
            return None;
        }
        Some((BodySink(self.shared.clone()), Failure(self.shared.clone())))
    }

    /// Everything is written; `trailers` come after it.
    ///
    /// # Errors
    ///
    /// When that is more or less than the headers promise; then the body will never be whole.
    pub(crate) fn finish(mut self, trailers: Option<HeaderMap>) -> Result<(), ErrorCode> {
        self.is_finished = true;
        let shared = &*self.shared;
        let mut state = shared.lock();
        if let Some(wrong) = wrong_length(shared, &state, state.accepted) {
            shared.end(&mut state, Err(wrong.clone()));
            return Err(wrong);
        }
        if state.written_all || !self.has_sink {
            state.written_all = true;
            shared.end(&mut state, Ok(trailers));
        } else {
            state.finished = Some(trailers);
        }
        Ok(())
    }
}

impl Drop for BodyWriter {
    fn drop(&mut self) {
        if !self.is_finished {
            let mut state = self.shared.lock();
            let error = ErrorCode::internal("the body was dropped before it was finished");
            self.shared.end(&mut state, Err(error));
        }
    }
}

/// The error for a body of `length` bytes, if it is not as long as it was promised to be.
fn wrong_length(shared: &Shared, state: &State, length: u64) -> Option<ErrorCode> {
    let wrong = !state.unsent && shared.expected.length.is_some_and(|promised| promised != length);
    wrong.then(|| (shared.expected.wrong_length)(Some(length)))
}

/// Why bytes do not go out.
pub(crate) struct Failure(Arc<Shared>);

impl Failure {
    /// The error of the body, if it has one.
    pub(crate) fn code(&self) -> Option<ErrorCode> {
        let state = self.0.lock();
        match (&state.end, state.connection) {
            (Some(Err(error)), _) => Some(error.clone()),
            (_, Connection::Gone) => Some(ErrorCode::ConnectionTerminated),
            _ => None,
        }
    }
}

/// Takes what the guest writes.
pub(crate) struct BodySink(Arc<Shared>);

impl ByteSink for BodySink {
    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<sys::Result<usize>> {
        let shared = &*self.0;
        let mut state = shared.lock();
        check(&state)?;
        if state.unsent && state.connection == Connection::Satisfied {
            return Poll::Ready(Ok(buf.len()));
        }
        let written = state.written.saturating_add(buf.len() as u64);
        if !state.unsent && shared.expected.length.is_some_and(|length| written > length) {
            shared.end(&mut state, Err((shared.expected.wrong_length)(Some(written))));
            return Poll::Ready(check(&state).map(|()| 0));
        }
        let room = CHUNK.saturating_sub(state.chunk.as_ref().map_or(0, Bytes::len));
        if room == 0 {
            state.guest = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let taken = buf.len().min(room);
        if taken > 0 {
            state.chunk = Some(joined(state.chunk.take(), &buf[..taken]));
            state.written += taken as u64;
            wake(&mut state.taker);
        }
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<sys::Result<()>> {
        // There may be no connection before the guest does something else, so nobody waits for it here.
        Poll::Ready(check(&self.0.lock()))
    }

    fn accepted(&mut self, len: usize) {
        let mut state = self.0.lock();
        state.accepted = state.accepted.saturating_add(len as u64);
    }

    fn end(&mut self) -> sys::Result<()> {
        let shared = &*self.0;
        let mut state = shared.lock();
        let lost = state.written < state.accepted && !(state.unsent && state.connection == Connection::Satisfied);
        if lost {
            shared.end(&mut state, Err(ErrorCode::internal("the body was not written to its end")));
        }
        state.written_all = true;
        if let Some(trailers) = state.finished.take() {
            shared.end(&mut state, Ok(trailers));
        }
        Ok(())
    }
}

impl Drop for BodySink {
    /// Without the end that a stream gives it, the component is gone.
    fn drop(&mut self) {
        let mut state = self.0.lock();
        if !state.written_all {
            self.0.end(&mut state, Err(ErrorCode::internal("the component that made the body is gone")));
        }
    }
}

/// Nothing while bytes can go out. What went wrong otherwise is [`Failure`]'s to tell.
fn check(state: &State) -> sys::Result<()> {
    let failed = matches!(state.end, Some(Err(_))) || state.connection == Connection::Gone;
    if failed { Err(sys::Error::new(Code::Pipe, "the body can't be sent")) } else { Ok(()) }
}

/// Both in a row; without a copy of the first if nobody shares it.
fn joined(first: Option<Bytes>, more: &[u8]) -> Bytes {
    let Some(first) = first else { return Bytes::copy_from_slice(more) };
    let mut joined = first.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
    joined.extend_from_slice(more);
    joined.freeze()
}
