//! Spec: wasi:filesystem/types.descriptor: content, by streams and directly.
//!
//! What opening a stream can find out (a directory, not open for this) is said by the call that opens it.

use thalweg::{Access, Linker, Result};

use super::{Answer, TYPES, This, answer, answer_new, explain, get};
use crate::WasiView;
use crate::p2::io::{InputStream, OutputStream};

/// Spec: descriptor.read: the bytes, and whether the end was reached. The end is where nothing more can be read.
async fn read<T: WasiView>(access: Access<T>, (this, len, offset): (This, u64, u64)) -> Answer<(Vec<u8>, bool)> {
    let descriptor = access.with(|view| view.wasi().table.get(&this).cloned())?;
    let max = usize::try_from(len).unwrap_or(usize::MAX);
    let read = descriptor.read(offset, max).await;
    answer(read.map(|bytes| {
        let end = bytes.is_empty() && len > 0;
        (bytes, end)
    }))
}

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker
        .instance(TYPES)?
        .func("[method]descriptor.read-via-stream", |mut caller, (this, offset): (This, u64)| {
            let reader = get(&mut caller, &this)?.reader(offset);
            answer_new(&mut caller, reader.map(|reader| InputStream::new(reader, explain)))
        })?
        .func("[method]descriptor.write-via-stream", |mut caller, (this, offset): (This, u64)| {
            let writer = get(&mut caller, &this)?.writer(offset);
            answer_new(&mut caller, writer.map(|writer| OutputStream::new(writer, explain)))
        })?
        .func("[method]descriptor.append-via-stream", |mut caller, (this,): (This,)| {
            let appender = get(&mut caller, &this)?.appender();
            answer_new(&mut caller, appender.map(|appender| OutputStream::new(appender, explain)))
        })?
        .func_async("[method]descriptor.read", read)?
        .func("[method]descriptor.write", |mut caller, (this, bytes, offset): (This, Vec<u8>, u64)| {
            answer(get(&mut caller, &this)?.write(offset, &bytes).map(|written| written as u64))
        })?;
    Ok(())
}
