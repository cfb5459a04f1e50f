//! Entering an instance: backpressure, the exclusive lock, and the queue before them.
//!
//! Spec: `enter_implicit_thread`, `exit_implicit_thread`, `register_thread`, `unregister_thread`.

use super::{TaskId, TaskState, ThreadId, WaitFor, cancel_task, is_ready, resume_thread};
use crate::Result;
use crate::Trap;
use crate::engine::StoreMut;
use crate::error::bug;
use crate::instance::InstanceId;
use crate::store::State;

/// Spec: `has_backpressure`.
#[inline]
pub(crate) fn has_backpressure(state: &State, task: TaskId) -> Result<bool> {
    let task = state.tasks.get(task)?;
    let instance = state.instances.get(task.instance)?;
    Ok(instance.backpressure > 0 || (task.needs_exclusive() && instance.exclusive_thread().is_some()))
}

/// Whether `task`, which is new, has to wait before it enters its instance.
#[inline]
fn has_to_wait(state: &State, task: TaskId) -> Result<bool> {
    let instance = state.tasks.get(task)?.instance;
    Ok(has_backpressure(state, task)? || !state.instances.get(instance)?.waiting_to_enter.is_empty())
}

/// The same after what older rules do about it: a thread that holds the lock, and is ready, goes on first.
fn still_has_to_wait(store: &mut StoreMut<'_>, task: TaskId) -> Result<bool> {
    let state = store.state();
    if !state.rules.are_of_august_2026() {
        return Ok(true);
    }
    let holder = state.instances.get(state.tasks.get(task)?.instance)?.exclusive_thread();
    if let Some(holder) = holder
        && is_ready(state, holder)?
    {
        resume_thread(store, holder, false)?;
    }
    has_to_wait(store.state(), task)
}

/// What [`enter_implicit_thread`] came to.
pub(super) enum Entered {
    /// The task runs.
    Yes,
    /// The thread waits.
    Waits,
    /// The task was cancelled before it started.
    Cancelled,
}

/// Spec: `enter_implicit_thread`, in steps: it is called again when the thread is resumed.
pub(super) fn enter_implicit_thread(store: &mut StoreMut<'_>, thread: ThreadId, task: TaskId) -> Result<Entered> {
    let state = store.state_mut();
    let this = state.tasks.get(task)?;
    let (id, async_) = (this.instance, this.callee.ty.async_);
    if async_ {
        let instance = state.instances.get_mut(id)?;
        if let Some(at) = instance.waiting_to_enter.iter().position(|&other| other == thread) {
            instance.waiting_to_enter.remove(at);
            instance.show();
            if state.threads.get(thread)?.cancelled {
                wake_entrants(state, id)?;
                cancel_task(store, task)?;
                return Ok(Entered::Cancelled);
            }
        } else if has_to_wait(state, task)? && still_has_to_wait(store, task)? {
            let state = store.state_mut();
            let instance = state.instances.get_mut(id)?;
            instance.waiting_to_enter.push(thread);
            instance.show();
            state.threads.get_mut(thread)?.wait_for = Some(WaitFor::Entry);
            wake_entrants(state, id)?;
            return Ok(Entered::Waits);
        }
        let state = store.state_mut();
        if state.tasks.get(task)?.needs_exclusive() {
            state.instances.get_mut(id)?.set_exclusive_thread(Some(thread));
        }
    }
    let state = store.state_mut();
    register_thread(state, thread, task)?;
    wake_entrants(state, id)?;
    Ok(Entered::Yes)
}

/// Lets the loop look at the first thread in the queue that can enter now; at all of them if it is open who goes first.
#[inline]
pub(crate) fn wake_entrants(state: &mut State, instance: InstanceId) -> Result<()> {
    let first_only = state.choose.is_first();
    let mut i = 0;
    while let Some(&thread) = state.instances.get(instance)?.waiting_to_enter.get(i) {
        if is_ready(state, thread)? {
            state.wake(thread);
            if first_only {
                break;
            }
        }
        i += 1;
    }
    Ok(())
}

/// Spec: `exclusive_thread = None`, and who that lets go on.
#[inline]
pub(crate) fn release_exclusive(state: &mut State, instance: InstanceId) -> Result<()> {
    let this = state.instances.get_mut(instance)?;
    this.set_exclusive_thread(None);
    if this.waiting_for_exclusive.is_empty() && this.waiting_to_enter.is_empty() {
        return Ok(());
    }
    for thread in std::mem::take(&mut this.waiting_for_exclusive) {
        state.wake(thread);
    }
    wake_entrants(state, instance)
}

/// Spec: `register_thread`.
#[inline]
pub(crate) fn register_thread(state: &mut State, thread: ThreadId, task: TaskId) -> Result<u32> {
    let this = state.tasks.get_mut(task)?;
    if this.implicit_thread == Some(thread) {
        this.entered = true;
    } else {
        this.explicit_threads.push(thread);
    }
    let index = state.instances.get_mut(this.instance)?.threads.add(thread)?;
    state.threads.get_mut(thread)?.index = Some(index);
    Ok(index)
}

/// Spec: `exit_implicit_thread`.
#[inline]
pub(super) fn exit_implicit_thread(store: &mut StoreMut<'_>, thread: ThreadId, task: TaskId) -> Result<()> {
    let state = store.state_mut();
    let this = state.tasks.get(task)?;
    let (instance, exclusive) = (this.instance, this.callee.ty.async_ && this.needs_exclusive());
    unregister_thread(state, thread, task)?;
    if exclusive {
        release_exclusive(state, instance)?;
    }
    Ok(())
}

/// Spec: `unregister_thread`; the thread is gone after it, and the task with its last thread.
#[inline]
pub(super) fn unregister_thread(state: &mut State, thread: ThreadId, task: TaskId) -> Result<()> {
    let this = state.tasks.get_mut(task)?;
    if this.implicit_thread == Some(thread) {
        this.entered = false;
    } else {
        this.explicit_threads.retain(|&other| other != thread);
    }
    let last = !this.entered && this.explicit_threads.is_empty();
    let (resolved, instance) = (this.state == TaskState::Resolved, this.instance);
    if last && !resolved {
        return Err(Trap::NoTaskReturn.into());
    }
    let index = state.threads.get(thread)?.index.ok_or_else(|| bug!("a thread without an index"))?;
    state.instances.get_mut(instance)?.threads.remove(index)?;
    state.threads.discard(thread);
    if last {
        state.tasks.discard(task);
    }
    Ok(())
}
