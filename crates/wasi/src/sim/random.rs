//! Chance that can be had again.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::sys::{Random, Result};

/// The ChaCha20 key stream of a seed. Not for secrets: who knows the seed knows it all.
pub struct SeededRandom(ChaCha20Rng);

impl SeededRandom {
    /// The stream of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        SeededRandom(ChaCha20Rng::seed_from_u64(seed))
    }
}

impl Random for SeededRandom {
    fn fill(&mut self, buf: &mut [u8]) -> Result<()> {
        self.0.fill_bytes(buf);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_bytes_again() {
        let bytes = |seed| {
            let mut buf = [0; 40];
            SeededRandom::new(seed).fill(&mut buf).map(|()| buf)
        };
        assert_eq!(bytes(7), bytes(7));
        assert_ne!(bytes(7), bytes(8));
    }
}
