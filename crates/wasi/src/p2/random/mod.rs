//! wasi:random of 0.2, which gives exactly as many bytes as are asked for.

mod insecure;
mod insecure_seed;
mod secure;

use thalweg::{Error, ErrorKind, Linker, Result};

use crate::WasiView;
use crate::random::MAX_RANDOM_BYTES;
use crate::sys::Random;

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

/// Exactly `len` bytes. More than the host gives in one call cannot be had in parts, so asking for them ends the guest.
fn bytes(random: &mut dyn Random, len: u64) -> Result<Vec<u8>> {
    if len > MAX_RANDOM_BYTES {
        let text = format!("wasi:random: {len} bytes asked for at once, {MAX_RANDOM_BYTES} is the most");
        return Err(Error::new(ErrorKind::Limit, text).with_hint("ask for fewer bytes, more often"));
    }
    crate::random::bytes(random, len)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sevens;

    impl Random for Sevens {
        fn fill(&mut self, buf: &mut [u8]) -> crate::sys::Result<()> {
            buf.fill(7);
            Ok(())
        }
    }

    #[test]
    fn the_length_is_exact_or_refused() {
        assert_eq!(bytes(&mut Sevens, 3).expect("few"), [7; 3]);
        assert_eq!(bytes(&mut Sevens, 0).expect("none"), []);
        for len in [MAX_RANDOM_BYTES + 1, u64::MAX] {
            assert_eq!(bytes(&mut Sevens, len).expect_err("too many").kind(), ErrorKind::Limit);
        }
    }
}
