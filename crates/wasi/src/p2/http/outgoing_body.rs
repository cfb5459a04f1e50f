//! Spec: wasi:http/types.outgoing-body.

use thalweg::{Caller, LinkerInstance, Resource, Result};

use super::Answer;
use crate::WasiView;
use crate::http::{BodyWriter, ErrorCode, Fields};
use crate::p2::io::{IoError, OutputStream};
use crate::table_resource::TableResource;

/// A body that the guest writes. Spec: wasi:http/types.outgoing-body. Dropping it unfinished means that the message is never
/// whole.
pub struct OutgoingBody(BodyWriter);

impl OutgoingBody {
    /// The view over `writer`.
    pub(super) fn new(writer: BodyWriter) -> Self {
        OutgoingBody(writer)
    }
}

type This = Resource<OutgoingBody>;

/// Spec: outgoing-body.write.
fn write<T: WasiView>(mut caller: Caller<'_, T>, this: &This) -> Answer<Resource<OutputStream>> {
    let mut data = caller.data_mut();
    let table = &mut data.wasi().table;
    let Some((sink, failure)) = table.get_mut(this)?.0.sink() else { return Ok(Err(())) };
    let stream = OutputStream::new(sink, move |error| match failure.code() {
        Some(code) => IoError::with_code(code.to_string(), code),
        None => IoError::new(error.to_string()),
    });
    table.push_child(stream, this).map(Ok)
}

/// Spec: outgoing-body.finish.
fn finish<T: WasiView>(
    mut caller: Caller<'_, T>,
    this: This,
    trailers: Option<Resource<Fields>>,
) -> Result<Result<(), ErrorCode>> {
    let mut data = caller.data_mut();
    let table = &mut data.wasi().table;
    let OutgoingBody(writer) = table.delete(this)?;
    let trailers = trailers.map(|trailers| table.delete(trailers)).transpose()?;
    Ok(writer.finish(trailers.map(|trailers| trailers.to_headers())))
}

pub(super) fn add_to_linker<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types.table_resource::<OutgoingBody>("outgoing-body")?;
    types
        .func("[method]outgoing-body.write", |caller, (this,): (This,)| write(caller, &this))?
        .func("[static]outgoing-body.finish", |caller, (this, trailers): (This, Option<Resource<Fields>>)| {
            finish(caller, this, trailers)
        })?;
    Ok(())
}
