//! The binary form of a component that was loaded: in memory, or left in the file that it was loaded from.

use std::fs::File;
use std::sync::OnceLock;

use super::artifact::Place;
use crate::Result;

/// A component in binary form. One that is precompiled is not read until somebody asks for it: a start has no need of it.
pub(super) enum Binary {
    Here(Vec<u8>),
    InFile { file: File, place: Place, read: OnceLock<Vec<u8>> },
}

impl Binary {
    /// What is at `place` of the artifact in `file`.
    pub(super) fn in_file(file: File, place: Place) -> Self {
        Binary::InFile { file, place, read: OnceLock::new() }
    }

    /// # Errors
    ///
    /// When the file cannot be read, or is damaged there.
    pub(super) fn bytes(&self) -> Result<&[u8]> {
        match self {
            Binary::Here(bytes) => Ok(bytes),
            Binary::InFile { file, place, read } => {
                if let Some(bytes) = read.get() {
                    return Ok(bytes);
                }
                let bytes = place.read(file)?;
                Ok(read.get_or_init(|| bytes))
            }
        }
    }
}
