//! Spec: wasi:http/incoming-handler, for a component that imports it and is not composed with one: requests are handed on.

use thalweg::{Access, Linker, Resource, Result};

use super::{IncomingRequest, ResponseOutparam};
use crate::WasiView;
use crate::http::hand_on;

/// Spec: handle. Comes back when the answer has its headers; its body goes from there to the client.
async fn handle<T: WasiView>(
    access: Access<T>,
    (request, outparam): (Resource<IncomingRequest>, Resource<ResponseOutparam>),
) -> Result<()> {
    let (request, outparam) = access.with(|view| -> Result<_> {
        let table = &mut view.wasi().table;
        Ok((table.delete(request)?.into_request(), table.delete(outparam)?))
    })?;
    outparam.answer(hand_on(&access, request, |response, _| Ok(response)).await);
    Ok(())
}

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker.instance("wasi:http/incoming-handler@0.2.12")?.func_async("handle", handle)?;
    Ok(())
}
