//! `wasi:clocks`: time. The unstable `timezone` is not served.

mod monotonic_clock;
mod system_clock;

use thalweg::{Linker, Result};

pub use system_clock::Instant;

use crate::WasiView;

/// Defines the package's interfaces.
///
/// # Errors
///
/// When one of the names is defined already.
pub fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    monotonic_clock::add_to_linker(linker)?;
    system_clock::add_to_linker(linker)
}
