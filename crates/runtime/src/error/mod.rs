//! One word for everything that can go wrong, exact inside.
//!
//! [`Error`] is one pointer wide. Its [`ErrorKind`] says who is to blame and what an embedder may do about it;
//! the message says what is wrong, where, and (behind [`Error::hint`]) what to do.

mod trap;

pub use trap::Trap;

use std::fmt;

/// The result of nearly every function of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Who is to blame for an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes are not a component (truncated, a core module, text that does not parse).
    Malformed,
    /// The component breaks a rule of the standard.
    Invalid,
    /// An import cannot be satisfied, or an export is missing or of another type.
    Link,
    /// The guest trapped.
    Trap(Trap),
    /// A named limit of [`Limits`](crate::Limits) was reached.
    Limit,
    /// A host function failed, or the embedder used the API wrongly.
    Host,
    /// The guest asked to end with this code (`wasi:cli/exit`).
    Exit(i32),
    /// A fault of this project.
    Bug,
}

/// Anything that went wrong. See [`ErrorKind`].
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    have: Option<String>,
    hint: Option<String>,
    backtrace: Vec<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of `kind` that says `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error(Box::new(Inner {
            kind,
            message: message.into(),
            have: None,
            hint: None,
            backtrace: Vec::new(),
            source: None,
        }))
    }

    /// A guest's trap, with the text that the reference tests assert.
    pub fn trap(trap: Trap) -> Self {
        Error::new(ErrorKind::Trap(trap), trap.to_string())
    }

    /// The embedder's or a host function's own failure.
    pub fn host(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Host, message)
    }

    /// A file that can't be read.
    pub(crate) fn unreadable(error: std::io::Error) -> Self {
        Error::host(format!("cannot read the file: {error}")).with_source(error)
    }

    /// A guest broke the rules of an interface: it traps, and `message` says how.
    pub fn refused(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Trap(Trap::Refused), message)
    }

    /// A name or a type that does not fit at link time.
    pub fn link(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Link, message)
    }

    /// The guest's wish to end with `code`; it unwinds every task of the store.
    pub fn exit(code: i32) -> Self {
        Error::new(ErrorKind::Exit(code), format!("the guest exited with code {code}"))
    }

    /// Adds what there is instead (second part of a message).
    #[must_use]
    pub fn with_have(mut self, have: impl Into<String>) -> Self {
        self.0.have = Some(have.into());
        self
    }

    /// Adds what to do about it (last part of a message).
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Puts `place` before the message: "place: message".
    #[must_use]
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        self.0.message = format!("{place}: {}", self.0.message);
        self
    }

    /// Adds the error that caused this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Adds the guest's stack, innermost frame first.
    #[must_use]
    pub(crate) fn with_backtrace(mut self, frames: Vec<String>) -> Self {
        self.0.backtrace = frames;
        self
    }

    /// Who is to blame.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What is wrong, and where.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What there is instead, when that helps.
    pub fn have(&self) -> Option<&str> {
        self.0.have.as_deref()
    }

    /// What to do about it, when that is known.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The guest's stack at a trap, innermost frame first; empty for other errors.
    pub fn guest_backtrace(&self) -> &[String] {
        &self.0.backtrace
    }

    /// The trap, when the guest trapped.
    pub fn as_trap(&self) -> Option<Trap> {
        match self.0.kind {
            ErrorKind::Trap(trap) => Some(trap),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.0.kind, self.0.message)?;
        for part in [&self.0.have, &self.0.hint].into_iter().flatten() {
            write!(f, "\n  {part}")?;
        }
        for frame in &self.0.backtrace {
            write!(f, "\n    at {frame}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| -> &(dyn std::error::Error + 'static) { source.as_ref() })
    }
}

impl From<Trap> for Error {
    fn from(trap: Trap) -> Self {
        Error::trap(trap)
    }
}

/// An own fault as an error with its place, never a panic: `bug!("slot {slot} is empty")`.
macro_rules! bug {
    ($($message:tt)*) => {
        $crate::Error::new(
            $crate::ErrorKind::Bug,
            format!("fault of the runtime at {}:{}: {}", file!(), line!(), format_args!($($message)*)),
        )
    };
}
pub(crate) use bug;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_pointer_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }
}
