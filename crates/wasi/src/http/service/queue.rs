//! How requests reach a service, and its answers whoever waits for them.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::http::{ErrorCode, HttpBody};

/// Why there is no response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandleError {
    /// The request cannot be given to a guest.
    Request(ErrorCode),
    /// The guest answered with an error, or took its response back.
    Guest(ErrorCode),
    /// The guest trapped, in this call or another of the same instance.
    Trapped(String),
    /// The guest agreed to being cancelled, or the service was dropped.
    Cancelled,
}

impl fmt::Display for HandleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HandleError::Request(code) => write!(f, "the request cannot be handled: {code}"),
            HandleError::Guest(code) => write!(f, "the component answered with an error: {code}"),
            HandleError::Trapped(why) => write!(f, "the component trapped: {why}"),
            HandleError::Cancelled => f.write_str("the call was cancelled"),
        }
    }
}

impl std::error::Error for HandleError {}

/// What comes of a request.
pub(crate) type Outcome = Result<http::Response<HttpBody>, HandleError>;

/// A request that waits for its call.
pub(super) struct Job {
    pub(super) request: http::Request<HttpBody>,
    pub(super) secure: bool,
    pub(super) reply: Answering,
}

/// Requests on their way to a service.
#[derive(Default)]
pub(super) struct Queue {
    contents: Mutex<Contents>,
    handles: AtomicUsize,
}

#[derive(Default)]
struct Contents {
    jobs: VecDeque<Job>,
    waker: Option<Waker>,
    /// Whether nothing is left to be done for what came.
    is_idle: bool,
    /// Why no more is taken.
    failed: Option<HandleError>,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that waits; `cx` is woken when there is more, or somebody stopped waiting.
    pub(super) fn take(&self, cx: &Context<'_>) -> VecDeque<Job> {
        let mut contents = self.lock();
        contents.waker = Some(cx.waker().clone());
        mem::take(&mut contents.jobs)
    }

    /// Nothing is left to be done, unless more came.
    pub(super) fn served(&self) {
        let mut contents = self.lock();
        contents.is_idle = contents.jobs.is_empty();
    }

    /// Whether nothing more can come.
    pub(super) fn is_closed(&self) -> bool {
        self.handles.load(Ordering::Acquire) == 0 && self.lock().jobs.is_empty()
    }

    /// Refuses what waits and what comes; the first reason counts.
    pub(super) fn fail(&self, why: HandleError) {
        let (jobs, why) = {
            let mut contents = self.lock();
            let why = contents.failed.get_or_insert(why).clone();
            (mem::take(&mut contents.jobs), why)
        };
        for job in jobs {
            job.reply.set(Err(why.clone()));
        }
    }

    fn wake(&self) {
        let waker = self.lock().waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Whoever has to answer. Dropping it without an answer says that there will be none.
pub(crate) struct Answering(Arc<Reply>);

impl Answering {
    /// See [`Reply::set`].
    pub(crate) fn set(&self, outcome: Outcome) {
        self.0.set(outcome);
    }

    /// Whether nobody waits.
    pub(super) fn is_abandoned(&self) -> bool {
        self.0.lock().abandoned
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.set(Err(HandleError::Cancelled));
    }
}

/// Whoever has to answer, shared by the guest, who may do so, and the call, which knows when it can't any more.
#[derive(Clone)]
pub(crate) struct ReplyOnce(Arc<Promised>);

struct Promised {
    answering: Answering,
    /// Whether an answer is on its way.
    is_given: AtomicBool,
}

impl ReplyOnce {
    pub(super) fn new(answering: Answering) -> Self {
        ReplyOnce(Arc::new(Promised { answering, is_given: AtomicBool::new(false) }))
    }

    /// An answer is on its way.
    pub(crate) fn give(&self) {
        self.0.is_given.store(true, Ordering::Release);
    }

    /// See [`Reply::set`].
    pub(crate) fn set(&self, outcome: Outcome) {
        self.0.answering.set(outcome);
    }

    /// Says that there is no answer, unless one is on its way.
    pub(crate) fn none(&self) {
        if !self.0.is_given.load(Ordering::Acquire) {
            self.set(Err(HandleError::Guest(ErrorCode::internal("the component set no response"))));
        }
    }
}

/// Where an answer is left.
struct Reply(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    outcome: Option<Outcome>,
    waker: Option<Waker>,
    answered: bool,
    abandoned: bool,
}

impl Reply {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves an answer; the first counts. One that nobody waits for is dropped, and its body with it.
    fn set(&self, outcome: Outcome) {
        let mut waiting = self.lock();
        if !waiting.abandoned && !waiting.answered {
            waiting.answered = true;
            waiting.outcome = Some(outcome);
            if let Some(waker) = waiting.waker.take() {
                drop(waiting);
                waker.wake();
            }
        }
    }
}

/// Where requests for a [`Service`](super::Service) are left, from any thread. The service ends when all clones are
/// dropped.
pub struct ServiceHandle(Arc<Queue>);

impl ServiceHandle {
    pub(super) fn new(queue: Arc<Queue>) -> Self {
        queue.handles.fetch_add(1, Ordering::AcqRel);
        ServiceHandle(queue)
    }

    /// Asks for the answer to `request`, whose URI may be a path only; `secure` says whether it came through TLS.
    ///
    /// The response comes when its headers are known. Its body is made while it is read; an error of the body means that
    /// it is not whole and the connection must be broken off. Dropping the future cancels the call, dropping the body
    /// tells the guest that nobody reads it.
    pub fn handle(&self, request: http::Request<HttpBody>, secure: bool) -> Handling {
        let reply = Arc::new(Reply(Mutex::default()));
        let failed = {
            let mut contents = self.0.lock();
            if contents.failed.is_none() {
                contents.is_idle = false;
                contents.jobs.push_back(Job { request, secure, reply: Answering(reply.clone()) });
            }
            contents.failed.clone()
        };
        match failed {
            Some(why) => reply.set(Err(why)),
            None => self.0.wake(),
        }
        Handling { reply, queue: self.0.clone() }
    }

    /// Whether the instance has done everything for the requests it was given: their answers, bodies included, are with
    /// whoever asked or with the host, and what else the guest began is over. With what a guest left open it can go on in
    /// another call only.
    pub fn is_idle(&self) -> bool {
        self.0.lock().is_idle
    }
}

impl Clone for ServiceHandle {
    fn clone(&self) -> Self {
        ServiceHandle::new(self.0.clone())
    }
}

impl Drop for ServiceHandle {
    fn drop(&mut self) {
        if self.0.handles.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.wake();
        }
    }
}

/// An answer that is waited for.
pub struct Handling {
    reply: Arc<Reply>,
    queue: Arc<Queue>,
}

impl Future for Handling {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let mut waiting = self.reply.lock();
        match waiting.outcome.take() {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                waiting.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Handling {
    fn drop(&mut self) {
        let (unread, answered) = {
            let mut waiting = self.reply.lock();
            waiting.abandoned = true;
            (waiting.outcome.take(), waiting.answered)
        };
        // The body of an answer that nobody read tells the guest by itself.
        drop(unread);
        if !answered {
            self.queue.wake();
        }
    }
}
