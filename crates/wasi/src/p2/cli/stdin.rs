//! Spec: wasi:cli/stdin. Every stream, of 0.2 and 0.3, reads the one standard input: a byte goes to whoever reads first.

use thalweg::{Linker, Result};

use crate::WasiView;
use crate::p2::filesystem::explain;
use crate::p2::io::InputStream;

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker.instance("wasi:cli/stdin@0.2.12")?.func("get-stdin", |mut caller, ()| {
        let mut data = caller.data_mut();
        let wasi = data.wasi();
        wasi.table.push(InputStream::new(wasi.stdin.clone(), explain))
    })?;
    Ok(())
}
