//! Spec: `canon thread.*`: cooperative threads.

use super::dispatch::{address, arg};
use super::{Outcome, Site, check_may_leave, current, deliver_pending_cancel, park};
use crate::Result;
use crate::Trap;
use crate::engine::{Continuation, StoreMut};
use crate::error::bug;
use crate::plan::{Canon, TableIndex};
use crate::task::enter::register_thread;
use crate::task::{Resumption, Stage, Thread, ThreadId, WaitFor, is_ready};
use crate::types::PtrType;

/// Does what `canon`, one of the thread built-ins, says.
pub(super) fn call(store: &mut StoreMut<'_>, site: Site, canon: &Canon, args: &[u64]) -> Result<Outcome> {
    check_may_leave(store, site.instance)?;
    let first = arg(args, 0);
    match *canon {
        Canon::ThreadYield { cancellable } => yield_(store, cancellable),
        Canon::ThreadIndex => {
            let thread = current(store)?;
            let index = store.state().threads.get(thread)?.index;
            index.map(|index| Outcome::Done(u64::from(index))).ok_or_else(|| bug!("a thread without an index"))
        }
        Canon::ThreadNewIndirect { table, index, context } => {
            new_indirect(store, site, table, address(args, 0, index), (context, address(args, 1, context)))
        }
        Canon::ThreadResumeLater => resume_later(store, site, first),
        Canon::ThreadSuspend { cancellable } => suspend(store, cancellable),
        Canon::ThreadSuspendThenResume { cancellable } => {
            let other = suspended(store, site, first)?;
            switch_to(store, other, None, cancellable)
        }
        Canon::ThreadYieldThenResume { cancellable } => {
            let other = suspended(store, site, first)?;
            switch_to(store, other, Some(WaitFor::Turn), cancellable)
        }
        Canon::ThreadSuspendThenPromote { cancellable } => match promoted(store, site, first)? {
            Some(other) => switch_to(store, other, None, cancellable),
            None => suspend(store, cancellable),
        },
        Canon::ThreadYieldThenPromote { cancellable } => match promoted(store, site, first)? {
            Some(other) => switch_to(store, other, Some(WaitFor::Turn), cancellable),
            None => yield_(store, cancellable),
        },
        _ => Err(bug!("not a thread built-in")),
    }
}

/// Spec: `canon_thread_yield`. A thread that cannot wait has nobody to yield to.
fn yield_(store: &mut StoreMut<'_>, cancellable: bool) -> Result<Outcome> {
    if cancellable && deliver_pending_cancel(store)? {
        return Ok(Outcome::Done(1));
    }
    let thread = current(store)?;
    if !store.state().threads.get(thread)?.has_stack {
        return Ok(Outcome::Done(0));
    }
    store.state_mut().wake(thread);
    park(store, Some(WaitFor::Turn), answer(cancellable))
}

/// What a thread is told when it goes on: whether it was cancelled, if it can be.
fn answer(cancellable: bool) -> Resumption {
    if cancellable { Resumption::WhetherCancelled } else { Resumption::Ready(0) }
}

/// Spec: `canon_thread_suspend`.
fn suspend(store: &mut StoreMut<'_>, cancellable: bool) -> Result<Outcome> {
    if cancellable && deliver_pending_cancel(store)? {
        return Ok(Outcome::Done(1));
    }
    park(store, None, answer(cancellable))
}

/// Spec: `suspend_then_resume`, `yield_then_resume`.
fn switch_to(
    store: &mut StoreMut<'_>,
    other: ThreadId,
    wait_for: Option<WaitFor>,
    cancellable: bool,
) -> Result<Outcome> {
    if cancellable && deliver_pending_cancel(store)? {
        return Ok(Outcome::Done(1));
    }
    let outcome = park(store, wait_for, answer(cancellable))?;
    let thread = current(store)?;
    let state = store.state_mut();
    if wait_for.is_some() {
        state.wake(thread);
    }
    state.switch_to = Some(other);
    Ok(outcome)
}

/// The thread `index`, which must be suspended.
fn suspended(store: &StoreMut<'_>, site: Site, index: u32) -> Result<ThreadId> {
    let state = store.state();
    let thread = *state.instances.get(site.instance)?.threads.get(index)?;
    if state.threads.get(thread)?.suspended() { Ok(thread) } else { Err(Trap::ThreadNotSuspended.into()) }
}

/// The thread `index`, if it is ready. Nobody can promote itself.
fn promoted(store: &StoreMut<'_>, site: Site, index: u32) -> Result<Option<ThreadId>> {
    let state = store.state();
    let thread = *state.instances.get(site.instance)?.threads.get(index)?;
    if state.current.thread == Some(thread) {
        return Err(Trap::ThreadNotSuspended.into());
    }
    Ok(is_ready(state, thread)?.then_some(thread))
}

/// Spec: `canon_thread_resume_later`.
fn resume_later(store: &mut StoreMut<'_>, site: Site, index: u32) -> Result<Outcome> {
    let thread = suspended(store, site, index)?;
    let state = store.state_mut();
    state.note_stopped(thread);
    state.threads.get_mut(thread)?.wait_for = Some(WaitFor::Turn);
    state.wake(thread);
    Ok(Outcome::Done(0))
}

/// Spec: `canon_thread_new_indirect`.
fn new_indirect(
    store: &mut StoreMut<'_>,
    site: Site,
    table: TableIndex,
    index: u64,
    (context_type, context): (PtrType, u64),
) -> Result<Outcome> {
    let table = store.state().roots.get(site.root)?.table(table)?;
    let func = table.func(store, index).ok_or(Trap::TableOutOfBounds)?.ok_or(Trap::ThreadStartNull)?;
    if !func.is_thread_start(store, context_type) {
        return Err(Trap::ThreadStartType.into());
    }
    let task = store.state_mut().current_task()?;
    let continuation = Continuation::new(store, func, &[context]);
    let state = store.state_mut();
    let mut thread = Thread::new(task, Stage::Running);
    (thread.has_stack, thread.continuation) = (true, Some(continuation));
    let thread = state.threads.insert(thread);
    let index = register_thread(state, thread, task)?;
    Ok(Outcome::Done(u64::from(index)))
}
