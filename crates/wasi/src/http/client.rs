//! Spec: `wasi:http/client`, and `wasi:http/handler` for a component that imports it and is not composed with one.

use std::sync::Arc;

use thalweg::{Access, Linker, Resource, Result};

use super::{ErrorCode, HttpBody, Request, Response};
use crate::WasiView;
use crate::sockets::NetworkGrant;
use crate::sys::HttpClient;

/// Sends `request` over the network, as far as it is granted.
///
/// # Errors
///
/// Why there is no response. When the guest made the request's body, its future of `new` is told, too.
pub(crate) async fn send_request<T: WasiView>(access: &Access<T>, request: Request) -> Result<Response, ErrorCode> {
    let (client, network, max_fields_size) = access.with(|view| {
        let wasi = view.wasi();
        (wasi.http.client.clone(), wasi.network.clone(), wasi.http.max_fields_size)
    });
    let client = network.may_use_http().then_some(client);
    exchange(access, request, network, client, |response| Response::received(response, max_fields_size)).await
}

/// Hands `request` to whoever serves the import of a handler.
///
/// # Errors
///
/// Why there is no response, as with [`send_request`].
pub(crate) async fn hand_on<T: WasiView, R>(
    access: &Access<T>,
    request: Request,
    received: impl FnOnce(http::Response<HttpBody>, usize) -> Result<R, ErrorCode>,
) -> Result<R, ErrorCode> {
    let (http, network) = access.with(|view| (view.wasi().http.clone(), view.wasi().network.clone()));
    let client = http.handler.or_else(|| network.may_use_http().then_some(http.client));
    exchange(access, request, network, client, |response| received(response, http.max_fields_size)).await
}

/// Sends `request` through `client`, if there is one that it may go through; `received` makes of the response what the
/// guest gets.
async fn exchange<T: WasiView, R>(
    access: &Access<T>,
    request: Request,
    network: NetworkGrant,
    client: Option<Arc<dyn HttpClient>>,
    received: impl FnOnce(http::Response<HttpBody>) -> Result<R, ErrorCode>,
) -> Result<R, ErrorCode> {
    let (request, body) = request.into_outgoing(access, network).await?;
    let response = match client {
        Some(client) => client.send(request).await,
        None => Err(ErrorCode::HttpRequestDenied),
    };
    response.and_then(received).map_err(|error| match body {
        Some(body) => body.fail(error),
        None => error,
    })
}

/// Spec: `handler.handle`.
async fn handle<T: WasiView>(
    access: Access<T>,
    (request,): (Resource<Request>,),
) -> Result<Result<Resource<Response>, ErrorCode>> {
    let request = access.with(|view| view.wasi().table.delete(request))?;
    match hand_on(&access, request, Response::received).await {
        Ok(response) => access.with(|view| view.wasi().table.push(response)).map(Ok),
        Err(error) => Ok(Err(error)),
    }
}

/// Spec: `client.send`.
async fn send<T: WasiView>(
    access: Access<T>,
    (request,): (Resource<Request>,),
) -> Result<Result<Resource<Response>, ErrorCode>> {
    let request = access.with(|view| view.wasi().table.delete(request))?;
    match send_request(&access, request).await {
        Ok(response) => access.with(|view| view.wasi().table.push(response)).map(Ok),
        Err(error) => Ok(Err(error)),
    }
}

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker.instance("wasi:http/client@0.3.2")?.func_async("send", send)?;
    linker.instance("wasi:http/handler@0.3.2")?.func_async("handle", handle)?;
    Ok(())
}
