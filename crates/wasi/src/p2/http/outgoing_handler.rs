//! Spec: wasi:http/outgoing-handler.

use thalweg::{Caller, Linker, Resource, Result};

use super::{FutureIncomingResponse, OutgoingRequest};
use crate::WasiView;
use crate::http::{ErrorCode, RequestOptions, send_request};

type Handled = Result<Resource<FutureIncomingResponse>, ErrorCode>;

/// Spec: handle. What is wrong with the request is said at once; everything else by the future.
fn handle<T: WasiView>(
    mut caller: Caller<'_, T>,
    (request, options): (Resource<OutgoingRequest>, Option<Resource<RequestOptions>>),
) -> Result<Handled> {
    let access = caller.access();
    let mut data = caller.data_mut();
    let wasi = data.wasi();
    let options = options.map(|options| wasi.table.delete(options)).transpose()?;
    let request = wasi.table.delete(request)?.into_request(options);
    if let Err(error) = request.check() {
        return Ok(Err(error));
    }
    let (future, task) = FutureIncomingResponse::new(async move { send_request(&access, request).await });
    let future = wasi.table.push(future)?;
    drop(data);
    caller.access().spawn(task);
    Ok(Ok(future))
}

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker.instance("wasi:http/outgoing-handler@0.2.12")?.func("handle", |caller, params| handle(caller, params))?;
    Ok(())
}
