//! Spec: `wasi:http/types.request`.

use thalweg::{Caller, FutureReader, LinkerInstance, Resource, Result, StreamReader};

use super::transmission;
use crate::WasiView;
use crate::http::body::{Body, GuestBody, Sent, Trailers};
use crate::http::consume::{Consumed, consume};
use crate::http::syntax::{is_authority, parse_path_with_query};
use crate::http::{ErrorCode, Fields, Method, Request, RequestOptions, Scheme};

type This = Resource<Request>;
type New = (Resource<Fields>, Option<StreamReader<u8>>, FutureReader<Trailers>, Option<Resource<RequestOptions>>);

pub(super) fn add_to_linker<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types.resource::<Request>("request", |view: &mut T, rep| view.wasi().table.delete(This::new_own(rep)).map(drop))?;
    types
        .func("[static]request.new", |caller, new: New| new_request(caller, new))?
        .func("[static]request.consume-body", |caller, (this, handled): (This, FutureReader<Sent>)| {
            consume_body(caller, this, handled)
        })?;
    method_and_path(types)?;
    scheme_and_authority(types)?;
    parts(types)
}

/// Does something with the request behind a handle.
fn with<T: WasiView, R>(mut caller: Caller<'_, T>, this: &This, what: impl FnOnce(&mut Request) -> R) -> Result<R> {
    caller.data_mut().wasi().table.get_mut(this).map(what)
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

/// Puts what was parsed into its place; nothing means that it was no such thing.
fn put<V>(place: &mut V, parsed: Option<V>) -> Result<(), ()> {
    *place = parsed.ok_or(())?;
    Ok(())
}

fn method_and_path<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[method]request.get-method", |caller, (this,): (This,)| {
            with(caller, &this, |request| request.method.clone())
        })?
        .func("[method]request.set-method", |caller, (this, method): (This, Method)| {
            with(caller, &this, |request| put(&mut request.method, method.to_http().as_ref().map(Method::from)))
        })?
        .func("[method]request.get-path-with-query", |caller, (this,): (This,)| {
            with(caller, &this, |request| request.path_with_query.clone())
        })?
        .func("[method]request.set-path-with-query", |caller, (this, path): (This, Option<String>)| {
            let parsed = match path {
                None => Some(None),
                Some(path) => parse_path_with_query(&path).map(Some),
            };
            with(caller, &this, |request| put(&mut request.path_with_query, parsed))
        })?;
    Ok(())
}

fn scheme_and_authority<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[method]request.get-scheme", |caller, (this,): (This,)| {
            with(caller, &this, |request| request.scheme.clone())
        })?
        .func("[method]request.set-scheme", |caller, (this, scheme): (This, Option<Scheme>)| {
            let parsed = match scheme {
                None => Some(None),
                Some(scheme) => Scheme::parse(scheme.as_str()).map(Some),
            };
            with(caller, &this, |request| put(&mut request.scheme, parsed))
        })?
        .func("[method]request.get-authority", |caller, (this,): (This,)| {
            with(caller, &this, |request| request.authority.clone())
        })?
        .func("[method]request.set-authority", |caller, (this, authority): (This, Option<String>)| {
            let parsed = authority.as_deref().is_none_or(is_authority).then_some(authority);
            with(caller, &this, |request| put(&mut request.authority, parsed))
        })?;
    Ok(())
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
