//! From one component to the next, when they are of different versions of WASI: requests that an instance hands on reach
//! an instance of the other by way of its pool.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{HOST, HeaderValue, TRANSFER_ENCODING};
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use thalweg_wasi::http::{ErrorCode, HandleError, HttpBody};
use thalweg_wasi::sys::{BoxFuture, HttpClient, OutgoingRequest};
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_local;
use tokio::time::timeout;

use super::first::{First, first};
use super::lease::Lease;
use super::pool::Pool;
use crate::report;

type Answer = Result<Response<HttpBody>, ErrorCode>;

/// Where instances of one component hand requests on to.
pub struct Next(mpsc::UnboundedSender<Job>);

/// A request on its way.
struct Job {
    request: Request<HttpBody>,
    secure: bool,
    reply: oneshot::Sender<Answer>,
}

impl Next {
    /// Hands on to the instances of `pool`, which is closed when this is dropped.
    pub fn new(pool: Rc<Pool>) -> Next {
        let (jobs, mut taken) = mpsc::unbounded_channel();
        let sweeping = spawn_local(pool.clone().sweep());
        spawn_local(async move {
            while let Some(job) = taken.recv().await {
                spawn_local(answer(job, pool.clone()));
            }
            sweeping.abort();
            pool.close();
        });
        Next(jobs)
    }
}

impl HttpClient for Next {
    fn send(&self, request: OutgoingRequest) -> BoxFuture<Answer> {
        let (reply, answer) = oneshot::channel();
        let sent = arriving(request).map(|(request, secure)| {
            // Where nobody takes it, nobody answers.
            let _ = self.0.send(Job { request, secure, reply });
        });
        Box::pin(async move {
            sent?;
            answer.await.unwrap_or(Err(ErrorCode::ConnectionTerminated))
        })
    }
}

/// The request as it arrives at the other side, and whether it came by TLS.
fn arriving(request: OutgoingRequest) -> Result<(Request<HttpBody>, bool), ErrorCode> {
    let OutgoingRequest { mut message, tls, authority, .. } = request;
    let host = HeaderValue::from_str(&authority).map_err(|_| ErrorCode::HttpRequestUriInvalid)?;
    message.headers_mut().remove(TRANSFER_ENCODING);
    message.headers_mut().insert(HOST, host);
    Ok((message, tls))
}

/// Answers a request with an instance of `pool`, as long as somebody waits.
async fn answer(job: Job, pool: Rc<Pool>) {
    let Job { request, secure, mut reply } = job;
    let lease = match pool.lease().await {
        Ok(lease) => lease,
        Err(failure) => {
            report::fail(&failure);
            let _ = reply.send(Err(internal("the component can't be instantiated")));
            return;
        }
    };
    let handling = timeout(pool.request_timeout(), lease.handle(request, secure));
    match first(handling, reply.closed()).await {
        // Whoever waited gave up, most often because its own time was over.
        First::Right(()) => lease.retire(),
        First::Left(Err(_)) => {
            lease.retire();
            let _ = reply.send(Err(ErrorCode::HttpResponseTimeout));
        }
        First::Left(Ok(Err(error))) => {
            let _ = reply.send(Err(code(error)));
        }
        First::Left(Ok(Ok(response))) => follow(response, reply, lease).await,
    }
}

/// Keeps the instance in use until the response's body is at its end.
async fn follow(response: Response<HttpBody>, reply: oneshot::Sender<Answer>, lease: Lease) {
    let (whole, is_whole) = oneshot::channel();
    let response = response.map(|inner| FollowedBody { inner, whole: Some(whole) }.boxed_unsync());
    // A response that nobody takes is dropped, and its body with it.
    let _ = reply.send(Ok(response));
    if is_whole.await.is_err() {
        lease.abandon();
    }
}

fn internal(text: &str) -> ErrorCode {
    ErrorCode::InternalError(Some(text.into()))
}

/// What the component that handed the request on is told.
fn code(error: HandleError) -> ErrorCode {
    match error {
        HandleError::Request(code) | HandleError::Guest(code) => code,
        HandleError::Trapped(_) | HandleError::Cancelled => internal("the component failed"),
    }
}

/// A body that tells when it was read to its end.
struct FollowedBody {
    inner: HttpBody,
    whole: Option<oneshot::Sender<()>>,
}

impl FollowedBody {
    fn end(&mut self) {
        if let Some(whole) = self.whole.take() {
            // Whoever follows is there until it hears of this.
            let _ = whole.send(());
        }
    }
}

impl Body for FollowedBody {
    type Data = Bytes;
    type Error = ErrorCode;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, ErrorCode>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        match &polled {
            Poll::Ready(None) => self.end(),
            Poll::Ready(Some(Ok(frame))) if frame.is_trailers() => self.end(),
            _ => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for FollowedBody {
    fn drop(&mut self) {
        if self.inner.is_end_stream() || self.inner.size_hint().exact() == Some(0) {
            self.end();
        }
    }
}
