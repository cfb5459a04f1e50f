//! The body of a message: a guest's, or one that came over a connection.

use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use thalweg::{FutureReader, Resource, StreamReader};

use super::outgoing_body::Outgoing;
use super::{ErrorCode, Fields};
use crate::completion::Completer;

/// A body outside of guests: data, then perhaps trailers. An error before its end means that it is not whole.
pub type HttpBody = UnsyncBoxBody<Bytes, ErrorCode>;

/// What a guest says of trailers.
pub(crate) type Trailers = Result<Option<Resource<Fields>>, ErrorCode>;

/// How sending a message ended.
pub(crate) type Sent = Result<(), ErrorCode>;

/// A body.
pub(crate) enum Body {
    /// It is outside of guests, most often still on its way.
    Received(HttpBody),
    /// A guest makes it.
    Guest(GuestBody),
    /// A guest of 0.2 writes it.
    Written(HttpBody, Outgoing),
}

impl Body {
    /// The body, if it came over a connection; then an empty one is left.
    pub(crate) fn take_received(&mut self) -> Option<HttpBody> {
        match std::mem::replace(self, Body::Received(empty_body())) {
            Body::Received(body) => Some(body),
            Body::Guest(_) | Body::Written(..) => None,
        }
    }
}

/// What a guest gave to `new`.
pub(crate) struct GuestBody {
    /// Spec: `contents`.
    pub(crate) contents: Option<StreamReader<u8>>,
    /// Spec: `trailers`.
    pub(crate) trailers: FutureReader<Trailers>,
    /// The other side of the future that `new` returned.
    pub(crate) sent: Completer<Sent>,
}

/// A body without data and trailers.
#[must_use]
pub fn empty_body() -> HttpBody {
    http_body_util::Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// A body of these bytes.
#[must_use]
pub fn full_body(bytes: impl Into<Bytes>) -> HttpBody {
    http_body_util::Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}
