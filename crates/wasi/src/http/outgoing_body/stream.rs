//! What a guest of 0.3 writes: a stream, and a future for the trailers.

use std::any::Any;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body_util::BodyExt;
use thalweg::{Access, Flow, FutureReader, Source, StreamConsumer};

use super::{CHUNK, Connection, Expected, Outgoing, Shared, State, Taker, wake};
use crate::WasiView;
use crate::completion::Completer;
use crate::http::body::{Sent, Trailers};
use crate::http::incoming_body::Producer;
use crate::http::{ErrorCode, GuestBody, HttpBody};

impl Shared {
    /// Ready when the guest has written everything, or it does not matter any more.
    fn poll_written(&self, cx: &mut Context<'_>) -> Poll<Sent> {
        let mut state = self.lock();
        match (&state.end, state.connection) {
            (Some(Err(error)), _) => return Poll::Ready(Err(error.clone())),
            (_, Connection::Gone) => return Poll::Ready(Err(ErrorCode::ConnectionTerminated)),
            (_, Connection::Satisfied) if state.unsent => return Poll::Ready(Ok(())),
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

impl Shared {
    /// Whether `offered` more bytes can be taken now.
    fn poll_room(&self, state: &mut State, offered: usize, cx: &mut Context<'_>) -> Poll<Flow> {
        let over = matches!(state.end, Some(Err(_))) || state.connection == Connection::Gone;
        if over || (state.unsent && state.connection == Connection::Satisfied) {
            return Poll::Ready(Flow::End);
        }
        let written = state.written.saturating_add(offered as u64);
        if self.expected.length.is_some_and(|length| written > length) {
            self.end(state, Err((self.expected.wrong_length)(Some(written))));
            return Poll::Ready(Flow::End);
        }
        if state.chunk.is_some() {
            state.guest = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Flow::Continue)
    }

    /// Takes a chunk, for which there is room.
    fn take(state: &mut State, chunk: Bytes) {
        state.written += chunk.len() as u64;
        state.chunk = Some(chunk);
        wake(&mut state.taker);
        wake(&mut state.follower);
    }
}

impl StreamConsumer<u8> for Consumer {
    fn poll_consume(&mut self, cx: &mut Context<'_>, source: &mut Source<'_, u8>) -> Poll<thalweg::Result<Flow>> {
        let mut state = self.0.lock();
        let bytes = source.bytes()?;
        let flow = ready!(self.0.poll_room(&mut state, bytes.len(), cx));
        if flow == Flow::Continue && !bytes.is_empty() {
            let chunk = Bytes::copy_from_slice(&bytes[..bytes.len().min(CHUNK)]);
            source.advance(chunk.len());
            Shared::take(&mut state, chunk);
        }
        Poll::Ready(Ok(flow))
    }

    /// A body that is handed on stays in the buffers that the connection has read it into.
    fn poll_take(&mut self, cx: &mut Context<'_>, origin: &mut dyn Any) -> Option<Poll<thalweg::Result<Flow>>> {
        let producer = origin.downcast_mut::<Producer>()?;
        if let Poll::Ready(Flow::End) = self.0.poll_room(&mut self.0.lock(), 0, cx) {
            return Some(Poll::Ready(Ok(Flow::End)));
        }
        // Asked for even if there is no room for it: the end is not to be missed, for the last chunk waits for that.
        let Poll::Ready(offered) = producer.poll_offer(cx, CHUNK) else { return Some(Poll::Pending) };
        let (offered, mut state) = (offered?, self.0.lock());
        Some(self.0.poll_room(&mut state, offered, cx).map(|flow| {
            if flow == Flow::Continue {
                Shared::take(&mut state, producer.take(offered));
            }
            Ok(flow)
        }))
    }

    fn end(&mut self) {
        let mut state = self.0.lock();
        state.written_all = true;
        wake(&mut state.follower);
        wake(&mut state.taker);
        if self.0.expected.length.is_some_and(|length| state.written < length) && !state.unsent {
            let written = state.written;
            self.0.end(&mut state, Err((self.0.expected.wrong_length)(Some(written))));
        }
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

/// Makes a body of what a guest gave. The store of `access` has to be polled while it is sent;
/// `unsent` says that the connection sends no body whatever there is.
pub(crate) fn outgoing_body<T: WasiView>(
    body: GuestBody,
    expected: Expected,
    unsent: bool,
    access: &Access<T>,
) -> (HttpBody, Outgoing) {
    let shared = Shared::new(expected);
    shared.lock().unsent = unsent;
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
