//! `wasi:filesystem`: directories that were granted, and everything below them.

mod descriptor;
mod directory_stream;
mod error_code;
mod file_reader;
mod file_writer;
pub(crate) mod methods;
mod preopens;
mod types;
mod wit;

use thalweg::{Linker, Result};

pub use descriptor::{Descriptor, DirPerms, Flags, OpenRequest};
pub use error_code::ErrorCode;
pub(crate) use error_code::common_cases;
pub use file_reader::FileReader;
pub use file_writer::FileWriter;
pub use wit::{
    Advice, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, MetadataHashValue, NewTimestamp,
    OpenFlags, PathFlags,
};

use crate::WasiView;
use crate::sys::DirEntry;

/// The names in a directory, one after the other.
pub type DirectoryReader = Box<dyn Iterator<Item = crate::sys::Result<DirEntry>> + Send>;

/// Defines the package's interfaces.
///
/// # Errors
///
/// When one of the names is defined already.
pub fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    types::add_to_linker(linker)?;
    preopens::add_to_linker(linker)
}
