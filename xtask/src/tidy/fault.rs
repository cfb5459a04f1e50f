//! One thing that breaks a rule.

use std::fmt;

/// Which rule is broken, where, by how much, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Relative to the repository, with `/`.
    pub path: String,
    /// Counted from 1; 0 for a fault of the whole file.
    pub line: usize,
    /// The rule's name, as exceptions call it.
    pub rule: &'static str,
    /// How big the fault is: lines for a rule about size, else 1. Exceptions list a file's largest or their sum.
    pub size: usize,
    /// What is wrong and what to do.
    pub message: String,
}

impl Fault {
    /// A fault that is there or not.
    pub fn new(path: &str, line: usize, rule: &'static str, message: impl Into<String>) -> Fault {
        Fault::sized(path, line, rule, 1, message)
    }

    /// A fault that has a size.
    pub fn sized(path: &str, line: usize, rule: &'static str, size: usize, message: impl Into<String>) -> Fault {
        Fault { path: path.to_string(), line, rule, size, message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {} [{}]", self.path, self.message, self.rule),
            line => write!(f, "{}:{line}: {} [{}]", self.path, self.message, self.rule),
        }
    }
}
