//! wasi:io/streams: the resource `input-stream`, a view over a [`ByteSource`].
//!
//! Nothing is read ahead: sources tell whether a read would be answered without giving anything away, so streams that
//! share a source (standard input) take no bytes from each other.

use std::sync::Arc;
use std::task::{Context, Poll};

use thalweg::{Access, Linker, Resource, Result};

use super::latch::{Broken, Latch};
use super::stream_error::{Told, tell};
use super::{Explain, IoError, Pollable, STREAMS, Subscribe};
use crate::p2::wait;
use crate::sys::{self, ByteSource};
use crate::table_resource::TableResource;
use crate::wakers::Wakers;
use crate::{WasiContext, WasiView};

/// The most bytes that one read gives, whatever the guest asks for.
pub const MAX_READ_BYTES: u64 = 64 * 1024;

/// Bytes a guest reads. Spec: wasi:io/streams.input-stream.
pub struct InputStream {
    source: Box<dyn ByteSource>,
    explain: Explain,
    latch: Latch,
    wakers: Arc<Wakers>,
}

impl InputStream {
    /// A view over `source`; `explain` makes the guest's error of a failure.
    pub fn new(source: impl ByteSource, explain: impl Fn(sys::Error) -> IoError + Send + 'static) -> Self {
        let explain: Explain = Box::new(explain);
        InputStream { source: Box::new(source), explain, latch: Latch::Open, wakers: Arc::default() }
    }

    /// At least one byte and at most `len`, or why there will be none. A `len` of 0 never waits.
    pub fn poll_read(&mut self, cx: &mut Context<'_>, len: u64) -> Poll<Result<Vec<u8>, Broken>> {
        self.latch.check()?;
        if len == 0 {
            return Poll::Ready(Ok(Vec::new()));
        }
        let mut bytes = vec![0; len.min(MAX_READ_BYTES) as usize];
        let Poll::Ready(read) = self.poll_source(cx, &mut bytes) else { return Poll::Pending };
        if read == 0 {
            self.latch.close();
        }
        self.latch.check()?;
        bytes.truncate(read);
        Poll::Ready(Ok(bytes))
    }

    /// Reads into `buf`. A failure goes to the latch and counts as no bytes.
    fn poll_source(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<usize> {
        let source = &mut self.source;
        let Poll::Ready(answer) = self.wakers.poll(cx, |cx| source.poll_read(cx, buf)) else { return Poll::Pending };
        Poll::Ready(answer.unwrap_or_else(|error| {
            self.latch.fail((self.explain)(error));
            self.wakers.wake_all();
            0
        }))
    }
}

impl Subscribe for InputStream {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.latch.is_open() {
            return Poll::Ready(());
        }
        self.poll_source(cx, &mut []).map(drop)
    }
}

type Read = Result<Vec<u8>, Broken>;

fn poll_read(
    wasi: &mut WasiContext,
    this: &Resource<InputStream>,
    cx: &mut Context<'_>,
    len: u64,
) -> Poll<Result<Read>> {
    wasi.table.get_mut(this)?.poll_read(cx, len).map(Ok)
}

/// Reads what is there: nothing, after a turn of the host, when somebody else has to send it first. A wait for the
/// host's own device is not such a case, and is waited for.
async fn read_now<T: WasiView>(access: &Access<T>, this: &Resource<InputStream>, len: u64) -> Result<Read> {
    if let Some(read) = wait::soon(access, |wasi, cx| poll_read(wasi, this, cx, len)).await? {
        return Ok(read);
    }
    let ready = |wasi: &mut WasiContext, cx: &mut Context<'_>| Ok(wasi.table.get_mut(this)?.poll_ready(cx).is_ready());
    if wait::once(access, ready).await? { read_later(access, this, len).await } else { Ok(Ok(Vec::new())) }
}

async fn read_later<T: WasiView>(access: &Access<T>, this: &Resource<InputStream>, len: u64) -> Result<Read> {
    wait::until(access, |wasi, cx| poll_read(wasi, this, cx, len)).await
}

/// Gives the guest what was read, or its length.
fn told<T: WasiView, R>(access: &Access<T>, read: Read, value: impl FnOnce(Vec<u8>) -> R) -> Told<R> {
    access.with(|view| tell(&mut view.wasi().table, read.map(value)))
}

/// Spec: wasi:io/streams.input-stream.read.
async fn read<T: WasiView>(access: Access<T>, this: Resource<InputStream>, len: u64) -> Told<Vec<u8>> {
    let read = read_now(&access, &this, len).await?;
    told(&access, read, |bytes| bytes)
}

/// Spec: wasi:io/streams.input-stream.blocking-read.
async fn blocking_read<T: WasiView>(access: Access<T>, this: Resource<InputStream>, len: u64) -> Told<Vec<u8>> {
    let read = read_later(&access, &this, len).await?;
    told(&access, read, |bytes| bytes)
}

/// Spec: wasi:io/streams.input-stream.skip.
async fn skip<T: WasiView>(access: Access<T>, this: Resource<InputStream>, len: u64) -> Told<u64> {
    let read = read_now(&access, &this, len).await?;
    told(&access, read, |bytes| bytes.len() as u64)
}

/// Spec: wasi:io/streams.input-stream.blocking-skip.
async fn blocking_skip<T: WasiView>(access: Access<T>, this: Resource<InputStream>, len: u64) -> Told<u64> {
    let read = read_later(&access, &this, len).await?;
    told(&access, read, |bytes| bytes.len() as u64)
}

/// Spec: wasi:io/streams.input-stream.
pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker
        .instance(STREAMS)?
        .table_resource::<InputStream>("input-stream")?
        .func_async("[method]input-stream.read", |access, (this, len)| read(access, this, len))?
        .func_async("[method]input-stream.blocking-read", |access, (this, len)| blocking_read(access, this, len))?
        .func_async("[method]input-stream.skip", |access, (this, len)| skip(access, this, len))?
        .func_async("[method]input-stream.blocking-skip", |access, (this, len)| blocking_skip(access, this, len))?
        .func("[method]input-stream.subscribe", |mut caller, (this,): (Resource<InputStream>,)| {
            Pollable::subscribe(&mut caller.data_mut().wasi().table, &this)
        })?;
    Ok(())
}

#[cfg(test)]
mod tests;
