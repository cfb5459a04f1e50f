//! Spec: wasi:http/types.incoming-request.

use thalweg::{Caller, LinkerInstance, Resource, Result};

use super::{Answer, IncomingBody, headers};
use crate::WasiView;
use crate::http::request_line::{HasRequest, getters};
use crate::http::{ErrorCode, Request};
use crate::table_resource::TableResource;

/// A request that came for the guest. Spec: wasi:http/types.incoming-request.
pub struct IncomingRequest {
    request: Request,
    is_consumed: bool,
}

impl IncomingRequest {
    /// The view over `request`.
    #[must_use]
    pub fn new(request: Request) -> Self {
        IncomingRequest { request, is_consumed: false }
    }

    /// The request, without a body if that was consumed.
    pub(super) fn into_request(self) -> Request {
        self.request
    }
}

impl HasRequest for IncomingRequest {
    fn request(&mut self) -> &mut Request {
        &mut self.request
    }
}

type This = Resource<IncomingRequest>;

/// Spec: incoming-request.consume.
fn consume<T: WasiView>(mut caller: Caller<'_, T>, this: &This) -> Answer<Resource<IncomingBody>> {
    let mut data = caller.data_mut();
    let table = &mut data.wasi().table;
    let IncomingRequest { request, is_consumed } = table.get_mut(this)?;
    match IncomingBody::consume(&mut request.body, is_consumed, ErrorCode::HttpRequestTrailerSectionSize) {
        Some(body) => table.push(body).map(Ok),
        None => Ok(Err(())),
    }
}

pub(super) fn add_to_linker<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types.table_resource::<IncomingRequest>("incoming-request")?;
    getters::<IncomingRequest, T>(types, "incoming-request", "")?;
    headers(types, "incoming-request", |this: &IncomingRequest| &this.request.headers)?;
    types.func("[method]incoming-request.consume", |caller, (this,): (This,)| consume(caller, &this))?;
    Ok(())
}
