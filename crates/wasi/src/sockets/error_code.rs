//! Spec: `wasi:sockets/types.error-code`, and the one of `ip-name-lookup`.

use crate::sys::{Code, Error};

thalweg::wit_variant! {
    /// Why an operation of a socket failed. Spec: `wasi:sockets/types.error-code`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum ErrorCode {
        AccessDenied as "access-denied",
        NotSupported as "not-supported",
        InvalidArgument as "invalid-argument",
        OutOfMemory as "out-of-memory",
        Timeout as "timeout",
        InvalidState as "invalid-state",
        AddressNotBindable as "address-not-bindable",
        AddressInUse as "address-in-use",
        RemoteUnreachable as "remote-unreachable",
        ConnectionRefused as "connection-refused",
        ConnectionBroken as "connection-broken",
        ConnectionReset as "connection-reset",
        ConnectionAborted as "connection-aborted",
        DatagramTooLarge as "datagram-too-large",
        Other(Option<String>) as "other",
    }
}

thalweg::wit_variant! {
    /// Why a name was not looked up. Spec: `wasi:sockets/ip-name-lookup.error-code`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum LookupErrorCode {
        AccessDenied as "access-denied",
        InvalidArgument as "invalid-argument",
        NameUnresolvable as "name-unresolvable",
        TemporaryResolverFailure as "temporary-resolver-failure",
        PermanentResolverFailure as "permanent-resolver-failure",
        Other(Option<String>) as "other",
    }
}

impl From<Error> for ErrorCode {
    fn from(error: Error) -> Self {
        match error.code() {
            Code::Access | Code::NotPermitted => ErrorCode::AccessDenied,
            Code::Unsupported => ErrorCode::NotSupported,
            Code::Invalid => ErrorCode::InvalidArgument,
            Code::InsufficientMemory => ErrorCode::OutOfMemory,
            Code::Timeout => ErrorCode::Timeout,
            Code::InvalidState => ErrorCode::InvalidState,
            Code::AddressNotBindable => ErrorCode::AddressNotBindable,
            Code::AddressInUse => ErrorCode::AddressInUse,
            Code::RemoteUnreachable => ErrorCode::RemoteUnreachable,
            Code::ConnectionRefused => ErrorCode::ConnectionRefused,
            Code::Pipe => ErrorCode::ConnectionBroken,
            Code::ConnectionReset => ErrorCode::ConnectionReset,
            Code::ConnectionAborted => ErrorCode::ConnectionAborted,
            Code::MessageSize => ErrorCode::DatagramTooLarge,
            _ => ErrorCode::Other(Some(error.to_string())),
        }
    }
}

impl From<Error> for LookupErrorCode {
    fn from(error: Error) -> Self {
        match error.code() {
            Code::Access | Code::NotPermitted => LookupErrorCode::AccessDenied,
            Code::Invalid => LookupErrorCode::InvalidArgument,
            Code::NameUnresolvable => LookupErrorCode::NameUnresolvable,
            Code::TemporaryResolverFailure => LookupErrorCode::TemporaryResolverFailure,
            Code::PermanentResolverFailure => LookupErrorCode::PermanentResolverFailure,
            _ => LookupErrorCode::Other(Some(error.to_string())),
        }
    }
}
