//! A component that answers HTTP requests, driven: many requests at once in one instance.

mod queue;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use thalweg::{Instance, Resource, Result, StartedCall, Store, TypedFunc};

use queue::{Answering, Job, Queue};
pub use queue::{HandleError, Handling, ServiceHandle};

use super::{ErrorCode, Request, Response};
use crate::WasiView;

/// Spec: `wasi:http/handler.handle`.
const HANDLE: &str = "wasi:http/handler@0.3.2#handle";

type Answer = std::result::Result<Resource<Response>, ErrorCode>;

/// An instance that answers requests, with its store. [`run`](Self::run) has to be polled for anything to happen: for
/// the answers of [`ServiceHandle::handle`], for the bodies of the responses, and for what guests do afterwards.
pub struct Service<T> {
    store: Store<T>,
    handle: TypedFunc<(Resource<Request>,), Answer>,
    queue: Arc<Queue>,
    running: Vec<Running>,
    /// How long guests may run without letting go.
    interrupt_after: Option<u64>,
}

struct Running {
    call: StartedCall<Answer>,
    method: http::Method,
    /// None when it was handed over with the response.
    reply: Option<Answering>,
    cancelled: bool,
}

impl<T: WasiView> Service<T> {
    /// Takes an instance that exports `wasi:http/handler`, and its store.
    ///
    /// # Errors
    ///
    /// When it exports no such thing.
    pub fn new(mut store: Store<T>, instance: &Instance) -> Result<(Service<T>, ServiceHandle)> {
        let handle = instance.func(&mut store, HANDLE)?;
        let queue = Arc::new(Queue::default());
        let service = Service { store, handle, queue: queue.clone(), running: Vec::new(), interrupt_after: None };
        Ok((service, ServiceHandle::new(queue)))
    }

    /// Interrupts guests that run for `ticks` of the engine's epoch without letting go: a trap. Needs
    /// `Config::epoch_interruption`.
    #[must_use]
    pub fn interrupt_after(mut self, ticks: u64) -> Self {
        self.interrupt_after = Some(ticks);
        self
    }

    /// Answers requests until every [`ServiceHandle`] is dropped, every body was sent and no task is left.
    ///
    /// Dropping the future ends everything at once: calls fail, and bodies on their way end with an error.
    ///
    /// # Errors
    ///
    /// A trap in the instance: it can answer nothing more. Whoever waits for an answer is told, too, and responses whose
    /// body is not whole end with an error.
    pub async fn run(mut self) -> Result<()> {
        let result = poll_fn(|cx| self.poll(cx)).await;
        if let Err(error) = &result {
            let why = HandleError::Trapped(error.message().into());
            self.queue.fail(why.clone());
            for reply in self.running.iter().filter_map(|running| running.reply.as_ref()) {
                reply.set(Err(why.clone()));
            }
        }
        result
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        if let Some(ticks) = self.interrupt_after {
            self.store.set_epoch_deadline(ticks);
        }
        loop {
            let mut moved = false;
            for job in self.queue.take(cx) {
                self.start(job)?;
                moved = true;
            }
            let idle = self.store.poll_progress(cx)?.is_ready();
            moved |= self.answer()?;
            if !moved {
                let live = self.store.live();
                let quiet = self.running.is_empty() && live.tasks == 0 && live.host_tasks == 0;
                return if idle && quiet && self.queue.is_closed() { Poll::Ready(Ok(())) } else { Poll::Pending };
            }
        }
    }

    /// Starts the call for a request.
    fn start(&mut self, job: Job) -> Result<()> {
        let Job { request, secure, reply } = job;
        let method = request.method().clone();
        let resource = {
            let mut data = self.store.data_mut();
            let wasi = data.wasi();
            match Request::received(request, secure, wasi.http.max_fields_size) {
                Ok(request) => wasi.table.push(request)?,
                Err(error) => {
                    reply.set(Err(HandleError::Request(error)));
                    return Ok(());
                }
            }
        };
        match self.handle.start(&mut self.store, (resource,)) {
            Ok(call) => {
                self.running.push(Running { call, method, reply: Some(reply), cancelled: false });
                Ok(())
            }
            Err(error) => {
                reply.set(Err(HandleError::Trapped(error.message().into())));
                Err(error)
            }
        }
    }

    /// Looks which calls are over, and cancels those that nobody waits for; says whether there were any.
    fn answer(&mut self) -> Result<bool> {
        let (store, mut moved, mut result) = (&mut self.store, false, Ok(()));
        self.running.retain_mut(|running| {
            if result.is_err() {
                return true;
            }
            let abandoned = running.reply.as_ref().is_some_and(Answering::is_abandoned);
            if abandoned && !running.cancelled {
                (running.cancelled, moved) = (true, true);
                result = store.cancel(&running.call);
            }
            match store.result_of(&mut running.call) {
                None => true,
                Some(answer) => {
                    moved = true;
                    if let Err(error) = respond(store, running, answer) {
                        result = Err(error);
                    }
                    false
                }
            }
        });
        result.map(|()| moved)
    }
}

impl<T> Drop for Service<T> {
    fn drop(&mut self) {
        self.queue.fail(HandleError::Cancelled);
    }
}

/// Hands a response over as soon as its headers can go out.
fn respond<T: WasiView>(store: &mut Store<T>, running: &mut Running, answer: Result<Answer>) -> Result<()> {
    let Some(reply) = running.reply.take() else { return Ok(()) };
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
    let (access, method) = (store.access(), running.method.clone());
    store.access().spawn(async move {
        reply.set(response.into_outgoing(&method, &access).await.map_err(HandleError::Guest));
    });
    Ok(())
}
