//! Spec: `wasi:filesystem/types.error-code`.

use crate::sys::{Code, Error};

/// Hands the cases that every version of `wasi:filesystem` has, each named as our own code, in the standard's order, to a
/// macro. `access` comes before them, and what a version has of its own before or after.
macro_rules! common_cases {
    ($define:ident) => {
        $define! {
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
    };
}
pub(crate) use common_cases;

macro_rules! define {
    ($($case:ident as $name:literal,)*) => {
        thalweg::wit_variant! {
            /// Why an operation on files failed. Spec: `wasi:filesystem/types.error-code`.
            #[derive(Debug, Clone, PartialEq, Eq)]
            pub enum ErrorCode {
                Access as "access",
                $($case as $name,)*
                Other(Option<String>) as "other",
            }
        }

        impl From<Error> for ErrorCode {
            fn from(error: Error) -> Self {
                match error.code() {
                    Code::Access => ErrorCode::Access,
                    $(Code::$case => ErrorCode::$case,)*
                    _ => ErrorCode::Other(Some(error.to_string())),
                }
            }
        }
    };
}
common_cases!(define);
