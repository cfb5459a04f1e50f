//! What can go wrong in a world: one set of kinds for files, sockets and standard streams.

use std::fmt;

/// The result of every port.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong: the union of the error codes of WASI 0.2 and 0.3. Names follow `wasi:filesystem`, then
/// `wasi:sockets`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// `EACCES`.
    Access,
    /// `EALREADY`.
    Already,
    /// `EBADF`: not open for this.
    BadDescriptor,
    /// `EBUSY`.
    Busy,
    /// `EDEADLK`.
    Deadlock,
    /// `EDQUOT`.
    Quota,
    /// `EEXIST`.
    Exist,
    /// `EFBIG`.
    FileTooLarge,
    /// `EILSEQ`: not Unicode.
    IllegalByteSequence,
    /// `EINPROGRESS`.
    InProgress,
    /// `EINTR`.
    Interrupted,
    /// `EINVAL`.
    Invalid,
    /// `EIO`.
    Io,
    /// `EISDIR`.
    IsDirectory,
    /// `ELOOP`.
    Loop,
    /// `EMLINK`.
    TooManyLinks,
    /// `EMSGSIZE`.
    MessageSize,
    /// `ENAMETOOLONG`.
    NameTooLong,
    /// `ENODEV`.
    NoDevice,
    /// `ENOENT`.
    NoEntry,
    /// `ENOLCK`.
    NoLock,
    /// `ENOMEM`.
    InsufficientMemory,
    /// `ENOSPC`.
    InsufficientSpace,
    /// `ENOTDIR`.
    NotDirectory,
    /// `ENOTEMPTY`.
    NotEmpty,
    /// `ENOTRECOVERABLE`.
    NotRecoverable,
    /// `ENOTSUP`.
    Unsupported,
    /// `ENOTTY`.
    NoTty,
    /// `ENXIO`.
    NoSuchDevice,
    /// `EOVERFLOW`.
    Overflow,
    /// `EPERM`; also every path that would leave its directory.
    NotPermitted,
    /// `EPIPE`.
    Pipe,
    /// `EROFS`; also every change below a read-only preopen.
    ReadOnly,
    /// `ESPIPE`.
    InvalidSeek,
    /// `ETXTBSY`.
    TextFileBusy,
    /// `EXDEV`.
    CrossDevice,
    /// `EAGAIN`.
    WouldBlock,
    /// The operation does not fit the state of a socket.
    InvalidState,
    /// `EADDRNOTAVAIL`.
    AddressNotBindable,
    /// `EADDRINUSE`.
    AddressInUse,
    /// `EHOSTUNREACH`, `ENETUNREACH`.
    RemoteUnreachable,
    /// `ECONNREFUSED`.
    ConnectionRefused,
    /// `ECONNRESET`.
    ConnectionReset,
    /// `ECONNABORTED`.
    ConnectionAborted,
    /// `ETIMEDOUT`.
    Timeout,
    /// `EMFILE`, `ENFILE`: too many files and sockets are open.
    TooManyOpen,
    /// A name has no addresses.
    NameUnresolvable,
    /// A name could not be looked up this time.
    TemporaryResolverFailure,
    /// A name cannot be looked up.
    PermanentResolverFailure,
    /// Anything else; see the text.
    Other,
}

/// A [`Code`], and words about it for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    code: Code,
    text: Option<Box<str>>,
}

impl Error {
    /// `code`, with words about it.
    #[must_use]
    pub fn new(code: Code, text: impl Into<Box<str>>) -> Self {
        Error { code, text: Some(text.into()) }
    }

    /// What went wrong.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// Words about it, if there are any.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Error { code, text: None }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.text {
            Some(text) => f.write_str(text),
            None => write!(f, "{:?}", self.code),
        }
    }
}

impl std::error::Error for Error {}
