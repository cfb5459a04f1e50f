//! wasi:io: errors, pollables and byte streams, which 0.3 has as types of the Component Model.

mod error;
mod input_stream;
mod latch;
mod outlet;
mod output_stream;
mod poll;
#[cfg(test)]
mod script;
mod splice;
mod stream_error;

use thalweg::{Linker, Result};

pub use error::IoError;
pub use input_stream::{InputStream, MAX_READ_BYTES};
pub use latch::Broken;
pub use outlet::MAX_WRITE_BYTES;
pub use output_stream::{MAX_BLOCKING_WRITE_BYTES, OutputStream};
pub use poll::{Pollable, Subscribe};
pub use stream_error::StreamError;

use crate::WasiView;

/// Makes the guest's error of a failure below a stream, with the code of the interface that gave the stream.
pub type Explain = Box<dyn Fn(crate::sys::Error) -> IoError + Send>;

const STREAMS: &str = "wasi:io/streams@0.2.12";

/// Defines the package's interfaces.
///
/// # Errors
///
/// When one of the names is defined already.
pub fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    error::add_to_linker(linker)?;
    poll::add_to_linker(linker)?;
    input_stream::add_to_linker(linker)?;
    output_stream::add_to_linker(linker)?;
    splice::add_to_linker(linker)
}
