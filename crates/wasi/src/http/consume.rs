//! Spec: `consume-body` of requests and responses.

use thalweg::{Access, FutureReader, StreamReader};

use super::ErrorCode;
use super::body::{Body, Sent, Trailers};
use super::incoming_body::{incoming_body, no_contents};
use crate::WasiView;

/// What `consume-body` gives.
pub(super) type Consumed = (StreamReader<u8>, FutureReader<Trailers>);

/// Lets a guest read `body`. What it says of its handling goes to the guest that made it; a connection is told only by
/// the body's end, which it has sent already or breaks off.
pub(super) fn consume<T: WasiView>(
    body: Body,
    handled: FutureReader<Sent>,
    access: Access<T>,
    too_big: fn(Option<u32>) -> ErrorCode,
) -> Consumed {
    match body {
        Body::Received(body) | Body::Written(body, _) => {
            let max_fields_size = access.with(|view| view.wasi().http.max_fields_size);
            incoming_body(body, access, max_fields_size, too_big)
        }
        Body::Guest(body) => {
            access.spawn(async move {
                body.sent.complete(match handled.await {
                    Ok(Some(handled)) => handled,
                    Ok(None) => Ok(()),
                    Err(error) => Err(ErrorCode::internal(error.to_string())),
                });
            });
            (body.contents.unwrap_or_else(no_contents), body.trailers)
        }
    }
}
