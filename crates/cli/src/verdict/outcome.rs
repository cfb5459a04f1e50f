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
    /// Under how many schedules it ran.
    pub schedules: usize,
    /// The others.
    pub failed: Vec<Failed>,
}

impl Outcome {
    /// That of the script or test at `path`, which has not run.
    pub fn of(path: PathBuf) -> Self {
        Outcome { path, passed: 0, known: 0, schedules: 0, failed: Vec::new() }
    }

    /// Adds a run.
    pub fn add(&mut self, run: Outcome) {
        self.passed += run.passed;
        self.known += run.known;
        self.failed.extend(run.failed);
        self.schedules += 1;
    }

    /// Whether nothing failed that is not known to.
    pub fn is_fine(&self) -> bool {
        self.failed.is_empty()
    }
}
