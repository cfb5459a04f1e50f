//! Spec: wasi:filesystem/types.error-code, and the errors of streams that carry one.

use thalweg::{Linker, Resource, Result};

use crate::WasiView;
use crate::filesystem::common_cases;
use crate::p2::io::IoError;
use crate::sys::{Code, Error};

macro_rules! define {
    ($($case:ident as $name:literal,)*) => {
        thalweg::wit_enum! {
            /// Why an operation on files failed. Spec: wasi:filesystem/types.error-code.
            pub enum ErrorCode {
                Access as "access",
                WouldBlock as "would-block",
                $($case as $name,)*
            }
        }

        impl From<Code> for ErrorCode {
            fn from(code: Code) -> Self {
                match code {
                    Code::Access => ErrorCode::Access,
                    Code::WouldBlock => ErrorCode::WouldBlock,
                    $(Code::$case => ErrorCode::$case,)*
                    // 0.2 has no case for everything else.
                    _ => ErrorCode::Io,
                }
            }
        }
    };
}
common_cases!(define);

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
