//! A guest's call of a host function.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::access::data_of;
use super::host_task::HostTask;
use super::{Access, Caller};
use crate::Result;
use crate::abi::{Flat, FlatIter, LiftCx, LowerCx, Params, Returns};
use crate::canon::{Lowered, Outcome, after_start};
use crate::engine::StoreMut;
use crate::error::bug;
use crate::linker::HostTypes;
use crate::plan::StringEncoding;
use crate::store::{HostSource, source_waker};
use crate::task::{Callee, Subtask, SubtaskId, SubtaskState, WaitFor, resolve_subtask};
use crate::types::{FuncType, MAX_FLAT_ASYNC_PARAMS, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS};

/// A call of a host function by a guest.
pub(crate) struct HostCall<'a> {
    /// The store that executes.
    pub(crate) store: StoreMut<'a>,
    /// The function's type, as the guest imports it, and the guest's options.
    pub(crate) lowered: &'a Arc<Lowered>,
    /// The caller's flat arguments.
    pub(crate) args: &'a [u64],
}

/// A host function under way.
pub(crate) type HostFuture = Pin<Box<dyn HostWork>>;

/// A future of the host's whose type is hidden.
pub(crate) trait HostWork: Send {
    /// Polls it; when it is ready, its result is lowered into the call that it serves.
    fn poll_work(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: &mut StoreMut<'_>,
        serves: Option<SubtaskId>,
    ) -> Poll<Result<()>>;
}

impl<R: Returns, F: Future<Output = Result<R>> + Send> HostWork for F {
    fn poll_work(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: &mut StoreMut<'_>,
        serves: Option<SubtaskId>,
    ) -> Poll<Result<()>> {
        let Poll::Ready(result) = self.poll(cx) else { return Poll::Pending };
        Poll::Ready(result.and_then(|result| match serves {
            Some(subtask) => resolve_subtask(store, subtask, Some(result), StringEncoding::Utf8),
            None => Ok(()),
        }))
    }
}

/// What the first poll of a host function came to.
enum Begun {
    /// It was ready and nobody saw a subtask.
    Answered(Outcome),
    /// It was ready; the subtask is resolved.
    Resolved,
    /// It is under way.
    Pending(HostFuture),
}

type SyncBody = dyn Fn(HostCall<'_>) -> Result<Outcome> + Send + Sync;
type ConcurrentBody = dyn Fn(&mut HostCall<'_>, Option<SubtaskId>, &mut Context<'_>) -> Result<Begun> + Send + Sync;
type CheckBody = dyn Fn(&FuncType, &HostTypes) -> Result<()> + Send + Sync;

/// A host function, its Rust types hidden.
#[derive(Clone)]
pub(crate) struct HostFunc {
    body: Body,
    check: Arc<CheckBody>,
}

#[derive(Clone)]
enum Body {
    Sync(Arc<SyncBody>),
    Concurrent(Arc<ConcurrentBody>),
}

fn checker<P: Params, R: Returns>() -> Arc<CheckBody> {
    Arc::new(|ty, host| {
        P::check(&ty.names, &ty.params, host)?;
        R::check(ty.result.as_ref(), host)
    })
}

impl HostFunc {
    /// A function that answers at once.
    pub(crate) fn sync<T: Send + 'static, P: Params, R: Returns>(
        func: impl Fn(Caller<'_, T>, P) -> Result<R> + Send + Sync + 'static,
    ) -> HostFunc {
        let body = move |mut call: HostCall<'_>| {
            let params = call.lift::<P>(None)?;
            let state = call.store.state();
            let caller = Caller { data: data_of::<T>(&*state.data)?, mailbox: &state.mailbox };
            let result = func(caller, params)?;
            call.answer(result)
        };
        HostFunc { body: Body::Sync(Arc::new(body)), check: checker::<P, R>() }
    }

    /// A function that may wait.
    pub(crate) fn concurrent<T, P, R, F>(func: impl Fn(Access<T>, P) -> F + Send + Sync + 'static) -> HostFunc
    where
        T: Send + 'static,
        P: Params,
        R: Returns,
        F: Future<Output = Result<R>> + Send + 'static,
    {
        let body = move |call: &mut HostCall<'_>, subtask: Option<SubtaskId>, cx: &mut Context<'_>| {
            let params = call.lift::<P>(subtask)?;
            let state = call.store.state();
            let data = data_of::<T>(&*state.data)?.clone();
            let mut future = Box::pin(func(Access { data, mailbox: state.mailbox.clone() }, params));
            let Poll::Ready(result) = future.as_mut().poll(cx) else { return Ok(Begun::Pending(future)) };
            match subtask {
                None => call.answer(result?).map(Begun::Answered),
                Some(id) => {
                    resolve_subtask(&mut call.store, id, Some(result?), StringEncoding::Utf8)?;
                    Ok(Begun::Resolved)
                }
            }
        };
        HostFunc { body: Body::Concurrent(Arc::new(body)), check: checker::<P, R>() }
    }

    /// Whether it may suspend its caller.
    pub(crate) fn suspends(&self) -> bool {
        matches!(self.body, Body::Concurrent(_))
    }

    /// Whether it can stand for an import of type `ty`.
    pub(crate) fn check(&self, ty: &FuncType, host: &HostTypes) -> Result<()> {
        (self.check)(ty, host)
    }

    /// Calls it. Spec: `canon_lower` with a host function as the callee.
    pub(crate) fn call(&self, call: HostCall<'_>) -> Result<Outcome> {
        match &self.body {
            Body::Sync(body) => body(call),
            Body::Concurrent(body) => call_concurrent(&**body, call),
        }
    }
}

impl HostCall<'_> {
    #[inline]
    fn lift<P: Params>(&mut self, borrow_scope: Option<SubtaskId>) -> Result<P> {
        let mut cx = LiftCx::new(self.store.reborrow(), &self.lowered.options, borrow_scope);
        let max = if self.lowered.options.async_ { MAX_FLAT_ASYNC_PARAMS } else { MAX_FLAT_PARAMS };
        P::lift(&mut cx, &self.lowered.ty.params, max, &mut FlatIter::new(self.args))
    }

    /// Lowers a result that is there already; no subtask comes to be.
    #[inline]
    fn answer<R: Returns>(&mut self, result: R) -> Result<Outcome> {
        let mut cx = LowerCx::new(self.store.reborrow(), &self.lowered.options, StringEncoding::Utf8);
        let mut flat = Flat::new();
        let out = self.args.last().copied();
        let max = if self.lowered.options.async_ { 0 } else { MAX_FLAT_RESULTS };
        result.lower(&mut cx, self.lowered.ty.result.as_ref(), max, out, &mut flat)?;
        Ok(Outcome::Done(match self.lowered.options.async_ {
            true => SubtaskState::Returned as u64,
            false => flat.values().first().copied().unwrap_or(0),
        }))
    }
}

