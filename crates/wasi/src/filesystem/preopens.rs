//! Spec: `wasi:filesystem/preopens`.

use thalweg::{Linker, Resource, Result};

use super::Descriptor;
use crate::WasiView;

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker.instance("wasi:filesystem/preopens@0.3.2")?.func("get-directories", |mut caller, ()| {
        let mut data = caller.data_mut();
        let wasi = data.wasi();
        let mut directories: Vec<(Resource<Descriptor>, String)> = Vec::with_capacity(wasi.preopens.len());
        for preopen in wasi.preopens.clone() {
            directories.push((wasi.table.push(preopen.descriptor)?, preopen.guest_path));
        }
        Ok(directories)
    })?;
    Ok(())
}
