//! Spec: wasi:sockets/network, wasi:sockets/instance-network.

use thalweg::{Linker, Resource, Result};

use crate::WasiView;
use crate::sockets::NetworkGrant;
use crate::table_resource::TableResource;

/// The handle to a network. What it grants is the policy's to say, also when that is nothing.
pub(super) type Network = Resource<NetworkGrant>;

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker.instance("wasi:sockets/network@0.2.12")?.table_resource::<NetworkGrant>("network")?;
    linker.instance("wasi:sockets/instance-network@0.2.12")?.func("instance-network", |mut caller, ()| {
        let mut data = caller.data_mut();
        let wasi = data.wasi();
        wasi.table.push(wasi.network.clone())
    })?;
    Ok(())
}
