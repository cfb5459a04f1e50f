//! Bodies of requests and responses, with their limits.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use thalweg_wasi::http::{ErrorCode, HttpBody, empty_body};
use tokio::time::{Sleep, sleep_until};

use super::exchange::{End, Exchange};

/// What a client sends.
struct RequestBody {
    incoming: Incoming,
    /// Bytes that may still come.
    left: u64,
    limit: u64,
    exceeded: Arc<AtomicBool>,
}

/// The body of a request, which sets `exceeded` and ends with an error when it has more than `limit` bytes.
pub fn request_body(incoming: Incoming, limit: Option<u64>, exceeded: &Arc<AtomicBool>) -> HttpBody {
    if incoming.is_end_stream() {
        return empty_body();
    }
    let limit = limit.unwrap_or(u64::MAX);
    RequestBody { incoming, left: limit, limit, exceeded: exceeded.clone() }.boxed_unsync()
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = ErrorCode;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, ErrorCode>>> {
        let frame = match ready!(Pin::new(&mut self.incoming).poll_frame(cx)) {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(failure(&error)))),
            Some(Ok(frame)) => frame,
        };
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        Poll::Ready(Some(match self.left.checked_sub(length) {
            Some(left) => {
                self.left = left;
                Ok(frame)
            }
            None => {
                self.exceeded.store(true, Ordering::Relaxed);
                Err(ErrorCode::HttpRequestBodySize(Some(self.limit)))
            }
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

fn failure(error: &hyper::Error) -> ErrorCode {
    if error.is_timeout() {
        ErrorCode::ConnectionReadTimeout
    } else if error.is_parse() || error.is_user() {
        ErrorCode::HttpProtocolError
    } else {
        ErrorCode::ConnectionTerminated
    }
}

/// What a client is sent. It ends with an error when its time is over, and keeps what the exchange holds until its end.
pub struct ResponseBody {
    inner: HttpBody,
    exchange: Exchange,
    time: Option<Pin<Box<Sleep>>>,
}

impl ResponseBody {
    /// The body `inner` of the response of `exchange`.
    pub fn new(inner: HttpBody, exchange: Exchange) -> ResponseBody {
        ResponseBody { inner, exchange, time: None }
    }

    fn poll_time(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = self.exchange.deadline;
        let time = self.time.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        time.as_mut().poll(cx)
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = ErrorCode;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, ErrorCode>>> {
        match Pin::new(&mut self.inner).poll_frame(cx) {
            Poll::Ready(None) => {
                self.exchange.end(End::Whole);
                Poll::Ready(None)
            }
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    self.exchange.sent(data.remaining() as u64);
                } else {
                    self.exchange.end(End::Whole);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => {
                self.exchange.end(End::Broken);
                Poll::Ready(Some(Err(error)))
            }
            Poll::Pending => {
                ready!(self.poll_time(cx));
                self.exchange.end(End::TimedOut);
                // The guest hears now that nobody reads.
                self.inner = empty_body();
                Poll::Ready(Some(Err(ErrorCode::HttpResponseTimeout)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        // A connection that has all bytes that were promised does not ask for more.
        if self.inner.is_end_stream() || self.inner.size_hint().exact() == Some(0) {
            self.exchange.end(End::Whole);
        }
    }
}
