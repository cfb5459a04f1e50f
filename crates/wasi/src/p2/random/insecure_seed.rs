//! Spec: wasi:random/insecure-seed. One value for the whole run, the same that 0.3 gives.

use thalweg::{Linker, Result};

use crate::WasiView;

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker
        .instance("wasi:random/insecure-seed@0.2.12")?
        .func("insecure-seed", |mut caller, ()| Ok(caller.data_mut().wasi().insecure_seed))?;
    Ok(())
}
