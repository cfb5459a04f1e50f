//! Spec: `wasi:cli/types`.

use crate::sys::{Code, Error};

thalweg::wit_enum! {
    /// Why a standard stream failed. Spec: `wasi:cli/types.error-code`.
    pub enum ErrorCode {
        Io as "io",
        IllegalByteSequence as "illegal-byte-sequence",
        Pipe as "pipe",
    }
}

impl From<Error> for ErrorCode {
    fn from(error: Error) -> Self {
        match error.code() {
            Code::Pipe => ErrorCode::Pipe,
            Code::IllegalByteSequence => ErrorCode::IllegalByteSequence,
            _ => ErrorCode::Io,
        }
    }
}
