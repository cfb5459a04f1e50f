//! What the standard streams of this process are.

use std::os::fd::BorrowedFd;

use rustix::fs::FileType;

use super::{stdin, stdout};
use crate::sys::{Input, Output};

/// What the standard streams of this process are, found out once for any number of contexts.
#[derive(Debug, Clone, Copy)]
pub struct StandardStreams {
    stdin: Standard,
    stdout: Standard,
    stderr: Standard,
}

impl StandardStreams {
    /// Asks the system.
    #[must_use]
    pub fn find() -> Self {
        StandardStreams {
            stdin: Standard::of(rustix::stdio::stdin()),
            stdout: Standard::of(rustix::stdio::stdout()),
            stderr: Standard::of(rustix::stdio::stderr()),
        }
    }

    /// Standard input, for one more context.
    #[must_use]
    pub fn stdin(&self) -> Input {
        stdin::input(self.stdin)
    }

    /// Standard output, for one more context.
    #[must_use]
    pub fn stdout(&self) -> Output {
        stdout::output(self.stdout)
    }

    /// Standard error, for one more context.
    #[must_use]
    pub fn stderr(&self) -> Output {
        stdout::output(self.stderr)
    }
}

/// One of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standard {
    pub(super) fd: BorrowedFd<'static>,
    /// What it is a file of; unknown for one that is closed.
    pub(super) kind: FileType,
    pub(super) is_terminal: bool,
}

impl Standard {
    pub(super) fn of(fd: BorrowedFd<'static>) -> Self {
        let kind = rustix::fs::fstat(fd).map_or(FileType::Unknown, |stat| FileType::from_raw_mode(stat.st_mode));
        let is_terminal = kind == FileType::CharacterDevice && rustix::termios::isatty(fd);
        Standard { fd, kind, is_terminal }
    }
}
