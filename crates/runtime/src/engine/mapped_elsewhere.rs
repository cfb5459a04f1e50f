//! Where code in the midst of a file is not mapped. Processors that mark the targets of jumps want this said of each
//! page, and the engine says it of its own memory alone.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::Arc;

/// The mappings that modules run from: none.
#[derive(Default)]
pub(super) struct MappedCode;

/// A mapping that was made just now.
pub(super) struct Mapping {
    /// What is mapped.
    pub(super) memory: NonNull<[u8]>,
}

impl MappedCode {
    /// Leaves `config` as it is.
    pub(super) fn install(self: &Arc<Self>, _: &mut wasmtime::Config) {}

    /// Maps nothing.
    pub(super) fn map(&self, _: &File, _: Range<u64>) -> io::Result<Mapping> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Nothing was mapped.
    ///
    /// # Safety
    ///
    /// None.
    pub(super) unsafe fn unmap(&self, _: &Mapping) {}
}
