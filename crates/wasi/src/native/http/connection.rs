//! A connection to a server, of either version of HTTP.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;

use super::failure::from_hyper;
use crate::http::{ErrorCode, HttpBody};

/// Bytes of header fields that a server may send before they are looked at.
const MAX_HEADER_BYTES: u32 = 1 << 20;

/// What is left of a request that was not sent: why, and the request if none of it went out.
pub(super) type Unsent = (ErrorCode, Option<http::Request<HttpBody>>);

/// See the page. Dropping the last clone closes it.
pub(super) struct Connection {
    sender: Sender,
    address: SocketAddr,
    driver: Arc<Driver>,
}

enum Sender {
    Http1(http1::SendRequest<HttpBody>),
    Http2(http2::SendRequest<HttpBody>),
}

/// Moves the bytes; stops when it is dropped.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Whether all of a request's body was sent.
#[derive(Clone, Default)]
pub(super) struct SentAll(Arc<AtomicBool>);

impl SentAll {
    /// Whether it was.
    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Connection {
    /// Speaks HTTP/1.1 over `stream`.
    pub(super) async fn http1(
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        address: SocketAddr,
    ) -> Result<Connection, ErrorCode> {
        let (sender, connection) =
            http1::Builder::new().handshake(TokioIo::new(stream)).await.map_err(|error| from_hyper(&error))?;
        let driver = Arc::new(Driver(tokio::spawn(async move {
            // Whoever sends is told of failures.
            let _ = connection.await;
        })));
        Ok(Connection { sender: Sender::Http1(sender), address, driver })
    }

    /// Speaks HTTP/2 over `stream`.
    pub(super) async fn http2(
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        address: SocketAddr,
    ) -> Result<Connection, ErrorCode> {
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_header_list_size(MAX_HEADER_BYTES)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| from_hyper(&error))?;
        let driver = Arc::new(Driver(tokio::spawn(async move {
            let _ = connection.await;
        })));
        Ok(Connection { sender: Sender::Http2(sender), address, driver })
    }

    /// Where the server is.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether it can have several exchanges at once.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self.sender, Sender::Http2(_))
    }

    /// Another sender of a shared connection.
    pub(super) fn clone_shared(&self) -> Option<Connection> {
        let Sender::Http2(sender) = &self.sender else { return None };
        Some(Connection { sender: Sender::Http2(sender.clone()), address: self.address, driver: self.driver.clone() })
    }

    /// Whether it is of no use any more.
    pub(super) fn is_closed(&self) -> bool {
        match &self.sender {
            Sender::Http1(sender) => sender.is_closed(),
            Sender::Http2(sender) => sender.is_closed(),
        }
    }

    /// Waits until the exchange before is over.
    pub(super) async fn ready(&mut self) -> Result<(), ErrorCode> {
        match &mut self.sender {
            Sender::Http1(sender) => sender.ready().await,
            Sender::Http2(sender) => sender.ready().await,
        }
        .map_err(|error| from_hyper(&error))
    }

    /// Sends `message`; the response comes with its headers.
    pub(super) async fn send(
        &mut self,
        message: http::Request<HttpBody>,
    ) -> Result<(http::Response<Incoming>, SentAll), Unsent> {
        let all = SentAll::default();
        let message = message.map(|inner| RequestBody { inner, all: all.clone() }.boxed_unsync());
        let response = match &mut self.sender {
            Sender::Http1(sender) => sender.try_send_request(message).await,
            Sender::Http2(sender) => sender.try_send_request(message).await,
        };
        match response {
            Ok(response) => Ok((response, all)),
            Err(failed) => Err(unsent(failed)),
        }
    }
}

fn unsent(mut failed: TrySendError<http::Request<HttpBody>>) -> Unsent {
    let message = failed.take_message();
    (from_hyper(&failed.into_error()), message)
}

/// A request's body that tells when it is over.
struct RequestBody {
    inner: HttpBody,
    all: SentAll,
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = ErrorCode;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, ErrorCode>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        let over = match &frame {
            None => true,
            Some(Ok(frame)) => frame.is_trailers() || self.inner.is_end_stream(),
            Some(Err(_)) => false,
        };
        if over {
            self.all.0.store(true, Ordering::Release);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if self.inner.is_end_stream() || self.inner.size_hint().exact() == Some(0) {
            self.all.0.store(true, Ordering::Release);
        }
    }
}
