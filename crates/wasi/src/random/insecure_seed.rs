//! Spec: `wasi:random/insecure-seed`. One value for the whole run, however often it is asked.

use thalweg::{Linker, Result};

use crate::WasiView;

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker
        .instance("wasi:random/insecure-seed@0.3.2")?
        .func("get-insecure-seed", |mut caller, ()| Ok(caller.data_mut().wasi().insecure_seed))?;
    Ok(())
}
