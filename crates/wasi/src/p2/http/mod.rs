//! wasi:http 0.2, views over the messages of 0.3. A file for each resource.
//!
//! A body that a guest writes goes out as it does in 0.3 (see `http/outgoing_body`), a body that it reads is taken from the
//! connection as it reads. What is dropped too early is cancelled, or never whole.

mod fields;
mod future_incoming_response;
mod future_trailers;
mod header_error;
mod incoming_body;
mod incoming_handler;
mod incoming_request;
mod incoming_response;
mod outgoing_body;
mod outgoing_handler;
mod outgoing_request;
mod outgoing_response;
mod request_options;
mod response_outparam;

use thalweg::{Linker, LinkerInstance, Resource, Result};

pub use future_incoming_response::FutureIncomingResponse;
pub use future_trailers::FutureTrailers;
pub use header_error::HeaderError;
pub use incoming_body::IncomingBody;
pub use incoming_request::IncomingRequest;
pub use incoming_response::IncomingResponse;
pub use outgoing_body::OutgoingBody;
pub use outgoing_request::OutgoingRequest;
pub use outgoing_response::OutgoingResponse;
pub use response_outparam::ResponseOutparam;

use super::io::IoError;
use crate::WasiView;
use crate::http::{ErrorCode, Fields};

const TYPES: &str = "wasi:http/types@0.2.12";

/// What gives nothing but success or failure. Spec: `result`.
type Answer<R> = Result<Result<R, ()>>;

/// Defines the package's interfaces.
///
/// # Errors
///
/// When one of the names is defined already.
pub fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    let types = &mut linker.instance(TYPES)?;
    fields::add_to_linker(types)?;
    incoming_request::add_to_linker(types)?;
    incoming_response::add_to_linker(types)?;
    incoming_body::add_to_linker(types)?;
    future_trailers::add_to_linker(types)?;
    outgoing_request::add_to_linker(types)?;
    outgoing_response::add_to_linker(types)?;
    outgoing_body::add_to_linker(types)?;
    request_options::add_to_linker(types)?;
    response_outparam::add_to_linker(types)?;
    future_incoming_response::add_to_linker(types)?;
    types.func("http-error-code", |mut caller, (error,): (Resource<IoError>,)| {
        caller.data_mut().wasi().table.get(&error).map(|error| error.code::<ErrorCode>().cloned())
    })?;
    incoming_handler::add_to_linker(linker)?;
    outgoing_handler::add_to_linker(linker)
}

/// Defines `headers` of a message, which is `of`: a child of the message.
fn headers<H: Send + 'static, T: WasiView>(
    types: &mut LinkerInstance<'_, T>,
    resource: &str,
    of: fn(&H) -> &Fields,
) -> Result<()> {
    types.func(&format!("[method]{resource}.headers"), move |mut caller, (this,): (Resource<H>,)| {
        let mut data = caller.data_mut();
        let table = &mut data.wasi().table;
        let headers = of(table.get(&this)?).clone();
        table.push_child(headers, &this)
    })?;
    Ok(())
}
