//! Time: one clock that only goes forward, and one that tells the date.

use super::BoxFuture;

/// A moment of the system clock, counted from 1970-01-01T00:00:00Z. Before it, `seconds` is negative and
/// `nanoseconds` still counts forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant {
    /// Whole seconds.
    pub seconds: i64,
    /// Below 1,000,000,000.
    pub nanoseconds: u32,
}

/// A clock that never goes back, in nanoseconds from a moment of its own.
pub trait MonotonicClock: Send + Sync + 'static {
    /// The mark of now.
    fn now(&self) -> u64;

    /// How far two marks are apart at least, when they differ.
    fn resolution(&self) -> u64;

    /// Ready when `now` is at `mark` or after it. Everything that is due at one moment is ready after one wake: a
    /// future whose mark has passed is ready at its next poll, whoever was woken.
    fn sleep_until(&self, mark: u64) -> BoxFuture<()>;
}

/// A clock that tells the date; it may jump.
pub trait SystemClock: Send + Sync + 'static {
    /// The moment of now.
    fn now(&self) -> Instant;

    /// How far two moments are apart at least, in nanoseconds, when they differ.
    fn resolution(&self) -> u64;
}
