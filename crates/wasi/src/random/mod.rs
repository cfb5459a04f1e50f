//! `wasi:random`: chance, for secrets and for everything else.

mod insecure;
mod insecure_seed;
mod secure;

use thalweg::{Error, Linker, Result};

use crate::WasiView;
use crate::sys::Random;

/// The most bytes that one call gives, if nothing else is said. The standard lets 0.3 give fewer than asked; 0.2 has to
/// ask again.
pub const DEFAULT_MAX_RANDOM_SIZE: u64 = 64 * 1024 * 1024;

/// Defines the package's interfaces.
///
/// # Errors
///
/// When one of the names is defined already.
pub fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    secure::add_to_linker(linker)?;
    insecure::add_to_linker(linker)?;
    insecure_seed::add_to_linker(linker)
}

/// At most `max` bytes of `random`, and at most `limit`.
///
/// # Errors
///
/// When the source has failed: there is no safe value to give instead, so the guest ends.
pub fn bytes(random: &mut dyn Random, max: u64, limit: u64) -> Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(max.min(limit)).unwrap_or(usize::MAX)];
    random.fill(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Eight bytes of `random` as a number.
///
/// # Errors
///
/// When the source has failed.
pub fn number(random: &mut dyn Random) -> Result<u64> {
    let mut bytes = [0; 8];
    random.fill(&mut bytes).map_err(failed)?;
    Ok(u64::from_le_bytes(bytes))
}

/// Two numbers, for which `random` is asked once.
///
/// # Errors
///
/// When the source has failed.
pub(crate) fn two_numbers(random: &mut dyn Random) -> Result<(u64, u64)> {
    let mut bytes = [0; 16];
    random.fill(&mut bytes).map_err(failed)?;
    let both = u128::from_le_bytes(bytes);
    Ok((both as u64, (both >> 64) as u64))
}

fn failed(error: crate::sys::Error) -> Error {
    Error::host(format!("the source of random bytes failed: {error}")).with_source(error)
}
