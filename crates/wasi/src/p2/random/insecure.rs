//! Spec: wasi:random/insecure.

use thalweg::{Linker, Result};

use crate::WasiView;
use crate::random::number;

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker
        .instance("wasi:random/insecure@0.2.12")?
        .func("get-insecure-random-bytes", |mut caller, (len,): (u64,)| {
            let mut data = caller.data_mut();
            let wasi = data.wasi();
            super::bytes(&mut *wasi.insecure_random, len, wasi.max_random_size)
        })?
        .func("get-insecure-random-u64", |mut caller, ()| number(&mut *caller.data_mut().wasi().insecure_random))?;
    Ok(())
}
