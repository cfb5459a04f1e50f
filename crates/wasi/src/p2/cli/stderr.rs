//! Spec: wasi:cli/stderr. Nothing is held back: a write goes to the standard error at once, after all that was written
//! before.

use thalweg::{Linker, Result};

use crate::WasiView;

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker.instance("wasi:cli/stderr@0.2.12")?.func("get-stderr", |mut caller, ()| {
        let mut data = caller.data_mut();
        let wasi = data.wasi();
        super::stream(&mut wasi.table, wasi.stderr.clone())
    })?;
    Ok(())
}
