//! The calls of a service, by the interface that the component exports.

use thalweg::{Instance, Resource, Result, StartedCall, Store, TypedFunc};

use super::queue::{Answering, HandleError, ReplyOnce};
use crate::WasiView;
use crate::http::{ErrorCode, Request, Response};
use crate::p2::http::{IncomingRequest, ResponseOutparam};

/// Spec: `wasi:http/handler.handle`.
const HANDLE: &str = "wasi:http/handler@0.3.2#handle";
/// Spec: `wasi:http/incoming-handler.handle`.
const HANDLE_0_2: &str = "wasi:http/incoming-handler@0.2.12#handle";

type Answer = std::result::Result<Resource<Response>, ErrorCode>;

/// How the component answers.
pub(super) enum Export {
    /// By its result, which 0.3 has.
    Handler(TypedFunc<(Resource<Request>,), Answer>),
    /// By a call from within, which 0.2 has.
    IncomingHandler(TypedFunc<(Resource<IncomingRequest>, Resource<ResponseOutparam>), ()>),
}

/// A call that is not over.
pub(super) struct Running {
    method: http::Method,
    call: Call,
}

enum Call {
    Handler {
        call: StartedCall<Answer>,
        /// None when it was handed over with the response.
        reply: Option<Answering>,
        cancelled: bool,
    },
    IncomingHandler {
        call: StartedCall<()>,
        reply: ReplyOnce,
    },
}

impl Export {
    /// What `instance` has: 0.3 before 0.2.
    pub(super) fn of<T: WasiView>(store: &mut Store<T>, instance: &Instance) -> Result<Export> {
        if !instance.has_func(store, HANDLE) && instance.has_func(store, HANDLE_0_2) {
            return instance.func(store, HANDLE_0_2).map(Export::IncomingHandler);
        }
        instance.func(store, HANDLE).map(Export::Handler)
    }

    /// Starts the call for a request.
    pub(super) fn start<T: WasiView>(
        &self,
        store: &mut Store<T>,
        request: Request,
        method: http::Method,
        reply: Answering,
    ) -> Result<Running> {
        let trapped = |error: &thalweg::Error| HandleError::Trapped(error.message().into());
        let call = match self {
            Export::Handler(handle) => {
                let request = store.data_mut().wasi().table.push(request)?;
                match handle.start(store, (request,)) {
                    Ok(call) => Call::Handler { call, reply: Some(reply), cancelled: false },
                    Err(error) => {
                        reply.set(Err(trapped(&error)));
                        return Err(error);
                    }
                }
            }
            Export::IncomingHandler(handle) => {
                let reply = ReplyOnce::new(reply);
                let params = {
                    let mut data = store.data_mut();
                    let table = &mut data.wasi().table;
                    let request = table.push(IncomingRequest::new(request))?;
                    (request, table.push(ResponseOutparam::new(method.clone(), reply.clone()))?)
                };
                let call = handle.start(store, params).inspect_err(|error| reply.set(Err(trapped(error))))?;
                Call::IncomingHandler { call, reply }
            }
        };
        Ok(Running { method, call })
    }
}

/// How far a call is.
pub(super) enum Step {
    /// As far as before.
    Waits,
    /// Something was done for it.
    Moved,
    /// It is over.
    Over,
}

impl Running {
    /// Says why there is no answer, if there is none.
    pub(super) fn fail(&self, why: HandleError) {
        match &self.call {
            Call::Handler { reply: Some(reply), .. } => reply.set(Err(why)),
            Call::Handler { reply: None, .. } => {}
            Call::IncomingHandler { reply, .. } => reply.set(Err(why)),
        }
    }

    /// Answers when there is an answer, and cancels the call when nobody waits for one and it can be cancelled: in 0.3.
    pub(super) fn step<T: WasiView>(&mut self, store: &mut Store<T>) -> Result<Step> {
        match &mut self.call {
            Call::Handler { call, reply, cancelled } => {
                let mut step = Step::Waits;
                if reply.as_ref().is_some_and(Answering::is_abandoned) && !*cancelled {
                    (*cancelled, step) = (true, Step::Moved);
                    store.cancel(call)?;
                }
                let Some(answer) = store.result_of(call) else { return Ok(step) };
                if let Some(reply) = reply.take() {
                    respond(store, &self.method, reply, answer)?;
                }
                Ok(Step::Over)
            }
            Call::IncomingHandler { call, reply } => {
                let Some(result) = store.result_of(call) else { return Ok(Step::Waits) };
                match result {
                    Ok(()) => reply.none(),
                    Err(_) => reply.set(Err(HandleError::Cancelled)),
                }
                Ok(Step::Over)
            }
        }
    }
}

/// Hands a response over as soon as its headers can go out.
fn respond<T: WasiView>(
    store: &mut Store<T>,
    method: &http::Method,
    reply: Answering,
    answer: Result<Answer>,
) -> Result<()> {
    let resource = match answer {
        Ok(Ok(resource)) => resource,
        Ok(Err(code)) => {
            reply.set(Err(HandleError::Guest(code)));
            return Ok(());
        }
        Err(_) => {
            reply.set(Err(HandleError::Cancelled));
            return Ok(());
        }
    };
    let response = store.data_mut().wasi().table.delete(resource)?;
    let (access, method) = (store.access(), method.clone());
    store.access().spawn(async move {
        reply.set(response.into_outgoing(&method, &access).await.map_err(HandleError::Guest));
    });
    Ok(())
}
