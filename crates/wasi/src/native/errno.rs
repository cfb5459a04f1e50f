//! The OS's error numbers as codes.

use rustix::io::Errno;

use crate::sys::{Code, Error};

/// The code for `errno`; the words stay the OS's.
pub(super) fn error(errno: Errno) -> Error {
    let code = code(errno);
    match code {
        Code::Other | Code::TooManyOpen => Error::new(code, errno.to_string()),
        _ => code.into(),
    }
}

fn code(errno: Errno) -> Code {
    match errno {
        Errno::ACCESS => Code::Access,
        Errno::ALREADY => Code::Already,
        Errno::BADF => Code::BadDescriptor,
        Errno::BUSY => Code::Busy,
        Errno::DEADLK => Code::Deadlock,
        Errno::DQUOT => Code::Quota,
        Errno::EXIST => Code::Exist,
        Errno::FBIG => Code::FileTooLarge,
        Errno::ILSEQ => Code::IllegalByteSequence,
        Errno::INPROGRESS => Code::InProgress,
        Errno::INTR => Code::Interrupted,
        Errno::INVAL | Errno::DESTADDRREQ | Errno::AFNOSUPPORT => Code::Invalid,
        Errno::IO => Code::Io,
        Errno::ISDIR => Code::IsDirectory,
        Errno::LOOP => Code::Loop,
        Errno::MLINK => Code::TooManyLinks,
        Errno::MSGSIZE => Code::MessageSize,
        Errno::NAMETOOLONG => Code::NameTooLong,
        Errno::NODEV => Code::NoDevice,
        Errno::NOENT => Code::NoEntry,
        Errno::NOLCK => Code::NoLock,
        Errno::NOMEM | Errno::NOBUFS => Code::InsufficientMemory,
        Errno::NOSPC => Code::InsufficientSpace,
        Errno::NOTDIR => Code::NotDirectory,
        Errno::NOTEMPTY => Code::NotEmpty,
        Errno::NOTRECOVERABLE => Code::NotRecoverable,
        Errno::NOTSUP
        | Errno::NOSYS
        | Errno::NOPROTOOPT
        | Errno::PFNOSUPPORT
        | Errno::PROTONOSUPPORT
        | Errno::SOCKTNOSUPPORT => Code::Unsupported,
        Errno::NOTTY => Code::NoTty,
        Errno::NXIO => Code::NoSuchDevice,
        Errno::OVERFLOW => Code::Overflow,
        Errno::PERM => Code::NotPermitted,
        Errno::PIPE => Code::Pipe,
        Errno::ROFS => Code::ReadOnly,
        Errno::SPIPE => Code::InvalidSeek,
        Errno::TXTBSY => Code::TextFileBusy,
        Errno::XDEV => Code::CrossDevice,
        Errno::AGAIN => Code::WouldBlock,
        Errno::ADDRNOTAVAIL => Code::AddressNotBindable,
        Errno::ADDRINUSE => Code::AddressInUse,
        Errno::HOSTUNREACH | Errno::NETUNREACH | Errno::HOSTDOWN | Errno::NETDOWN | Errno::NONET => {
            Code::RemoteUnreachable
        }
        Errno::NOTCONN | Errno::ISCONN => Code::InvalidState,
        Errno::MFILE | Errno::NFILE => Code::TooManyOpen,
        Errno::CONNREFUSED => Code::ConnectionRefused,
        Errno::CONNRESET => Code::ConnectionReset,
        Errno::CONNABORTED => Code::ConnectionAborted,
        Errno::TIMEDOUT => Code::Timeout,
        _ => Code::Other,
    }
}

/// The code for an error of the standard library.
pub(super) fn from_io(failed: &std::io::Error) -> Error {
    match Errno::from_io_error(failed) {
        Some(errno) => error(errno),
        None => Error::new(Code::Io, failed.to_string()),
    }
}
