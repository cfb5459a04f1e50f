//! Why the command ends without having done what it was asked for.

use std::fmt::Display;

use thalweg::{Error, ErrorKind};

/// The exit code of an error.
const ERROR: u8 = 1;
/// The exit code of a command line that asks for something that is not there.
const USAGE: u8 = 2;
/// The exit code of a trap: 128 and the number of SIGABRT, as shells show it.
const TRAP: u8 = 134;

/// A failure with its exit code.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub code: u8,
    /// What is wrong, and where.
    pub message: String,
    /// What there is instead.
    pub have: Option<String>,
    /// What to do.
    pub help: Option<String>,
    /// The guest's stack, innermost frame first.
    pub stack: Vec<String>,
}

impl Failure {
    /// An error that says `message`.
    pub fn new(message: impl Into<String>) -> Failure {
        Failure { code: ERROR, message: message.into(), have: None, help: None, stack: Vec::new() }
    }

    /// A command line that cannot be obeyed.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure { code: USAGE, ..Failure::new(message) }
    }

    /// Adds what there is instead.
    pub fn with_have(mut self, have: impl Into<String>) -> Failure {
        self.have = Some(have.into());
        self
    }

    /// Adds what to do.
    pub fn with_help(mut self, help: impl Into<String>) -> Failure {
        self.help = Some(help.into());
        self
    }

    /// Adds another thing to do.
    pub fn with_more_help(mut self, more: &str) -> Failure {
        self.help = Some(self.help.map_or_else(|| more.to_string(), |help| format!("{help}\n{more}")));
        self
    }

    /// Whether it was the guest's.
    pub fn is_trap(&self) -> bool {
        self.code == TRAP
    }

    /// Puts `place` before the message.
    pub fn at(mut self, place: impl Display) -> Failure {
        self.message = format!("{place}: {}", self.message);
        self
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let (code, message) = match error.kind() {
            ErrorKind::Trap(_) => (TRAP, format!("the guest trapped: {}", error.message())),
            ErrorKind::Bug => (ERROR, format!("{} (please report this)", error.message())),
            _ => (ERROR, error.message().to_string()),
        };
        Failure {
            code,
            message,
            have: error.have().map(str::to_string),
            help: error.hint().map(str::to_string),
            stack: error.guest_backtrace().to_vec(),
        }
    }
}
