//! What hyper, rustls and the OS say, in WIT's words.

use std::error::Error;
use std::io;

use tokio_rustls::rustls;

use crate::http::{ErrorCode, TlsAlertReceivedPayload};
use crate::native::errno::from_io;

/// Why an exchange failed.
pub(super) fn from_hyper(error: &hyper::Error) -> ErrorCode {
    let mut source = error.source();
    while let Some(this) = source {
        if let Some(code) = this.downcast_ref::<ErrorCode>() {
            return code.clone();
        }
        if let Some(failed) = this.downcast_ref::<io::Error>() {
            return from_stream(failed);
        }
        source = this.source();
    }
    if error.is_incomplete_message() {
        ErrorCode::HttpResponseIncomplete
    } else if error.is_parse_too_large() {
        ErrorCode::HttpResponseHeaderSectionSize(None)
    } else if error.is_closed() || error.is_canceled() || error.is_body_write_aborted() {
        ErrorCode::ConnectionTerminated
    } else if error.is_timeout() {
        ErrorCode::ConnectionReadTimeout
    } else {
        ErrorCode::HttpProtocolError
    }
}

/// Why a response's body failed: whatever ended the connection, the response is not whole.
pub(super) fn from_body(error: &hyper::Error) -> ErrorCode {
    match from_hyper(error) {
        ErrorCode::ConnectionTerminated => ErrorCode::HttpResponseIncomplete,
        other => other,
    }
}

/// Why a connection failed that was there.
pub(super) fn from_stream(failed: &io::Error) -> ErrorCode {
    if let Some(tls) = failed.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return from_tls(tls);
    }
    match failed.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe => ErrorCode::ConnectionTerminated,
        // A body that is framed wrongly.
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => ErrorCode::HttpProtocolError,
        _ => ErrorCode::from(from_io(failed)),
    }
}

fn from_tls(error: &rustls::Error) -> ErrorCode {
    match error {
        rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => ErrorCode::TlsCertificateError,
        rustls::Error::AlertReceived(alert) => ErrorCode::TlsAlertReceived(TlsAlertReceivedPayload {
            alert_id: Some(u8::from(*alert)),
            alert_message: Some(format!("{alert:?}")),
        }),
        _ => ErrorCode::TlsProtocolError,
    }
}
