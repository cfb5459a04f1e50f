//! The OS's random bytes.

use std::hash::{BuildHasher, RandomState};

use crate::sys::{Code, Error, Random, Result};

/// The OS's random bytes, good for secrets.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&mut self, buf: &mut [u8]) -> Result<()> {
        getrandom::fill(buf).map_err(|error| Error::new(Code::Io, error.to_string()))
    }
}

/// Random bytes for everything but secrets, without a call of the OS: sums of a counter under a key that nobody is
/// told, which is another one for each of these, and comes from the OS once for each thread.
#[derive(Debug, Default)]
pub struct OsInsecureRandom {
    key: RandomState,
    count: u64,
}

impl Random for OsInsecureRandom {
    fn fill(&mut self, buf: &mut [u8]) -> Result<()> {
        for chunk in buf.chunks_mut(size_of::<u64>()) {
            self.count = self.count.wrapping_add(1);
            let bytes = self.key.hash_one(self.count).to_le_bytes();
            chunk.iter_mut().zip(bytes).for_each(|(byte, random)| *byte = random);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn insecure_bytes_are_all_different() {
        let mut seen = std::collections::HashSet::new();
        for _ in 0..100 {
            let mut random = OsInsecureRandom::default();
            let mut bytes = [0; 85];
            random.fill(&mut bytes).expect("it cannot fail");
            for word in bytes.chunks_exact(8) {
                assert!(seen.insert(word.to_vec()), "a word came twice");
            }
            assert!(bytes[80..].iter().any(|byte| *byte != 0), "the last ones are filled, too");
        }
    }
}
