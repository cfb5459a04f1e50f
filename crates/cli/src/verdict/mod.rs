//! What running tests came to, and what of it was known before.

mod expected;
mod outcome;

pub use expected::ExpectedFailures;
pub use outcome::{Failed, Outcome};
