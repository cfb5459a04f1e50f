//! A response, before it leaves or after it came.

use http::StatusCode;
use thalweg::Access;

use super::body::Body;
use super::content_length::content_length;
use super::outgoing_body::{Expected, outgoing_body};
use super::{ErrorCode, Fields, HttpBody};
use crate::WasiView;

/// The host object behind `wasi:http/types.response`, and the responses of 0.2.
pub struct Response {
    /// Spec: `get-status-code`.
    pub status: StatusCode,
    /// Spec: `get-headers`.
    pub headers: Fields,
    pub(crate) body: Body,
}

impl Response {
    /// A response that came over a connection. Its body is read when a guest reads it.
    ///
    /// # Errors
    ///
    /// `HTTP-response-header-section-size` when its fields have more than `max_fields_size` bytes.
    pub fn received(message: http::Response<HttpBody>, max_fields_size: usize) -> Result<Response, ErrorCode> {
        let (parts, body) = message.into_parts();
        let headers = Fields::received(&parts.headers, max_fields_size)
            .map_err(|size| ErrorCode::HttpResponseHeaderSectionSize(u32::try_from(size).ok()))?;
        Ok(Response { status: parts.status, headers, body: Body::Received(body) })
    }

    /// Whether a connection sends nothing of its body as the answer to a request of `method`.
    pub(crate) fn is_unsent(&self, method: &http::Method) -> bool {
        *method == http::Method::HEAD
            || self.status == StatusCode::NOT_MODIFIED
            || self.status == StatusCode::NO_CONTENT
            || self.status.is_informational()
    }

    /// Makes of it what a connection sends as the answer to a request of `method`. The store of `access` has to be
    /// polled until the body was sent. A body that is not whole ends with an error, on which the connection must be
    /// broken off.
    ///
    /// # Errors
    ///
    /// When the guest took the response back before there was anything of its body.
    pub(crate) async fn into_outgoing<T: WasiView>(
        self,
        method: &http::Method,
        access: &Access<T>,
    ) -> Result<http::Response<HttpBody>, ErrorCode> {
        let unsent = self.is_unsent(method);
        let length = content_length(&self.headers);
        let body = match (self.body, length) {
            (Body::Received(body), _) => body,
            (Body::Guest(body), Err(())) => {
                body.sent.complete(Err(ErrorCode::HttpProtocolError));
                return Err(ErrorCode::HttpProtocolError);
            }
            (Body::Written(..), Err(())) => return Err(ErrorCode::HttpProtocolError),
            (Body::Written(body, outgoing), Ok(length)) => {
                // See below.
                if length == Some(0) || outgoing.is_over() {
                    outgoing.ended().await?;
                }
                body
            }
            (Body::Guest(body), Ok(length)) => {
                let nothing = body.contents.is_none();
                let expected = Expected { length, hold_last: true, wrong_length: ErrorCode::HttpResponseBodySize };
                let (body, outgoing) = outgoing_body(body, expected, unsent, access);
                // A connection sends an empty body without asking whether it is whole.
                if nothing {
                    outgoing.ended().await?;
                }
                body
            }
        };
        let mut message = http::Response::new(body);
        *message.status_mut() = self.status;
        *message.headers_mut() = self.headers.to_headers();
        Ok(message)
    }
}

/// The status of a number; those above 599 mean nothing in HTTP (RFC 9110, 15).
pub(crate) fn parse_status(status: u16) -> Option<StatusCode> {
    StatusCode::from_u16(status).ok().filter(|status| status.as_u16() < 600)
}
