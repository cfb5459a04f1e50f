//! Spec: wasi:http/types.outgoing-response.

use http::{Method, StatusCode};
use thalweg::{Caller, LinkerInstance, Resource, Result};

use super::{Answer, OutgoingBody, headers};
use crate::WasiView;
use crate::http::{Body, BodyWriter, ErrorCode, Fields, Response, parse_status, written_body};
use crate::table_resource::TableResource;

/// A response that the guest makes. Spec: wasi:http/types.outgoing-response.
pub struct OutgoingResponse {
    response: Response,
    /// Until the guest has asked for it.
    writer: Option<BodyWriter>,
}

impl OutgoingResponse {
    /// A response of status 200 with these headers.
    #[must_use]
    pub fn new(headers: Fields) -> Self {
        let headers = headers.immutable();
        let (writer, body, outgoing) = written_body(&headers, true, ErrorCode::HttpResponseBodySize);
        let response = Response { status: StatusCode::OK, headers, body: Body::Written(body, outgoing) };
        OutgoingResponse { response, writer: Some(writer) }
    }

    /// The response of 0.3 behind it, as the answer to a request of `method`. A body that the guest did not ask for is
    /// empty.
    pub(super) fn into_response(self, method: &Method) -> Response {
        if let Body::Written(_, outgoing) = &self.response.body
            && self.response.is_unsent(method)
        {
            outgoing.unsent();
        }
        if let Some(writer) = self.writer {
            // When the headers promise bytes, answering fails with the same error.
            let _ = writer.finish(None);
        }
        self.response
    }
}

type This = Resource<OutgoingResponse>;

/// Spec: outgoing-response.body.
fn body<T: WasiView>(mut caller: Caller<'_, T>, this: &This) -> Answer<Resource<OutgoingBody>> {
    let mut data = caller.data_mut();
    let table = &mut data.wasi().table;
    match table.get_mut(this)?.writer.take() {
        Some(writer) => table.push(OutgoingBody::new(writer)).map(Ok),
        None => Ok(Err(())),
    }
}

pub(super) fn add_to_linker<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types.table_resource::<OutgoingResponse>("outgoing-response")?;
    types
        .func("[constructor]outgoing-response", |mut caller, (headers,): (Resource<Fields>,)| {
            let mut data = caller.data_mut();
            let table = &mut data.wasi().table;
            let headers = table.delete(headers)?;
            table.push(OutgoingResponse::new(headers))
        })?
        .func("[method]outgoing-response.status-code", |mut caller, (this,): (This,)| {
            caller.data_mut().wasi().table.get(&this).map(|this| this.response.status.as_u16())
        })?
        .func("[method]outgoing-response.set-status-code", |mut caller, (this, status): (This, u16)| {
            let mut data = caller.data_mut();
            let this = data.wasi().table.get_mut(&this)?;
            Ok(parse_status(status).map(|status| this.response.status = status).ok_or(()))
        })?
        .func("[method]outgoing-response.body", |caller, (this,): (This,)| body(caller, &this))?;
    headers(types, "outgoing-response", |this: &OutgoingResponse| &this.response.headers)
}
