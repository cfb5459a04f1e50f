//! What running a script came to.

use std::path::PathBuf;

/// A directive that did not do what it should.
#[derive(Debug)]
pub struct Failed {
    /// Its line in the script.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

/// What running a script came to.
#[derive(Debug)]
pub struct Outcome {
    /// The script.
    pub path: PathBuf,
    /// How many directives did what they should.
    pub passed: usize,
    /// How many failed as they are known to.
    pub known: usize,
    /// The others.
    pub failed: Vec<Failed>,
}

impl Outcome {
    /// Whether nothing failed that is not known to.
    pub fn is_fine(&self) -> bool {
        self.failed.is_empty()
    }
}
