//! wasi:random of 0.2, which gives exactly as many bytes as are asked for.

mod insecure;
mod insecure_seed;
mod secure;

use thalweg::{Error, ErrorKind, Linker, Result};

use crate::WasiView;
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
fn bytes(random: &mut dyn Random, len: u64, limit: u64) -> Result<Vec<u8>> {
    if len > limit {
        let text = format!("wasi:random: {len} bytes asked for at once, {limit} is the most");
        let hint =
            "ask for fewer bytes, more often, or raise the limit: `-Smax-random-size`, `WasiBuilder::max_random_size`";
        return Err(Error::new(ErrorKind::Limit, text).with_hint(hint));
    }
    crate::random::bytes(random, len, limit)
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
        for len in [0, 3, 9] {
            assert_eq!(bytes(&mut Sevens, len, 9).expect("few"), vec![7; len as usize]);
        }
        for len in [10, u64::MAX] {
            assert_eq!(bytes(&mut Sevens, len, 9).expect_err("too many").kind(), ErrorKind::Limit);
            assert_eq!(crate::random::bytes(&mut Sevens, len, 9).expect("some"), [7; 9]);
        }
    }
}
