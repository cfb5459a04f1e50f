//! Spec: wasi:http/types.incoming-request.

use thalweg::{Caller, LinkerInstance, Resource, Result};

use super::{Answer, IncomingBody};
use crate::WasiView;
use crate::http::{ErrorCode, Request};

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

type This = Resource<IncomingRequest>;

/// Reads something of the request behind a handle.
fn with<T: WasiView, R>(mut caller: Caller<'_, T>, this: &This, what: impl FnOnce(&Request) -> R) -> Result<R> {
    caller.data_mut().wasi().table.get(this).map(|this| what(&this.request))
}

/// Spec: incoming-request.consume.
fn consume<T: WasiView>(mut caller: Caller<'_, T>, this: &This) -> Answer<Resource<IncomingBody>> {
    let mut data = caller.data_mut();
    let table = &mut data.wasi().table;
    let this = table.get_mut(this)?;
    if std::mem::replace(&mut this.is_consumed, true) {
        return Ok(Err(()));
    }
    match this.request.body.take_received() {
        Some(body) => table.push(IncomingBody::new(body, ErrorCode::HttpRequestTrailerSectionSize)).map(Ok),
        None => Ok(Err(())),
    }
}

pub(super) fn add_to_linker<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types.resource::<IncomingRequest>("incoming-request", |view: &mut T, rep| {
        view.wasi().table.delete(This::new_own(rep)).map(drop)
    })?;
    types
        .func("[method]incoming-request.method", |caller, (this,): (This,)| {
            with(caller, &this, |request| request.method.clone())
        })?
        .func("[method]incoming-request.path-with-query", |caller, (this,): (This,)| {
            with(caller, &this, |request| request.path_with_query.clone())
        })?
        .func("[method]incoming-request.scheme", |caller, (this,): (This,)| {
            with(caller, &this, |request| request.scheme.clone())
        })?
        .func("[method]incoming-request.authority", |caller, (this,): (This,)| {
            with(caller, &this, |request| request.authority.clone())
        })?
        .func("[method]incoming-request.headers", |mut caller, (this,): (This,)| {
            let mut data = caller.data_mut();
            let table = &mut data.wasi().table;
            let headers = table.get(&this)?.request.headers.clone();
            table.push_child(headers, &this)
        })?
        .func("[method]incoming-request.consume", |caller, (this,): (This,)| consume(caller, &this))?;
    Ok(())
}
