//! Answers that the server gives itself.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use thalweg_wasi::http::{ErrorCode, HandleError, HttpBody, full_body};

/// Seconds after which a client may try again.
const TRY_AGAIN_AFTER: u32 = 1;

/// A response of `status` that says why in one line.
pub fn refusal(status: StatusCode, why: &str) -> Response<HttpBody> {
    let mut response = Response::new(full_body(Bytes::from(format!("{status}: {why}\n"))));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, HeaderValue::from(TRY_AGAIN_AFTER));
    }
    response
}

/// What a client is told when the component has no response. Why it has none is for the log, not for the client.
pub fn without_response(error: &HandleError) -> Response<HttpBody> {
    let (status, why) = match error {
        HandleError::Request(code) => match code {
            ErrorCode::HttpRequestHeaderSectionSize(_) => {
                (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers are too large")
            }
            _ => (StatusCode::BAD_REQUEST, "the request is not well formed"),
        },
        HandleError::Guest(_) => (StatusCode::INTERNAL_SERVER_ERROR, "the component answered with an error"),
        HandleError::Trapped(_) => (StatusCode::INTERNAL_SERVER_ERROR, "the component failed"),
        HandleError::Cancelled => (StatusCode::INTERNAL_SERVER_ERROR, "the component did not answer"),
    };
    refusal(status, why)
}
