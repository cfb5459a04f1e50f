//! The body of a response: with time limits, and with the connection that it comes over.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use super::failure::from_body;
use super::pool::Lease;
use crate::http::{ErrorCode, HttpBody};

/// See the page. Time counts only while somebody waits for the next bytes.
pub(super) struct ResponseBody {
    incoming: Incoming,
    lease: Option<Lease>,
    /// Until the next bytes.
    limit: Duration,
    between_bytes: Duration,
    timer: Pin<Box<Sleep>>,
    waiting: bool,
}

impl ResponseBody {
    /// `incoming`, whose first bytes have to come in `first` and the others in `between_bytes`.
    pub(super) fn boxed(incoming: Incoming, lease: Lease, first: Duration, between_bytes: Duration) -> HttpBody {
        let timer = Box::pin(tokio::time::sleep(first));
        let mut body =
            ResponseBody { incoming, lease: Some(lease), limit: first, between_bytes, timer, waiting: false };
        if http_body::Body::is_end_stream(&body.incoming) {
            body.end();
        }
        body.boxed_unsync()
    }

    fn end(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.end();
        }
    }
}

impl http_body::Body for ResponseBody {
    type Data = Bytes;
    type Error = ErrorCode;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, ErrorCode>>> {
        let this = &mut *self;
        let frame = match Pin::new(&mut this.incoming).poll_frame(cx) {
            Poll::Ready(frame) => frame,
            Poll::Pending => {
                if !this.waiting {
                    this.timer.as_mut().reset(Instant::now() + this.limit);
                    this.waiting = true;
                }
                if this.timer.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                this.lease = None;
                return Poll::Ready(Some(Err(ErrorCode::ConnectionReadTimeout)));
            }
        };
        (this.waiting, this.limit) = (false, this.between_bytes);
        match &frame {
            None => this.end(),
            Some(Ok(_)) if http_body::Body::is_end_stream(&this.incoming) => this.end(),
            Some(Ok(_)) => {}
            Some(Err(_)) => this.lease = None,
        }
        Poll::Ready(frame.map(|frame| frame.map_err(|error| from_body(&error))))
    }

    fn is_end_stream(&self) -> bool {
        http_body::Body::is_end_stream(&self.incoming)
    }

    fn size_hint(&self) -> SizeHint {
        http_body::Body::size_hint(&self.incoming)
    }
}
