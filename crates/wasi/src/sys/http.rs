//! HTTP requests that leave.

use std::time::Duration;

use super::BoxFuture;
use crate::http::{ErrorCode, HttpBody};
use crate::sockets::NetworkGrant;

/// A request that is well formed, and what is to be known to send it.
pub struct OutgoingRequest {
    /// Method, headers, body, and a URI that is only path and query.
    pub message: http::Request<HttpBody>,
    /// Whether it goes through TLS.
    pub tls: bool,
    /// Host and port as the guest wrote them, without a user's name.
    pub authority: String,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// The network, and what of it may be used.
    pub network: NetworkGrant,
}

/// How long to wait for parts of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Until there is a connection: the name's address, TCP and TLS.
    pub connect: Duration,
    /// From there until the first byte of the response's body.
    pub first_byte: Duration,
    /// Until the next bytes of it.
    pub between_bytes: Duration,
}

impl Default for Timeouts {
    /// Ten minutes each.
    fn default() -> Self {
        let long = Duration::from_secs(600);
        Timeouts { connect: long, first_byte: long, between_bytes: long }
    }
}

/// Where requests go. What of the network may be used is asked of the request's own grant.
pub trait HttpClient: Send + Sync + 'static {
    /// Sends a request. The response comes as soon as its headers are there; its body is read while it arrives.
    ///
    /// Dropping the future, or the response's body before its end, ends the exchange.
    fn send(&self, request: OutgoingRequest) -> BoxFuture<Result<http::Response<HttpBody>, ErrorCode>>;
}
