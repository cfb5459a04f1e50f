//! What running a script or a test came to.

use std::path::PathBuf;

/// Something that did not do what it should.
#[derive(Debug)]
pub struct Failed {
    /// The directive's line in the script; none for a test as a whole.
    pub line: Option<usize>,
    /// What is wrong.
    pub reason: String,
}

/// What running a script or a test came to.
#[derive(Debug)]
pub struct Outcome {
    /// The script or the test.
    pub path: PathBuf,
    /// How many directives did what they should; one for a test.
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
