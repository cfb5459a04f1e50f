//! `wasi:http`: messages, sending requests, and calling a component that answers them.
//!
//! Bodies are never held whole: a guest's bytes wait, a chunk at a time, until the connection takes them, and a
//! connection's bytes until the guest reads them. Sending wants a grant as TCP does (see
//! [`NetworkPolicy`](crate::NetworkPolicy)). [`Service`] is what a server needs.

mod body;
mod client;
mod consume;
mod content_length;
mod error_code;
mod fields;
mod incoming_body;
mod outgoing_body;
mod request;
pub(crate) mod request_line;
mod request_options;
mod response;
mod service;
mod syntax;
pub(crate) mod types;

use std::sync::Arc;

use thalweg::{Linker, Result};

pub use body::{HttpBody, empty_body, full_body};
pub use error_code::{DnsErrorPayload, ErrorCode, FieldSizePayload, TlsAlertReceivedPayload};
pub use fields::{DEFAULT_MAX_FIELDS_SIZE, Fields, HeaderError};
pub use request::Request;
pub use request_options::{RequestOptions, RequestOptionsError};
pub use response::Response;
pub use service::{HandleError, Handling, Service, ServiceHandle};
pub use syntax::{Method, Scheme};

pub(crate) use body::{Body, GuestBody};
pub(crate) use client::{hand_on, send_request};
pub(crate) use outgoing_body::{BodyWriter, written_body};
pub(crate) use response::parse_status;
pub(crate) use service::ReplyOnce;
pub(crate) use syntax::split_port;

use crate::WasiView;
use crate::sys::HttpClient;

/// What a context has for HTTP.
#[derive(Clone)]
pub struct HttpContext {
    /// Where requests go.
    pub client: Arc<dyn HttpClient>,
    /// Who serves the import of `wasi:http/handler`, and of `incoming-handler` of 0.2; without it, the network.
    pub handler: Option<Arc<dyn HttpClient>>,
    /// Bytes that the fields of one message may have.
    pub max_fields_size: usize,
}

/// Defines the package's interfaces.
///
/// # Errors
///
/// When one of the names is defined already.
pub fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    types::add_to_linker(linker)?;
    client::add_to_linker(linker)
}
