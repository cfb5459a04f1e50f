//! wasi:io/streams: the resource `output-stream`, a view over a [`ByteSink`].

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use thalweg::{Access, Caller, Error, Linker, Resource, Result};

use super::latch::Broken;
use super::outlet::{Excess, Outlet};
use super::stream_error::{Told, tell};
use super::{IoError, Pollable, STREAMS, Subscribe};
use crate::WasiView;
use crate::p2::wait;
use crate::sys::{self, ByteSink};
use crate::table_resource::TableResource;

/// The most bytes that a write takes that waits until they have left. Spec: `blocking-write-and-flush`.
pub const MAX_BLOCKING_WRITE_BYTES: u64 = 4096;

/// Where a guest writes bytes. Spec: wasi:io/streams.output-stream.
pub struct OutputStream {
    outlet: Arc<Mutex<Outlet>>,
}

impl OutputStream {
    /// A view over `sink`; `explain` makes the guest's error of a failure.
    pub fn new(sink: impl ByteSink, explain: impl Fn(sys::Error) -> IoError + Send + 'static) -> Self {
        OutputStream { outlet: Arc::new(Mutex::new(Outlet::new(sink, Box::new(explain)))) }
    }

    /// How much the guest may write now; 0 means not now. Spec: `check-write`.
    ///
    /// # Errors
    ///
    /// When the stream is broken.
    pub fn check_write(&mut self, cx: &mut Context<'_>) -> Result<u64, Broken> {
        lock(&self.outlet).check_write(cx).map(|permit| permit as u64)
    }

    /// Accepts `bytes`, which [`check_write`](Self::check_write) has permitted. Spec: `write`.
    ///
    /// # Errors
    ///
    /// The outer one when they were not permitted.
    pub fn write(&mut self, cx: &mut Context<'_>, bytes: Vec<u8>) -> Result<Result<(), Broken>> {
        lock(&self.outlet).write(cx, bytes).map_err(excess)
    }

    /// Wants what was accepted to leave. Spec: `flush`.
    ///
    /// # Errors
    ///
    /// When the stream is broken.
    pub fn flush(&mut self, cx: &mut Context<'_>) -> Result<(), Broken> {
        lock(&self.outlet).flush(cx)
    }

    /// A future that writes and flushes and waits for both. Spec: `blocking-write-and-flush`.
    pub(super) fn write_all(&self, bytes: Vec<u8>) -> impl Future<Output = Result<(), Broken>> + Send + use<> {
        let outlet = self.outlet.clone();
        async move {
            poll_fn(|cx| lock(&outlet).poll_idle(cx)).await;
            let mut bytes = Some(bytes);
            poll_fn(|cx| Poll::Ready(lock(&outlet).write_and_flush(cx, bytes.take().unwrap_or_default()))).await?;
            poll_fn(|cx| lock(&outlet).poll_idle(cx)).await;
            lock(&outlet).check()
        }
    }

    /// A future that flushes and waits for it. Spec: `blocking-flush`.
    pub(super) fn flush_all(&self) -> impl Future<Output = Result<(), Broken>> + Send + use<> {
        let outlet = self.outlet.clone();
        async move {
            poll_fn(|cx| Poll::Ready(lock(&outlet).flush(cx))).await?;
            poll_fn(|cx| lock(&outlet).poll_idle(cx)).await;
            lock(&outlet).check()
        }
    }

    /// What goes on writing while the guest does something else, when something is left to write and nobody does it.
    pub(super) fn driver(&self) -> Option<impl Future<Output = ()> + Send + use<>> {
        let mut outlet = lock(&self.outlet);
        if outlet.is_idle() || std::mem::replace(&mut outlet.driven, true) {
            return None;
        }
        let outlet = self.outlet.clone();
        Some(poll_fn(move |cx| {
            let mut outlet = lock(&outlet);
            std::task::ready!(outlet.poll_idle(cx));
            outlet.driven = false;
            if outlet.dropped {
                outlet.end();
            }
            Poll::Ready(())
        }))
    }
}

impl Subscribe for OutputStream {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        lock(&self.outlet).poll_idle(cx)
    }
}

impl Drop for OutputStream {
    /// What was accepted still leaves, as it would from the buffers of an operating system.
    fn drop(&mut self) {
        let mut outlet = lock(&self.outlet);
        outlet.dropped = true;
        if !outlet.driven {
            let _ = outlet.poll_idle(&mut Context::from_waker(Waker::noop()));
            outlet.end();
        }
    }
}

fn lock(outlet: &Mutex<Outlet>) -> MutexGuard<'_, Outlet> {
    outlet.lock().unwrap_or_else(PoisonError::into_inner)
}

