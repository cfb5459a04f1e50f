//! Spec: wasi:cli/environment.

use thalweg::{Linker, Result};

use crate::WasiView;

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker
        .instance("wasi:cli/environment@0.2.12")?
        .func("get-environment", |mut caller, ()| Ok(caller.data_mut().wasi().env.clone()))?
        .func("get-arguments", |mut caller, ()| Ok(caller.data_mut().wasi().args.clone()))?
        .func("initial-cwd", |mut caller, ()| Ok(caller.data_mut().wasi().cwd.clone()))?;
    Ok(())
}