fn call_concurrent(body: &ConcurrentBody, mut call: HostCall<'_>) -> Result<Outcome> {
    let lowered = call.lowered;
    let async_ = lowered.options.async_;
    // What is lent is given back when the call is over, so it is noted from the start. Else there is no subtask before it
    // is known that somebody waits.
    let subtask = lowered.lends.then(|| started(&mut call));
    let state = call.store.state_mut();
    let host_task = state.host_tasks.next_id();
    let waker = match state.spare_waker.take() {
        Some((number, waker)) if number == host_task.number() => waker,
        _ => source_waker(&state.mailbox, HostSource::Task(host_task.number())),
    };
    let begun = body(&mut call, subtask, &mut Context::from_waker(&waker))?;
    let (id, future) = match begun {
        Begun::Pending(future) => (subtask.unwrap_or_else(|| started(&mut call)), future),
        Begun::Answered(outcome) => {
            call.store.state_mut().spare_waker = Some((host_task.number(), waker));
            return Ok(outcome);
        }
        Begun::Resolved => {
            call.store.state_mut().spare_waker = Some((host_task.number(), waker));
            let id = subtask.ok_or_else(|| bug!("a call without a subtask is resolved"))?;
            return after_start(&mut call.store, id, async_);
        }
    };
    let state = call.store.state_mut();
    let task = HostTask { subtask: Some(id), future: Some(future), waker: Some(waker) };
    if state.host_tasks.insert(task) != host_task {
        return Err(bug!("a host task has another number than was expected"));
    }
    state.subtasks.get_mut(id)?.callee = Callee::Host(host_task);
    let outcome = after_start(&mut call.store, id, async_)?;
    if matches!(outcome, Outcome::Park) {
        // The host is waited for, not another task of the guest: reports and the blocking rule tell them apart.
        let state = call.store.state_mut();
        let thread = state.current_thread()?;
        state.threads.get_mut(thread)?.wait_for = Some(WaitFor::Host(host_task));
    }
    Ok(outcome)
}

/// The caller's side of a call of the host.
#[inline]
fn started(call: &mut HostCall<'_>) -> SubtaskId {
    let mut subtask = Subtask::new(call.lowered, call.args);
    subtask.state = SubtaskState::Started;
    call.store.state_mut().subtasks.insert(subtask)
}
