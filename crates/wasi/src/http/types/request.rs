//! Spec: `wasi:http/types.request`.

use thalweg::{Caller, FutureReader, LinkerInstance, Resource, Result, StreamReader};

use super::transmission;
use crate::WasiView;
use crate::http::body::{Body, GuestBody, Sent, Trailers};
use crate::http::consume::{Consumed, consume};
use crate::http::request_line::{getters, setters};
use crate::http::{ErrorCode, Fields, Method, Request, RequestOptions};
use crate::table_resource::TableResource;

type This = Resource<Request>;
type New = (Resource<Fields>, Option<StreamReader<u8>>, FutureReader<Trailers>, Option<Resource<RequestOptions>>);

pub(super) fn add_to_linker<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types.table_resource::<Request>("request")?;
    types
        .func("[static]request.new", |caller, new: New| new_request(caller, new))?
        .func("[static]request.consume-body", |caller, (this, handled): (This, FutureReader<Sent>)| {
            consume_body(caller, this, handled)
        })?;
    getters::<Request, T>(types, "request", "get-")?;
    setters::<Request, T>(types, "request")?;
    parts(types)
}

/// Spec: `request.new`.
fn new_request<T: WasiView>(
    mut caller: Caller<'_, T>,
    (headers, contents, trailers, options): New,
) -> Result<(This, FutureReader<Sent>)> {
    let (sent, told) = transmission();
    let mut data = caller.data_mut();
    let table = &mut data.wasi().table;
    let headers = table.delete(headers)?.immutable();
    let options = options.map(|options| table.delete(options)).transpose()?;
    let request = Request {
        method: Method::Get,
        scheme: None,
        authority: None,
        path_with_query: None,
        headers,
        options: options.map(|options| RequestOptions { immutable: true, ..options }),
        body: Body::Guest(GuestBody { contents, trailers, sent }),
    };
    Ok((table.push(request)?, told))
}

/// Spec: `request.consume-body`.
fn consume_body<T: WasiView>(mut caller: Caller<'_, T>, this: This, handled: FutureReader<Sent>) -> Result<Consumed> {
    let request = caller.data_mut().wasi().table.delete(this)?;
    Ok(consume(request.body, handled, caller.access(), ErrorCode::HttpRequestTrailerSectionSize))
}

fn parts<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[method]request.get-headers", |mut caller, (this,): (This,)| {
            let mut data = caller.data_mut();
            let table = &mut data.wasi().table;
            let headers = table.get(&this)?.headers.clone();
            table.push(headers)
        })?
        .func("[method]request.get-options", |mut caller, (this,): (This,)| {
            let mut data = caller.data_mut();
            let table = &mut data.wasi().table;
            let options = table.get(&this)?.options.clone();
            options.map(|options| table.push(options)).transpose()
        })?;
    Ok(())
}
