//! Spec: wasi:random/random.

use thalweg::{Linker, Result};

use crate::WasiView;
use crate::random::number;

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker
        .instance("wasi:random/random@0.2.12")?
        .func("get-random-bytes", |mut caller, (len,): (u64,)| {
            let mut data = caller.data_mut();
            let wasi = data.wasi();
            super::bytes(&mut *wasi.random, len, wasi.max_random_size)
        })?
        .func("get-random-u64", |mut caller, ()| number(&mut *caller.data_mut().wasi().random))?;
    Ok(())
}
