//! Spec: wasi:filesystem/preopens.

use thalweg::{Linker, Result};

use super::This;
use crate::WasiView;

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker.instance("wasi:filesystem/preopens@0.2.12")?.func("get-directories", |mut caller, ()| {
        let mut data = caller.data_mut();
        let wasi = data.wasi();
        let mut directories: Vec<(This, String)> = Vec::with_capacity(wasi.preopens.len());
        for preopen in wasi.preopens.clone() {
            directories.push((wasi.table.push(preopen.descriptor)?, preopen.guest_path));
        }
        Ok(directories)
    })?;
    Ok(())
}
