//! wasi:io/streams: the variant `stream-error`.

use thalweg::{Resource, ResourceTable, Result};

use super::IoError;
use super::latch::Broken;

thalweg::wit_variant! {
    /// Why an operation of a stream failed. Spec: wasi:io/streams.stream-error.
    #[derive(Debug)]
    pub enum StreamError {
        /// The operation, or one that was accepted earlier, failed; every later one is `Closed`.
        LastOperationFailed(Resource<IoError>) as "last-operation-failed",
        /// The stream is at its end.
        Closed as "closed",
    }
}

/// What an operation of a stream gives to the guest.
pub(super) type Told<R> = Result<Result<R, StreamError>>;

/// Gives the guest a handle to the error, if there is one.
pub(super) fn tell<R>(table: &mut ResourceTable, result: Result<R, Broken>) -> Told<R> {
    Ok(match result {
        Ok(value) => Ok(value),
        Err(Broken::Closed) => Err(StreamError::Closed),
        Err(Broken::Failed(error)) => Err(StreamError::LastOperationFailed(table.push(error)?)),
    })
}