fn excess(Excess { written, permit }: Excess) -> Error {
    Error::refused(format!("wasi:io/streams.output-stream.write: {written} bytes written, {permit} permitted"))
        .with_hint("call check-write first, and write no more than it answers")
}

/// Lets the guest change the stream now, and the host go on with what that leaves to do.
fn now<T: WasiView, R>(
    caller: &mut Caller<'_, T>,
    this: &Resource<OutputStream>,
    change: impl FnOnce(&mut OutputStream, &mut Context<'_>) -> Result<Result<R, Broken>>,
) -> Told<R> {
    let access = caller.access();
    let mut data = caller.data_mut();
    let table = &mut data.wasi().table;
    let stream = table.get_mut(this)?;
    let result = change(stream, &mut Context::from_waker(Waker::noop()))?;
    if let Some(driver) = stream.driver() {
        access.spawn(driver);
    }
    tell(table, result)
}

/// Spec: wasi:io/streams.output-stream.check-write. "Not now" is said after a turn of the host.
async fn check_write<T: WasiView>(access: Access<T>, this: Resource<OutputStream>) -> Told<u64> {
    let permit = wait::soon(&access, |wasi, cx| match wasi.table.get_mut(&this)?.check_write(cx) {
        Ok(0) => Poll::Pending,
        permit => Poll::Ready(Ok(permit)),
    })
    .await?;
    access.with(|view| tell(&mut view.wasi().table, permit.unwrap_or(Ok(0))))
}

/// Spec: wasi:io/streams.output-stream.blocking-write-and-flush, and with zeros.
async fn write_and_flush<T: WasiView>(access: Access<T>, this: Resource<OutputStream>, bytes: Vec<u8>) -> Told<()> {
    let writing = access.with(|view| view.wasi().table.get(&this).map(|stream| stream.write_all(bytes)))?;
    let result = writing.await;
    access.with(|view| tell(&mut view.wasi().table, result))
}

/// Spec: wasi:io/streams.output-stream.blocking-flush.
async fn blocking_flush<T: WasiView>(access: Access<T>, this: Resource<OutputStream>) -> Told<()> {
    let flushing = access.with(|view| view.wasi().table.get(&this).map(OutputStream::flush_all))?;
    let result = flushing.await;
    access.with(|view| tell(&mut view.wasi().table, result))
}

/// Traps when a write that waits is larger than the standard allows.
fn bounded(len: u64) -> Result<()> {
    if len <= MAX_BLOCKING_WRITE_BYTES {
        return Ok(());
    }
    Err(Error::refused(format!(
        "wasi:io/streams: a blocking write of {len} bytes, {MAX_BLOCKING_WRITE_BYTES} are allowed at once"
    )))
}

/// `len` zeros for a write that was permitted; one more than can ever be permitted when there are too many.
fn zeroes(len: u64) -> Vec<u8> {
    vec![0; len.min(super::MAX_WRITE_BYTES as u64 + 1) as usize]
}

/// Spec: wasi:io/streams.output-stream.
pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker
        .instance(STREAMS)?
        .table_resource::<OutputStream>("output-stream")?
        .func_async("[method]output-stream.check-write", |access, (this,)| check_write(access, this))?
        .func("[method]output-stream.write", |mut caller, (this, bytes): (Resource<OutputStream>, Vec<u8>)| {
            now(&mut caller, &this, |stream, cx| stream.write(cx, bytes))
        })?
        .func("[method]output-stream.write-zeroes", |mut caller, (this, len): (Resource<OutputStream>, u64)| {
            now(&mut caller, &this, |stream, cx| stream.write(cx, zeroes(len)))
        })?
        .func("[method]output-stream.flush", |mut caller, (this,): (Resource<OutputStream>,)| {
            now(&mut caller, &this, |stream, cx| Ok(stream.flush(cx)))
        })?
        .func("[method]output-stream.subscribe", |mut caller, (this,): (Resource<OutputStream>,)| {
            Pollable::subscribe(&mut caller.data_mut().wasi().table, &this)
        })?
        .func_async("[method]output-stream.blocking-flush", |access, (this,)| blocking_flush(access, this))?
        .func_async(
            "[method]output-stream.blocking-write-and-flush",
            |access, (this, bytes): (Resource<OutputStream>, Vec<u8>)| async move {
                bounded(bytes.len() as u64)?;
                write_and_flush(access, this, bytes).await
            },
        )?
        .func_async(
            "[method]output-stream.blocking-write-zeroes-and-flush",
            |access, (this, len): (Resource<OutputStream>, u64)| async move {
                bounded(len)?;
                write_and_flush(access, this, zeroes(len)).await
            },
        )?;
    Ok(())
}

#[cfg(test)]
mod tests;
