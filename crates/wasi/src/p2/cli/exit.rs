//! Spec: wasi:cli/exit. Leaving unwinds every task of the store, as an error that says the code.

use thalweg::{Error, Linker, Result};

use crate::WasiView;

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker
        .instance("wasi:cli/exit@0.2.12")?
        .func("exit", |_caller, (status,): (Result<(), ()>,)| -> Result<()> {
            Err(Error::exit(i32::from(status.is_err())))
        })?
        .func("exit-with-code", |_caller, (code,): (u8,)| -> Result<()> { Err(Error::exit(i32::from(code))) })?;
    Ok(())
}
