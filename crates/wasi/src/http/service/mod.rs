//! A component that answers HTTP requests, driven: many requests at once in one instance.

mod queue;
mod running;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use thalweg::{Instance, Result, Store};

pub(crate) use queue::ReplyOnce;
pub use queue::{HandleError, Handling, ServiceHandle};
use queue::{Job, Queue};

use running::{Export, Running, Step};

use super::Request;
use crate::WasiView;

/// An instance that answers requests, with its store. [`run`](Self::run) has to be polled for anything to happen: for
/// the answers of [`ServiceHandle::handle`], for the bodies of the responses, and for what guests do afterwards.
pub struct Service<T> {
    store: Store<T>,
    handle: Export,
    queue: Arc<Queue>,
    /// Requests that came while there was no room for them.
    waiting: VecDeque<Job>,
    running: Vec<Running>,
    /// How long guests may run without letting go.
    interrupt_after: Option<u64>,
}

impl<T: WasiView> Service<T> {
    /// Takes an instance that exports `wasi:http/handler` of 0.3 or `wasi:http/incoming-handler` of 0.2, and its store. An
    /// instance of 0.2 answers one request at a time; the others wait.
    ///
    /// # Errors
    ///
    /// When it exports no such thing.
    pub fn new(mut store: Store<T>, instance: &Instance) -> Result<(Service<T>, ServiceHandle)> {
        let handle = Export::of(&mut store, instance)?;
        let queue = Arc::new(Queue::default());
        let service = Service {
            store,
            handle,
            queue: queue.clone(),
            waiting: VecDeque::new(),
            running: Vec::new(),
            interrupt_after: None,
        };
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
            for running in &self.running {
                running.fail(why.clone());
            }
            for job in &self.waiting {
                job.reply.set(Err(why.clone()));
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
            self.waiting.extend(self.queue.take(cx));
            while self.has_room()
                && let Some(job) = self.waiting.pop_front()
            {
                moved = true;
                if !job.reply.is_abandoned() {
                    self.start(job)?;
                }
            }
            let idle = self.store.poll_progress(cx)?.is_ready();
            moved |= self.answer()?;
            if !moved {
                let live = self.store.live();
                let quiet =
                    self.running.is_empty() && self.waiting.is_empty() && live.tasks == 0 && live.host_tasks == 0;
                if quiet {
                    self.queue.served();
                }
                return if idle && quiet && self.queue.is_closed() { Poll::Ready(Ok(())) } else { Poll::Pending };
            }
        }
    }

    /// Whether one more call can be started. The runtime lets a call into an instance of which a synchronous function waits
    /// for the host, as the standard says; components of 0.2 were made for one call at a time.
    fn has_room(&self) -> bool {
        self.running.is_empty() || matches!(self.handle, Export::Handler(_))
    }

    /// Starts the call for a request.
    fn start(&mut self, job: Job) -> Result<()> {
        let Job { request, secure, reply } = job;
        let method = request.method().clone();
        let max_fields_size = self.store.data_mut().wasi().http.max_fields_size;
        match Request::received(request, secure, max_fields_size) {
            Ok(request) => self.running.push(self.handle.start(&mut self.store, request, method, reply)?),
            Err(error) => reply.set(Err(HandleError::Request(error))),
        }
        Ok(())
    }

    /// Sees to every call; says whether anything was done.
    fn answer(&mut self) -> Result<bool> {
        let (store, mut moved, mut result) = (&mut self.store, false, Ok(()));
        self.running.retain_mut(|running| {
            if result.is_err() {
                return true;
            }
            match running.step(store) {
                Ok(Step::Waits) => true,
                Ok(Step::Moved) => {
                    moved = true;
                    true
                }
                Ok(Step::Over) => {
                    moved = true;
                    false
                }
                Err(error) => {
                    result = Err(error);
                    true
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
