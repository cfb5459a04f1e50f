//! Spec: wasi:sockets/network.error-code, and the errors of streams that carry one.

use crate::p2::io::IoError;
use crate::sys::{Code, Error};

thalweg::wit_enum! {
    /// Why an operation of a socket failed. Spec: wasi:sockets/network.error-code.
    pub enum ErrorCode {
        Unknown as "unknown",
        AccessDenied as "access-denied",
        NotSupported as "not-supported",
        InvalidArgument as "invalid-argument",
        OutOfMemory as "out-of-memory",
        Timeout as "timeout",
        ConcurrencyConflict as "concurrency-conflict",
        NotInProgress as "not-in-progress",
        WouldBlock as "would-block",
        InvalidState as "invalid-state",
        NewSocketLimit as "new-socket-limit",
        AddressNotBindable as "address-not-bindable",
        AddressInUse as "address-in-use",
        RemoteUnreachable as "remote-unreachable",
        ConnectionRefused as "connection-refused",
        ConnectionReset as "connection-reset",
        ConnectionAborted as "connection-aborted",
        DatagramTooLarge as "datagram-too-large",
        NameUnresolvable as "name-unresolvable",
        TemporaryResolverFailure as "temporary-resolver-failure",
        PermanentResolverFailure as "permanent-resolver-failure",
    }
}

impl From<Code> for ErrorCode {
    fn from(code: Code) -> Self {
        match code {
            Code::Access | Code::NotPermitted => ErrorCode::AccessDenied,
            Code::Unsupported => ErrorCode::NotSupported,
            Code::Invalid => ErrorCode::InvalidArgument,
            Code::InsufficientMemory => ErrorCode::OutOfMemory,
            Code::Timeout => ErrorCode::Timeout,
            Code::Already => ErrorCode::ConcurrencyConflict,
            Code::WouldBlock => ErrorCode::WouldBlock,
            Code::InvalidState => ErrorCode::InvalidState,
            Code::TooManyOpen => ErrorCode::NewSocketLimit,
            Code::AddressNotBindable => ErrorCode::AddressNotBindable,
            Code::AddressInUse => ErrorCode::AddressInUse,
            Code::RemoteUnreachable => ErrorCode::RemoteUnreachable,
            Code::ConnectionRefused => ErrorCode::ConnectionRefused,
            Code::ConnectionReset => ErrorCode::ConnectionReset,
            Code::ConnectionAborted => ErrorCode::ConnectionAborted,
            Code::MessageSize => ErrorCode::DatagramTooLarge,
            Code::NameUnresolvable => ErrorCode::NameUnresolvable,
            Code::TemporaryResolverFailure => ErrorCode::TemporaryResolverFailure,
            Code::PermanentResolverFailure => ErrorCode::PermanentResolverFailure,
            _ => ErrorCode::Unknown,
        }
    }
}

impl From<Error> for ErrorCode {
    fn from(error: Error) -> Self {
        error.code().into()
    }
}

/// The error of a stream of a socket, with its code.
pub(super) fn explain(error: Error) -> IoError {
    IoError::with_code(error.to_string(), ErrorCode::from(error.code()))
}
