//! Spec: `wasi:sockets/ip-name-lookup`.

use thalweg::{Access, Linker, Result};

use super::{IpAddress, LookupErrorCode};
use crate::WasiView;
use crate::sys;

/// Spec: `resolve-addresses`.
async fn resolve_addresses<T: WasiView>(
    access: Access<T>,
    (name,): (String,),
) -> Result<Result<Vec<IpAddress>, LookupErrorCode>> {
    let lookup = access.with(|view| view.wasi().network.resolve(&name));
    let found: sys::Result<_> = async { lookup?.await }.await;
    Ok(found.map(|found| found.into_iter().map(IpAddress::from).collect()).map_err(LookupErrorCode::from))
}

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker.instance("wasi:sockets/ip-name-lookup@0.3.2")?.func_async("resolve-addresses", resolve_addresses)?;
    Ok(())
}
