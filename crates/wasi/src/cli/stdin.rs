//! Spec: `wasi:cli/stdin`. Every stream reads the one standard input: a byte goes to whoever reads first.

use thalweg::{Linker, Result};

use super::ErrorCode;
use crate::WasiView;
use crate::byte_stream::read_end;

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker.instance("wasi:cli/stdin@0.3.2")?.func("read-via-stream", |mut caller, ()| {
        Ok(read_end::<ErrorCode>(Ok(caller.data_mut().wasi().stdin.clone())))
    })?;
    Ok(())
}
