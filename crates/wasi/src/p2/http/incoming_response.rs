//! Spec: wasi:http/types.incoming-response.

use thalweg::{Caller, LinkerInstance, Resource, Result};

use super::{Answer, IncomingBody, headers};
use crate::WasiView;
use crate::http::{ErrorCode, Response};
use crate::table_resource::TableResource;

/// A response to a request of the guest. Spec: wasi:http/types.incoming-response.
pub struct IncomingResponse {
    response: Response,
    is_consumed: bool,
}

impl IncomingResponse {
    /// The view over `response`.
    #[must_use]
    pub fn new(response: Response) -> Self {
        IncomingResponse { response, is_consumed: false }
    }
}

type This = Resource<IncomingResponse>;

/// Spec: incoming-response.consume.
fn consume<T: WasiView>(mut caller: Caller<'_, T>, this: &This) -> Answer<Resource<IncomingBody>> {
    let mut data = caller.data_mut();
    let table = &mut data.wasi().table;
    let IncomingResponse { response, is_consumed } = table.get_mut(this)?;
    match IncomingBody::consume(&mut response.body, is_consumed, ErrorCode::HttpResponseTrailerSectionSize) {
        Some(body) => table.push(body).map(Ok),
        None => Ok(Err(())),
    }
}

pub(super) fn add_to_linker<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types.table_resource::<IncomingResponse>("incoming-response")?;
    headers(types, "incoming-response", |this: &IncomingResponse| &this.response.headers)?;
    types
        .func("[method]incoming-response.status", |mut caller, (this,): (This,)| {
            caller.data_mut().wasi().table.get(&this).map(|this| this.response.status.as_u16())
        })?
        .func("[method]incoming-response.consume", |caller, (this,): (This,)| consume(caller, &this))?;
    Ok(())
}
