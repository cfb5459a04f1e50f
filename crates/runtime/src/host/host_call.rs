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
use crate::canon::{Outcome, after_start, new_subtask};
use crate::engine::StoreMut;
use crate::error::bug;
use crate::instance::{InstanceId, Options};
use crate::linker::HostTypes;
use crate::plan::StringEncoding;
use crate::store::{HostSource, source_waker};
use crate::task::{Callee, Resumption, SubtaskId, SubtaskState, WaitFor, resolve_subtask};
use crate::types::{FuncType, MAX_FLAT_ASYNC_PARAMS, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS};

/// A call of a host function by a guest.
pub(crate) struct HostCall<'a> {
    /// The store that executes.
    pub(crate) store: StoreMut<'a>,
    /// The caller. Spec: `current_instance`.
    pub(crate) instance: InstanceId,
    /// The function's type, as the guest imports it.
    pub(crate) ty: &'a Arc<FuncType>,
    /// The caller's options.
    pub(crate) options: Arc<Options>,
    /// The caller's flat arguments.
    pub(crate) args: &'a [u64],
}

/// A host function's result, lowered later: into the subtask that waits for it.
pub(crate) type HostResult = Box<dyn FnOnce(&mut StoreMut<'_>, SubtaskId) -> Result<()> + Send>;
/// A host function under way.
pub(crate) type HostFuture = Pin<Box<dyn Future<Output = Result<HostResult>> + Send>>;

type SyncBody = dyn Fn(HostCall<'_>) -> Result<Outcome> + Send + Sync;
type ConcurrentBody = dyn Fn(&mut HostCall<'_>, SubtaskId) -> Result<HostFuture> + Send + Sync;
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
            let (data, mailbox) = (state.data.clone(), state.mailbox.clone());
            let result = func(Caller { data: data_of::<T>(&*data)?, mailbox: &mailbox }, params)?;
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
        let body = move |call: &mut HostCall<'_>, subtask: SubtaskId| -> Result<HostFuture> {
            let params = call.lift::<P>(Some(subtask))?;
            let state = call.store.state();
            let data = data_of::<T>(&*state.data)?.clone();
            let future = func(Access { data, mailbox: state.mailbox.clone() }, params);
            Ok(Box::pin(async move {
                let result = future.await?;
                let lower: HostResult =
                    Box::new(move |store, subtask| resolve_subtask(store, subtask, Some(result), StringEncoding::Utf8));
                Ok(lower)
            }))
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
    fn lift<P: Params>(&mut self, borrow_scope: Option<SubtaskId>) -> Result<P> {
        let mut cx = LiftCx::new(self.store.reborrow(), &self.options, borrow_scope);
        let max = if self.options.async_ { MAX_FLAT_ASYNC_PARAMS } else { MAX_FLAT_PARAMS };
        P::lift(&mut cx, &self.ty.params, max, &mut FlatIter::new(self.args))
    }

    /// Lowers a result that is there already; no subtask comes to be.
    fn answer<R: Returns>(&mut self, result: R) -> Result<Outcome> {
        let mut cx = LowerCx::new(self.store.reborrow(), &self.options, StringEncoding::Utf8);
        let mut flat = Flat::new();
        let out = self.args.last().map(|&bits| bits as u32);
        let max = if self.options.async_ { 0 } else { MAX_FLAT_RESULTS };
        result.lower(&mut cx, self.ty.result.as_ref(), max, out, &mut flat)?;
        Ok(Outcome::Done(match self.options.async_ {
            true => SubtaskState::Returned as u64,
            false => flat.values().first().copied().unwrap_or(0),
        }))
    }
}

fn call_concurrent(body: &ConcurrentBody, mut call: HostCall<'_>) -> Result<Outcome> {
    let async_ = call.options.async_;
    let subtask = new_subtask(call.instance, call.ty, call.options.clone(), call.args);
    let state = call.store.state_mut();
    let id = state.subtasks.insert(subtask);
    state.subtasks.get_mut(id)?.state = SubtaskState::Started;
    let mut future = body(&mut call, id)?;
    let store = &mut call.store;
    let state = store.state_mut();
    let host_task = state.host_tasks.insert(HostTask::new(Some(id)));
    let waker = source_waker(&state.mailbox, HostSource::Task(host_task));
    match future.as_mut().poll(&mut Context::from_waker(&waker)) {
        Poll::Ready(result) => {
            state.host_tasks.remove(host_task);
            result?(store, id)?;
        }
        Poll::Pending => {
            let this = state.host_tasks.get_mut(host_task)?;
            (this.future, this.waker) = (Some(future), Some(waker));
            state.subtasks.get_mut(id)?.callee = Callee::Host(host_task);
        }
    }
    let outcome = after_start(store, id, async_)?;
    if matches!(outcome, Outcome::Park) {
        // The host is waited for, not another task of the guest: reports and the blocking rule tell them apart.
        let state = store.state_mut();
        let thread = state.current_thread()?;
        state.threads.get_mut(thread)?.wait_for = Some(WaitFor::Host(host_task));
        let this = state.threads.get(thread)?;
        if !matches!(this.resumption, Resumption::SubtaskResult(_)) {
            return Err(bug!("a call of the host waits for something else"));
        }
    }
    Ok(outcome)
}
