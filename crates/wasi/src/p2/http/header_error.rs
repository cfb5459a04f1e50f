//! Spec: wasi:http/types.header-error.

use thalweg::{Error, Result};

use crate::http;

thalweg::wit_variant! {
    /// Why fields were not changed. Spec: wasi:http/types.header-error.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum HeaderError {
        InvalidSyntax as "invalid-syntax",
        Forbidden as "forbidden",
        Immutable as "immutable",
    }
}

/// What the guest is told. 0.2 has no word for fields that are too large, so they trap.
pub(super) fn told<R>(outcome: Result<R, http::HeaderError>) -> Result<Result<R, HeaderError>> {
    Ok(Err(match outcome {
        Ok(value) => return Ok(Ok(value)),
        Err(http::HeaderError::InvalidSyntax) => HeaderError::InvalidSyntax,
        Err(http::HeaderError::Forbidden) => HeaderError::Forbidden,
        Err(http::HeaderError::Immutable) => HeaderError::Immutable,
        Err(http::HeaderError::SizeExceeded | http::HeaderError::Other(_)) => {
            return Err(Error::refused("wasi:http/types.fields: more bytes than the fields of one message may have")
                .with_hint("max-http-fields-size is the limit; WASI 0.2 has no error for it"));
        }
    }))
}
