//! From a body that a connection fills to a guest's stream and trailers.

use std::any::Any;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::Body as _;
use thalweg::{Access, Destination, Flow, FutureReader, StreamProducer, StreamReader};

use super::body::Trailers;
use super::{ErrorCode, Fields, HttpBody};
use crate::WasiView;
use crate::completion::{Completer, completion_or};

/// How a body ended.
type End = Result<Option<HeaderMap>, ErrorCode>;

/// What a guest reads, or another part of the host.
pub(super) struct Producer {
    body: HttpBody,
    /// The body was at its end, and is not asked again.
    over: bool,
    /// What came and was not read yet.
    rest: Bytes,
    end: Completer<End>,
}

impl Producer {
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Flow> {
        while self.rest.is_empty() {
            if self.over {
                return Poll::Ready(Flow::End);
            }
            let end = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                None => Ok(None),
                Some(Err(error)) => Err(error),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        self.rest = data;
                        continue;
                    }
                    Err(frame) => match frame.into_trailers() {
                        Ok(trailers) => Ok(Some(trailers)),
                        Err(_) => continue,
                    },
                },
            };
            self.over = true;
            self.end.complete(end);
            return Poll::Ready(Flow::End);
        }
        Poll::Ready(Flow::Continue)
    }
}

impl Producer {
    /// How many bytes of the body, at most `max`, are there to be [taken](Self::take). None at its end.
    pub(super) fn poll_offer(&mut self, cx: &mut Context<'_>, max: usize) -> Poll<Option<usize>> {
        Poll::Ready(match ready!(self.poll_fill(cx)) {
            Flow::Continue => Some(self.rest.len().min(max)),
            Flow::End => None,
        })
    }

    /// So many bytes that were offered, as the connection gave them.
    pub(super) fn take(&mut self, offered: usize) -> Bytes {
        self.rest.split_to(self.rest.len().min(offered))
    }
}

impl StreamProducer<u8> for Producer {
    fn poll_produce(
        &mut self,
        cx: &mut Context<'_>,
        destination: &mut Destination<'_, u8>,
    ) -> Poll<thalweg::Result<Flow>> {
        let flow = ready!(self.poll_fill(cx));
        if flow == Flow::Continue {
            let taken = destination.write(&self.rest)?;
            self.rest.advance(taken);
        }
        Poll::Ready(Ok(flow))
    }

    fn origin(&mut self) -> Option<&mut dyn Any> {
        Some(self)
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        // A reader that knows the length stops at the last byte.
        if self.rest.is_empty() && self.body.is_end_stream() {
            self.end.complete(Ok(None));
        }
    }
}

/// Lets a guest read `body`; `too_big` is the error for trailers of more than `max_fields_size` bytes.
pub(crate) fn incoming_body<T: WasiView>(
    body: HttpBody,
    access: Access<T>,
    max_fields_size: usize,
    too_big: fn(Option<u32>) -> ErrorCode,
) -> (StreamReader<u8>, FutureReader<Trailers>) {
    let (end, ended) = completion_or(Err(ErrorCode::internal("the body was dropped before its end")));
    let trailers = FutureReader::new(async move {
        let trailers = match ended.await {
            Ok(Some(trailers)) => trailers,
            Ok(None) => return Ok(Ok(None)),
            Err(error) => return Ok(Err(error)),
        };
        match Fields::received(&trailers, max_fields_size) {
            Ok(fields) => access.with(|view| view.wasi().table.push(fields)).map(|fields| Ok(Some(fields))),
            Err(size) => Ok(Err(too_big(u32::try_from(size).ok()))),
        }
    });
    (StreamReader::new(Producer { body, over: false, rest: Bytes::new(), end }), trailers)
}

/// The stream of a body that is none.
pub(crate) fn no_contents() -> StreamReader<u8> {
    struct Nothing;
    impl StreamProducer<u8> for Nothing {
        fn poll_produce(
            &mut self,
            _cx: &mut Context<'_>,
            _destination: &mut Destination<'_, u8>,
        ) -> Poll<thalweg::Result<Flow>> {
            Poll::Ready(Ok(Flow::End))
        }
    }
    StreamReader::new(Nothing)
}
