//! Spec: `wasi:http/types`, a file for each resource.

pub(crate) mod fields;
mod request;
mod request_options;
mod response;

use thalweg::{FutureReader, Linker, Result};

use super::ErrorCode;
use super::body::Sent;
use crate::WasiView;
use crate::completion::{Completer, completion_or};

const TYPES: &str = "wasi:http/types@0.3.2";

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    let types = &mut linker.instance(TYPES)?;
    fields::add_to_linker(types)?;
    request::add_to_linker(types)?;
    request_options::add_to_linker(types)?;
    response::add_to_linker(types)
}

/// The future that `new` gives, and who tells it.
fn transmission() -> (Completer<Sent>, FutureReader<Sent>) {
    let (sent, told) = completion_or(Err(ErrorCode::internal("it was dropped and never sent")));
    (sent, FutureReader::new(async move { Ok(told.await) }))
}
