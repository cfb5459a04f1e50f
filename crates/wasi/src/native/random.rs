//! The OS's random bytes.

use crate::sys::{Code, Error, Random, Result};

/// The OS's random bytes, good for secrets.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&mut self, buf: &mut [u8]) -> Result<()> {
        getrandom::fill(buf).map_err(|error| Error::new(Code::Io, error.to_string()))
    }
}
