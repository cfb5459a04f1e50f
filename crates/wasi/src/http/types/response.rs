//! Spec: `wasi:http/types.response`.

use http::StatusCode;
use thalweg::{Caller, FutureReader, LinkerInstance, Resource, Result, StreamReader};

use super::transmission;
use crate::WasiView;
use crate::http::body::{Body, GuestBody, Sent, Trailers};
use crate::http::consume::{Consumed, consume};
use crate::http::{ErrorCode, Fields, Response, parse_status};
use crate::table_resource::TableResource;

type This = Resource<Response>;
type New = (Resource<Fields>, Option<StreamReader<u8>>, FutureReader<Trailers>);

pub(super) fn add_to_linker<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types.table_resource::<Response>("response")?;
    types
        .func("[static]response.new", |caller, new: New| new_response(caller, new))?
        .func("[static]response.consume-body", |caller, (this, handled): (This, FutureReader<Sent>)| {
            consume_body(caller, this, handled)
        })?
        .func("[method]response.get-status-code", |mut caller, (this,): (This,)| {
            caller.data_mut().wasi().table.get(&this).map(|response| response.status.as_u16())
        })?
        .func("[method]response.set-status-code", |mut caller, (this, status): (This, u16)| {
            let mut data = caller.data_mut();
            let response = data.wasi().table.get_mut(&this)?;
            Ok(match parse_status(status) {
                Some(status) => {
                    response.status = status;
                    Ok(())
                }
                None => Err(()),
            })
        })?
        .func("[method]response.get-headers", |mut caller, (this,): (This,)| {
            let mut data = caller.data_mut();
            let table = &mut data.wasi().table;
            let headers = table.get(&this)?.headers.clone();
            table.push(headers)
        })?;
    Ok(())
}

/// Spec: `response.new`.
fn new_response<T: WasiView>(
    mut caller: Caller<'_, T>,
    (headers, contents, trailers): New,
) -> Result<(This, FutureReader<Sent>)> {
    let (sent, told) = transmission();
    let mut data = caller.data_mut();
    let table = &mut data.wasi().table;
    let headers = table.delete(headers)?.immutable();
    let body = Body::Guest(GuestBody { contents, trailers, sent });
    Ok((table.push(Response { status: StatusCode::OK, headers, body })?, told))
}

/// Spec: `response.consume-body`.
fn consume_body<T: WasiView>(mut caller: Caller<'_, T>, this: This, handled: FutureReader<Sent>) -> Result<Consumed> {
    let response = caller.data_mut().wasi().table.delete(this)?;
    Ok(consume(response.body, handled, caller.access(), ErrorCode::HttpResponseTrailerSectionSize))
}
