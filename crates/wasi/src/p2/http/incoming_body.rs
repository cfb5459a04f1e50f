//! Spec: wasi:http/types.incoming-body.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::Body as _;
use thalweg::{Caller, LinkerInstance, Resource, Result};

use super::{Answer, FutureTrailers};
use crate::WasiView;
use crate::http::{Body, ErrorCode, HttpBody};
use crate::p2::io::{InputStream, IoError};
use crate::sys::{self, ByteSource, Code};
use crate::table_resource::TableResource;

/// The error for trailers of so many bytes.
pub(super) type TooBig = fn(Option<u32>) -> ErrorCode;

/// A body that comes to the guest. Spec: wasi:http/types.incoming-body. Dropping it before its end tells the connection that
/// nobody wants the rest.
pub struct IncomingBody {
    inflow: Inflow,
    has_stream: bool,
    too_big: TooBig,
}

impl IncomingBody {
    /// The view over what was received of a message. There is one, the first time.
    pub(super) fn consume(body: &mut Body, is_consumed: &mut bool, too_big: TooBig) -> Option<Self> {
        if std::mem::replace(is_consumed, true) {
            return None;
        }
        let received = Received { body: body.take_received()?, rest: Bytes::new(), end: None };
        Some(IncomingBody { inflow: Inflow(Arc::new(Mutex::new(received))), has_stream: false, too_big })
    }
}

/// A body on its way, for its stream and then its trailers.
#[derive(Clone)]
pub(super) struct Inflow(Arc<Mutex<Received>>);

struct Received {
    body: HttpBody,
    /// What came and was not read yet.
    rest: Bytes,
    /// How it ended.
    end: Option<Result<Option<HeaderMap>, ErrorCode>>,
}

impl Received {
    /// Ready when there are bytes, or there will be no more.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.rest.is_empty() && self.end.is_none() {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                None => self.end = Some(Ok(None)),
                Some(Err(error)) => self.end = Some(Err(error)),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(frame) => self.end = frame.into_trailers().ok().map(|trailers| Ok(Some(trailers))),
                },
            }
        }
        Poll::Ready(())
    }
}

impl Inflow {
    fn lock(&self) -> MutexGuard<'_, Received> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes over the bytes that nobody read; ready when it is known what came after them.
    pub(super) fn poll_end(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut received = self.lock();
        while received.end.is_none() {
            ready!(received.poll_fill(cx));
            received.rest.clear();
        }
        Poll::Ready(())
    }

    /// How it ended, if that is known: what came after the last byte, or why there is none.
    pub(super) fn end(&self) -> Option<Result<Option<HeaderMap>, ErrorCode>> {
        self.lock().end.clone()
    }

    fn explain(&self, error: &sys::Error) -> IoError {
        match self.end() {
            Some(Err(code)) => IoError::with_code(code.to_string(), code),
            _ => IoError::new(error.to_string()),
        }
    }
}

impl ByteSource for Inflow {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<sys::Result<usize>> {
        let mut received = self.lock();
        ready!(received.poll_fill(cx));
        if received.rest.is_empty() && matches!(received.end, Some(Err(_))) {
            return Poll::Ready(Err(sys::Error::new(Code::Io, "the body broke off")));
        }
        let taken = buf.len().min(received.rest.len());
        received.rest.copy_to_slice(&mut buf[..taken]);
        Poll::Ready(Ok(taken))
    }
}

type This = Resource<IncomingBody>;

/// Spec: incoming-body.stream.
fn stream<T: WasiView>(mut caller: Caller<'_, T>, this: &This) -> Answer<Resource<InputStream>> {
    let mut data = caller.data_mut();
    let table = &mut data.wasi().table;
    let body = table.get_mut(this)?;
    if std::mem::replace(&mut body.has_stream, true) {
        return Ok(Err(()));
    }
    let inflow = body.inflow.clone();
    let stream = InputStream::new(inflow.clone(), move |error| inflow.explain(&error));
    table.push_child(stream, this).map(Ok)
}

pub(super) fn add_to_linker<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types.table_resource::<IncomingBody>("incoming-body")?;
    types.func("[method]incoming-body.stream", |caller, (this,): (This,)| stream(caller, &this))?.func(
        "[static]incoming-body.finish",
        |mut caller, (this,): (This,)| {
            let mut data = caller.data_mut();
            let table = &mut data.wasi().table;
            let IncomingBody { inflow, too_big, .. } = table.delete(this)?;
            table.push(FutureTrailers::new(inflow, too_big))
        },
    )?;
    Ok(())
}
