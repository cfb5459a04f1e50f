//! wasi:filesystem of 0.2: the same descriptors as in 0.3, with byte streams that are resources.

mod descriptor;
mod directory_entry_stream;
mod error_code;
mod preopens;
mod stat;
mod via_stream;

use thalweg::{Caller, Linker, Resource, Result};

pub use directory_entry_stream::{DirectoryEntry, DirectoryEntryStream};
pub use error_code::ErrorCode;
pub(crate) use error_code::explain;
pub use stat::{DescriptorStat, DescriptorType, NewTimestamp};

use crate::filesystem::Descriptor;
use crate::filesystem::methods::get;
use crate::{WasiView, sys};

const TYPES: &str = "wasi:filesystem/types@0.2.12";

/// The handle that a method is called on.
type This = Resource<Descriptor>;

/// What a function of the package gives: an answer in WIT's words, or a fault of the guest or the host.
type Answer<R> = Result<Result<R, ErrorCode>>;

/// Defines the package's interfaces.
///
/// # Errors
///
/// When one of the names is defined already.
pub fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    descriptor::add_to_linker(linker)?;
    via_stream::add_to_linker(linker)?;
    directory_entry_stream::add_to_linker(linker)?;
    error_code::add_to_linker(linker)?;
    preopens::add_to_linker(linker)
}

/// A result in WIT's words.
fn answer<R>(result: sys::Result<R>) -> Answer<R> {
    Ok(result.map_err(ErrorCode::from))
}

/// A new handle for what was opened.
fn answer_new<T: WasiView, H: Send + 'static>(
    caller: &mut Caller<'_, T>,
    opened: sys::Result<H>,
) -> Answer<Resource<H>> {
    match opened {
        Ok(object) => caller.data_mut().wasi().table.push(object).map(Ok),
        Err(error) => Ok(Err(error.into())),
    }
}
