//! wasi:clocks of 0.2. The unstable `timezone` is not served.

mod monotonic_clock;
mod wall_clock;

use thalweg::{Linker, Result};

pub use wall_clock::Datetime;

use crate::WasiView;

/// Defines the package's interfaces.
///
/// # Errors
///
/// When one of the names is defined already.
pub fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    monotonic_clock::add_to_linker(linker)?;
    wall_clock::add_to_linker(linker)
}
