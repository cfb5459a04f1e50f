//! Spec: wasi:http/types.outgoing-request.

use thalweg::{Caller, LinkerInstance, Resource, Result};

use super::{Answer, OutgoingBody, headers};
use crate::WasiView;
use crate::http::request_line::{HasRequest, getters, setters};
use crate::http::{Body, BodyWriter, ErrorCode, Fields, Method, Request, RequestOptions, written_body};
use crate::table_resource::TableResource;

/// A request that the guest makes. Spec: wasi:http/types.outgoing-request.
pub struct OutgoingRequest {
    request: Request,
    /// Until the guest has asked for it.
    writer: Option<BodyWriter>,
}

impl OutgoingRequest {
    /// A request with these headers, and nothing else yet.
    #[must_use]
    pub fn new(headers: Fields) -> Self {
        let headers = headers.immutable();
        let (writer, body, outgoing) = written_body(&headers, false, ErrorCode::HttpRequestBodySize);
        let request = Request {
            method: Method::Get,
            scheme: None,
            authority: None,
            path_with_query: None,
            headers,
            options: None,
            body: Body::Written(body, outgoing),
        };
        OutgoingRequest { request, writer: Some(writer) }
    }

    /// The request of 0.3 behind it. A body that the guest did not ask for is empty.
    pub(super) fn into_request(self, options: Option<RequestOptions>) -> Request {
        if let Some(writer) = self.writer {
            // When the headers promise bytes, sending fails with the same error.
            let _ = writer.finish(None);
        }
        Request { options, ..self.request }
    }
}

impl HasRequest for OutgoingRequest {
    fn request(&mut self) -> &mut Request {
        &mut self.request
    }
}

type This = Resource<OutgoingRequest>;

pub(super) fn add_to_linker<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types.table_resource::<OutgoingRequest>("outgoing-request")?;
    types.func("[constructor]outgoing-request", |mut caller, (headers,): (Resource<Fields>,)| {
        let mut data = caller.data_mut();
        let table = &mut data.wasi().table;
        let headers = table.delete(headers)?;
        table.push(OutgoingRequest::new(headers))
    })?;
    types.func("[method]outgoing-request.body", |caller, (this,): (This,)| body(caller, &this))?;
    headers(types, "outgoing-request", |this: &OutgoingRequest| &this.request.headers)?;
    getters::<OutgoingRequest, T>(types, "outgoing-request", "")?;
    setters::<OutgoingRequest, T>(types, "outgoing-request")
}

/// Spec: outgoing-request.body.
fn body<T: WasiView>(mut caller: Caller<'_, T>, this: &This) -> Answer<Resource<OutgoingBody>> {
    let mut data = caller.data_mut();
    let table = &mut data.wasi().table;
    match table.get_mut(this)?.writer.take() {
        Some(writer) => table.push(OutgoingBody::new(writer)).map(Ok),
        None => Ok(Err(())),
    }
}
