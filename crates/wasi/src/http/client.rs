//! Spec: `wasi:http/client`, and `wasi:http/handler` for a component that imports it and is not composed with one.

use thalweg::{Access, Linker, Resource, Result};

use super::{ErrorCode, Request, Response};
use crate::WasiView;

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
    let granted = network.may_use_http();
    let (request, body) = request.into_outgoing(access, network).await?;
    let response = match granted {
        true => client.send(request).await,
        false => Err(ErrorCode::HttpRequestDenied),
    };
    let response = response.and_then(|response| Response::received(response, max_fields_size));
    response.map_err(|error| match body {
        Some(body) => body.fail(error),
        None => error,
    })
}

/// Spec: `client.send`, `handler.handle`.
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
    linker.instance("wasi:http/handler@0.3.2")?.func_async("handle", send)?;
    Ok(())
}
