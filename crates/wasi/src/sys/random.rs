//! Chance.

use super::Result;

/// A source of random bytes. Whether a guest may build secrets on them is up to who grants it.
pub trait Random: Send + 'static {
    /// Fills `buf`.
    ///
    /// # Errors
    ///
    /// When the source has failed; nothing weaker is put in its place.
    fn fill(&mut self, buf: &mut [u8]) -> Result<()>;
}
