//! Spec: `wasi:http/types.error-code`.

use std::fmt;

use crate::sys;

thalweg::wit_record! {
    /// Spec: `wasi:http/types.DNS-error-payload`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct DnsErrorPayload {
        /// What the name server answered.
        rcode: Option<String> as "rcode",
        /// More about it, by RFC 8914.
        info_code: Option<u16> as "info-code",
    }
}

thalweg::wit_record! {
    /// Spec: `wasi:http/types.TLS-alert-received-payload`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct TlsAlertReceivedPayload {
        /// Its number.
        alert_id: Option<u8> as "alert-id",
        /// Its name.
        alert_message: Option<String> as "alert-message",
    }
}

thalweg::wit_record! {
    /// Spec: `wasi:http/types.field-size-payload`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct FieldSizePayload {
        /// Which field.
        field_name: Option<String> as "field-name",
        /// Its size in bytes.
        field_size: Option<u32> as "field-size",
    }
}

thalweg::wit_variant! {
    /// Why a request or response did not come through. Spec: `wasi:http/types.error-code`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum ErrorCode {
        DnsTimeout as "DNS-timeout",
        DnsError(DnsErrorPayload) as "DNS-error",
        DestinationNotFound as "destination-not-found",
        DestinationUnavailable as "destination-unavailable",
        DestinationIpProhibited as "destination-IP-prohibited",
        DestinationIpUnroutable as "destination-IP-unroutable",
        ConnectionRefused as "connection-refused",
        ConnectionTerminated as "connection-terminated",
        ConnectionTimeout as "connection-timeout",
        ConnectionReadTimeout as "connection-read-timeout",
        ConnectionWriteTimeout as "connection-write-timeout",
        ConnectionLimitReached as "connection-limit-reached",
        TlsProtocolError as "TLS-protocol-error",
        TlsCertificateError as "TLS-certificate-error",
        TlsAlertReceived(TlsAlertReceivedPayload) as "TLS-alert-received",
        HttpRequestDenied as "HTTP-request-denied",
        HttpRequestLengthRequired as "HTTP-request-length-required",
        HttpRequestBodySize(Option<u64>) as "HTTP-request-body-size",
        HttpRequestMethodInvalid as "HTTP-request-method-invalid",
        HttpRequestUriInvalid as "HTTP-request-URI-invalid",
        HttpRequestUriTooLong as "HTTP-request-URI-too-long",
        HttpRequestHeaderSectionSize(Option<u32>) as "HTTP-request-header-section-size",
        HttpRequestHeaderSize(Option<FieldSizePayload>) as "HTTP-request-header-size",
        HttpRequestTrailerSectionSize(Option<u32>) as "HTTP-request-trailer-section-size",
        HttpRequestTrailerSize(FieldSizePayload) as "HTTP-request-trailer-size",
        HttpResponseIncomplete as "HTTP-response-incomplete",
        HttpResponseHeaderSectionSize(Option<u32>) as "HTTP-response-header-section-size",
        HttpResponseHeaderSize(FieldSizePayload) as "HTTP-response-header-size",
        HttpResponseBodySize(Option<u64>) as "HTTP-response-body-size",
        HttpResponseTrailerSectionSize(Option<u32>) as "HTTP-response-trailer-section-size",
        HttpResponseTrailerSize(FieldSizePayload) as "HTTP-response-trailer-size",
        HttpResponseTransferCoding(Option<String>) as "HTTP-response-transfer-coding",
        HttpResponseContentCoding(Option<String>) as "HTTP-response-content-coding",
        HttpResponseTimeout as "HTTP-response-timeout",
        HttpUpgradeFailed as "HTTP-upgrade-failed",
        HttpProtocolError as "HTTP-protocol-error",
        LoopDetected as "loop-detected",
        ConfigurationError as "configuration-error",
        InternalError(Option<String>) as "internal-error",
    }
}

impl ErrorCode {
    /// An `internal-error` with words about it.
    #[must_use]
    pub fn internal(words: impl Into<String>) -> Self {
        ErrorCode::InternalError(Some(words.into()))
    }

    /// A `DNS-error` with the name of what the name server answered.
    #[must_use]
    pub fn dns(rcode: impl Into<String>) -> Self {
        ErrorCode::DnsError(DnsErrorPayload { rcode: Some(rcode.into()), info_code: None })
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ErrorCode::InternalError(Some(words)) => f.write_str(words),
            other => write!(f, "{other:?}"),
        }
    }
}

impl std::error::Error for ErrorCode {}

/// How a connection failed, or looking a name up did.
impl From<sys::Error> for ErrorCode {
    fn from(error: sys::Error) -> Self {
        use sys::Code;
        match error.code() {
            Code::Access | Code::NotPermitted => ErrorCode::HttpRequestDenied,
            Code::ConnectionRefused => ErrorCode::ConnectionRefused,
            Code::ConnectionReset | Code::ConnectionAborted | Code::Pipe => ErrorCode::ConnectionTerminated,
            Code::Timeout => ErrorCode::ConnectionTimeout,
            Code::TooManyOpen => ErrorCode::ConnectionLimitReached,
            Code::RemoteUnreachable | Code::AddressNotBindable => ErrorCode::DestinationIpUnroutable,
            Code::NameUnresolvable => ErrorCode::dns("NXDOMAIN"),
            Code::TemporaryResolverFailure | Code::PermanentResolverFailure => ErrorCode::dns("SERVFAIL"),
            Code::Invalid => ErrorCode::DestinationNotFound,
            _ => ErrorCode::internal(error.to_string()),
        }
    }
}
