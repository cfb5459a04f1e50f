//! Spec: wasi:http/types.response-outparam.

use http::Method;
use thalweg::{Caller, LinkerInstance, Resource, Result};

use super::OutgoingResponse;
use crate::WasiView;
use crate::http::{ErrorCode, HandleError, HttpBody, ReplyOnce};
use crate::table_resource::TableResource;

/// Where a guest puts its answer. Spec: wasi:http/types.response-outparam. Dropping it says that there will be none.
pub struct ResponseOutparam {
    method: Method,
    reply: ReplyOnce,
}

impl ResponseOutparam {
    /// For the answer to a request of `method`.
    pub(crate) fn new(method: Method, reply: ReplyOnce) -> Self {
        ResponseOutparam { method, reply }
    }

    /// Answers with what somebody else made.
    pub(super) fn answer(self, response: Result<http::Response<HttpBody>, ErrorCode>) {
        self.reply.give();
        self.reply.set(response.map_err(HandleError::Guest));
    }
}

impl Drop for ResponseOutparam {
    fn drop(&mut self) {
        self.reply.none();
    }
}

type This = Resource<ResponseOutparam>;

/// Spec: response-outparam.set. The answer goes out when its headers can; the guest goes on.
fn set<T: WasiView>(
    mut caller: Caller<'_, T>,
    this: This,
    response: Result<Resource<OutgoingResponse>, ErrorCode>,
) -> Result<()> {
    let access = caller.access();
    let mut data = caller.data_mut();
    let table = &mut data.wasi().table;
    let this = table.delete(this)?;
    let outcome = match response {
        Ok(response) => Ok(table.delete(response)?.into_response(&this.method)),
        Err(code) => Err(HandleError::Guest(code)),
    };
    drop(data);
    this.reply.give();
    match outcome {
        Err(why) => this.reply.set(Err(why)),
        Ok(response) => caller.access().spawn(async move {
            this.reply.set(response.into_outgoing(&this.method, &access).await.map_err(HandleError::Guest));
        }),
    }
    Ok(())
}

pub(super) fn add_to_linker<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types.table_resource::<ResponseOutparam>("response-outparam")?;
    types.func(
        "[static]response-outparam.set",
        |caller, (this, response): (This, Result<Resource<OutgoingResponse>, ErrorCode>)| set(caller, this, response),
    )?;
    Ok(())
}
