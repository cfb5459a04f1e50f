//! wasi:io/streams: `splice` and `blocking-splice`, from one stream's source to another's sink without the guest.

use std::task::{Context, Poll, ready};

use thalweg::{Access, Linker, Resource, ResourceTable, Result};

use super::latch::Broken;
use super::stream_error::{Told, tell};
use super::{InputStream, OutputStream, STREAMS};
use crate::p2::wait;
use crate::WasiView;

/// How many bytes went over, or which side is broken.
type Spliced = Result<u64, Broken>;

/// Moves what can be moved: what the sink permits, the source has and the guest wants. Pending while that is nothing.
fn poll_splice(
    table: &mut ResourceTable,
    sink: &Resource<OutputStream>,
    source: &Resource<InputStream>,
    len: u64,
    cx: &mut Context<'_>,
) -> Poll<Result<Spliced>> {
    let permit = match table.get_mut(sink)?.check_write(cx) {
        Ok(0) if len > 0 => return Poll::Pending,
        Ok(permit) => permit,
        Err(broken) => return Poll::Ready(Ok(Err(broken))),
    };
    let bytes = match ready!(table.get_mut(source)?.poll_read(cx, len.min(permit))) {
        Ok(bytes) => bytes,
        Err(broken) => return Poll::Ready(Ok(Err(broken))),
    };
    let moved = bytes.len() as u64;
    Poll::Ready(table.get_mut(sink)?.write(cx, bytes).map(|written| written.map(|()| moved)))
}

/// Tells the guest, and lets the host go on with what the sink did not take at once.
fn told<T: WasiView>(access: &Access<T>, sink: &Resource<OutputStream>, spliced: Spliced) -> Told<u64> {
    let (driver, told) = access.with(|view| {
        let table = &mut view.wasi().table;
        let driver = table.get(sink).ok().and_then(OutputStream::driver);
        (driver, tell(table, spliced))
    });
    if let Some(driver) = driver {
        access.spawn(driver);
    }
    told
}

/// Spec: wasi:io/streams.output-stream.splice. "Nothing now" is said after a turn of the host.
async fn splice<T: WasiView>(
    access: Access<T>,
    (sink, source, len): (Resource<OutputStream>, Resource<InputStream>, u64),
) -> Told<u64> {
    let spliced = wait::soon(&access, |wasi, cx| poll_splice(&mut wasi.table, &sink, &source, len, cx)).await?;
    told(&access, &sink, spliced.unwrap_or(Ok(0)))
}

/// Spec: wasi:io/streams.output-stream.blocking-splice.
async fn blocking_splice<T: WasiView>(
    access: Access<T>,
    (sink, source, len): (Resource<OutputStream>, Resource<InputStream>, u64),
) -> Told<u64> {
    let spliced = wait::until(&access, |wasi, cx| poll_splice(&mut wasi.table, &sink, &source, len, cx)).await?;
    told(&access, &sink, spliced)
}

/// Spec: wasi:io/streams.output-stream.
pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker
        .instance(STREAMS)?
        .func_async("[method]output-stream.splice", splice)?
        .func_async("[method]output-stream.blocking-splice", blocking_splice)?;
    Ok(())
}
