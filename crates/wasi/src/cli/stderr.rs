//! Spec: `wasi:cli/stderr`. A guest's write is done when the OS has the bytes; nothing is held back here.

use thalweg::{Linker, Result, StreamReader};

use super::ErrorCode;
use crate::WasiView;
use crate::byte_stream::write_end;

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker.instance("wasi:cli/stderr@0.3.2")?.func(
        "write-via-stream",
        |mut caller, (data,): (StreamReader<u8>,)| {
            Ok(write_end::<ErrorCode>(data, Ok(caller.data_mut().wasi().stderr.clone())))
        },
    )?;
    Ok(())
}
