//! Spec: wasi:http/types.outgoing-request.

use thalweg::{Caller, LinkerInstance, Resource, Result};

use super::{Answer, OutgoingBody};
use crate::WasiView;
use crate::http::{
    Body, BodyWriter, ErrorCode, Fields, Method, Request, RequestOptions, Scheme, is_authority, parse_path_with_query,
    written_body,
};

/// A request that the guest makes. Spec: wasi:http/types.outgoing-request.
pub struct OutgoingRequest {
    request: Request,
    /// Until the guest has asked for it.
    writer: Option<BodyWriter>,
}

impl OutgoingRequest {
    /// A request with these headers, and nothing else yet.
    #[must_use]
    pub fn new(headers: Fields) -> Self {
        let headers = headers.immutable();
        let (writer, body, outgoing) = written_body(&headers, false, ErrorCode::HttpRequestBodySize);
        let request = Request {
            method: Method::Get,
            scheme: None,
            authority: None,
            path_with_query: None,
            headers,
            options: None,
            body: Body::Written(body, outgoing),
        };
        OutgoingRequest { request, writer: Some(writer) }
    }

    /// The request of 0.3 behind it. A body that the guest did not ask for is empty.
    pub(super) fn into_request(self, options: Option<RequestOptions>) -> Request {
        if let Some(writer) = self.writer {
            // When the headers promise bytes, sending fails with the same error.
            let _ = writer.finish(None);
        }
        Request { options, ..self.request }
    }
}

type This = Resource<OutgoingRequest>;

/// Does something with the request behind a handle.
fn with<T: WasiView, R>(mut caller: Caller<'_, T>, this: &This, what: impl FnOnce(&mut Request) -> R) -> Result<R> {
    caller.data_mut().wasi().table.get_mut(this).map(|this| what(&mut this.request))
}

/// Puts what was parsed into its place; nothing means that it was no such thing.
fn put<V>(place: &mut V, parsed: Option<V>) -> Result<(), ()> {
    *place = parsed.ok_or(())?;
    Ok(())
}

pub(super) fn add_to_linker<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types.resource::<OutgoingRequest>("outgoing-request", |view: &mut T, rep| {
        view.wasi().table.delete(This::new_own(rep)).map(drop)
    })?;
    types.func("[constructor]outgoing-request", |mut caller, (headers,): (Resource<Fields>,)| {
        let mut data = caller.data_mut();
        let table = &mut data.wasi().table;
        let headers = table.delete(headers)?;
        table.push(OutgoingRequest::new(headers))
    })?;
    parts(types)?;
    method_and_path(types)?;
    scheme_and_authority(types)
}

/// Spec: outgoing-request.body.
fn body<T: WasiView>(mut caller: Caller<'_, T>, this: &This) -> Answer<Resource<OutgoingBody>> {
    let mut data = caller.data_mut();
    let table = &mut data.wasi().table;
    match table.get_mut(this)?.writer.take() {
        Some(writer) => table.push(OutgoingBody::new(writer)).map(Ok),
        None => Ok(Err(())),
    }
}

fn parts<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types.func("[method]outgoing-request.body", |caller, (this,): (This,)| body(caller, &this))?.func(
        "[method]outgoing-request.headers",
        |mut caller, (this,): (This,)| {
            let mut data = caller.data_mut();
            let table = &mut data.wasi().table;
            let headers = table.get(&this)?.request.headers.clone();
            table.push_child(headers, &this)
        },
    )?;
    Ok(())
}

fn method_and_path<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[method]outgoing-request.method", |caller, (this,): (This,)| {
            with(caller, &this, |request| request.method.clone())
        })?
        .func("[method]outgoing-request.set-method", |caller, (this, method): (This, Method)| {
            with(caller, &this, |request| put(&mut request.method, method.to_http().as_ref().map(Method::from)))
        })?
        .func("[method]outgoing-request.path-with-query", |caller, (this,): (This,)| {
            with(caller, &this, |request| request.path_with_query.clone())
        })?
        .func("[method]outgoing-request.set-path-with-query", |caller, (this, path): (This, Option<String>)| {
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
        .func("[method]outgoing-request.scheme", |caller, (this,): (This,)| {
            with(caller, &this, |request| request.scheme.clone())
        })?
        .func("[method]outgoing-request.set-scheme", |caller, (this, scheme): (This, Option<Scheme>)| {
            let parsed = match scheme {
                None => Some(None),
                Some(scheme) => Scheme::parse(scheme.as_str()).map(Some),
            };
            with(caller, &this, |request| put(&mut request.scheme, parsed))
        })?
        .func("[method]outgoing-request.authority", |caller, (this,): (This,)| {
            with(caller, &this, |request| request.authority.clone())
        })?
        .func("[method]outgoing-request.set-authority", |caller, (this, authority): (This, Option<String>)| {
            let parsed = authority.as_deref().is_none_or(is_authority).then_some(authority);
            with(caller, &this, |request| put(&mut request.authority, parsed))
        })?;
    Ok(())
}
