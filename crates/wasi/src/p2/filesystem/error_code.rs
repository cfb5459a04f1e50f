//! Spec: wasi:filesystem/types.error-code, and the errors of streams that carry one.

use thalweg::{Linker, Resource, Result};

use crate::WasiView;
use crate::p2::io::IoError;
use crate::sys::{Code, Error};

thalweg::wit_enum! {
    /// Why an operation on files failed. Spec: wasi:filesystem/types.error-code.
    pub enum ErrorCode {
        Access as "access",
        WouldBlock as "would-block",
        Already as "already",
        BadDescriptor as "bad-descriptor",
        Busy as "busy",
        Deadlock as "deadlock",
        Quota as "quota",
        Exist as "exist",
        FileTooLarge as "file-too-large",
        IllegalByteSequence as "illegal-byte-sequence",
        InProgress as "in-progress",
        Interrupted as "interrupted",
        Invalid as "invalid",
        Io as "io",
        IsDirectory as "is-directory",
        Loop as "loop",
        TooManyLinks as "too-many-links",
        MessageSize as "message-size",
        NameTooLong as "name-too-long",
        NoDevice as "no-device",
        NoEntry as "no-entry",
        NoLock as "no-lock",
        InsufficientMemory as "insufficient-memory",
        InsufficientSpace as "insufficient-space",
        NotDirectory as "not-directory",
        NotEmpty as "not-empty",
        NotRecoverable as "not-recoverable",
        Unsupported as "unsupported",
        NoTty as "no-tty",
        NoSuchDevice as "no-such-device",
        Overflow as "overflow",
        NotPermitted as "not-permitted",
        Pipe as "pipe",
        ReadOnly as "read-only",
        InvalidSeek as "invalid-seek",
        TextFileBusy as "text-file-busy",
        CrossDevice as "cross-device",
    }
}

impl From<Code> for ErrorCode {
    fn from(code: Code) -> Self {
        match code {
            Code::Access => ErrorCode::Access,
            Code::WouldBlock => ErrorCode::WouldBlock,
            Code::Already => ErrorCode::Already,
            Code::BadDescriptor => ErrorCode::BadDescriptor,
            Code::Busy => ErrorCode::Busy,
            Code::Deadlock => ErrorCode::Deadlock,
            Code::Quota => ErrorCode::Quota,
            Code::Exist => ErrorCode::Exist,
            Code::FileTooLarge => ErrorCode::FileTooLarge,
            Code::IllegalByteSequence => ErrorCode::IllegalByteSequence,
            Code::InProgress => ErrorCode::InProgress,
            Code::Interrupted => ErrorCode::Interrupted,
            Code::Invalid => ErrorCode::Invalid,
            Code::IsDirectory => ErrorCode::IsDirectory,
            Code::Loop => ErrorCode::Loop,
            Code::TooManyLinks => ErrorCode::TooManyLinks,
            Code::MessageSize => ErrorCode::MessageSize,
            Code::NameTooLong => ErrorCode::NameTooLong,
            Code::NoDevice => ErrorCode::NoDevice,
            Code::NoEntry => ErrorCode::NoEntry,
            Code::NoLock => ErrorCode::NoLock,
            Code::InsufficientMemory => ErrorCode::InsufficientMemory,
            Code::InsufficientSpace => ErrorCode::InsufficientSpace,
            Code::NotDirectory => ErrorCode::NotDirectory,
            Code::NotEmpty => ErrorCode::NotEmpty,
            Code::NotRecoverable => ErrorCode::NotRecoverable,
            Code::Unsupported => ErrorCode::Unsupported,
            Code::NoTty => ErrorCode::NoTty,
            Code::NoSuchDevice => ErrorCode::NoSuchDevice,
            Code::Overflow => ErrorCode::Overflow,
            Code::NotPermitted => ErrorCode::NotPermitted,
            Code::Pipe => ErrorCode::Pipe,
            Code::ReadOnly => ErrorCode::ReadOnly,
            Code::InvalidSeek => ErrorCode::InvalidSeek,
            Code::TextFileBusy => ErrorCode::TextFileBusy,
            Code::CrossDevice => ErrorCode::CrossDevice,
            // 0.2 has no case for everything else.
            _ => ErrorCode::Io,
        }
    }
}

impl From<Error> for ErrorCode {
    fn from(error: Error) -> Self {
        error.code().into()
    }
}

/// The error of a stream of a file, with its code.
pub(crate) fn explain(error: Error) -> IoError {
    IoError::with_code(error.to_string(), ErrorCode::from(error.code()))
}

/// Spec: wasi:filesystem/types.filesystem-error-code.
pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker.instance(super::TYPES)?.func("filesystem-error-code", |mut caller, (error,): (Resource<IoError>,)| {
        Ok(caller.data_mut().wasi().table.get(&error)?.code::<ErrorCode>().copied())
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_error_keeps_its_code_and_words() {
        let error = explain(Error::new(Code::InsufficientSpace, "the disk is full"));
        assert_eq!(error.code(), Some(&ErrorCode::InsufficientSpace));
        assert_eq!(error.text(), "the disk is full");
        assert_eq!(explain(Code::ConnectionReset.into()).code(), Some(&ErrorCode::Io));
    }
}
