//! Asking a task to stop. Spec: `Task.request_cancellation`.

use super::callback::cancelled_turn;
use super::{Callee, Stage, SubtaskId, TaskId, TaskState, Thread, ThreadId, is_ready, resume_thread};
use crate::Result;
use crate::engine::StoreMut;
use crate::store::State;

/// Spec: `request_cancellation`: tells the task now when its event loop waits and may go on, else when it comes back to it.
pub(crate) fn request_cancellation(store: &mut StoreMut<'_>, task: TaskId) -> Result<()> {
    let state = store.state_mut();
    let Some(this) = state.tasks.find_mut(task) else { return Ok(()) };
    match this.state {
        TaskState::Initial => {
            this.state = TaskState::CancelDelivered;
            match this.implicit_thread {
                Some(thread) => resume_thread(store, thread, true),
                None => Ok(()),
            }
        }
        TaskState::Started => {
            this.state = TaskState::PendingCancel;
            if let Some(thread) = cancellable_thread(state, task)? {
                state.tasks.get_mut(task)?.state = TaskState::CancelDelivered;
                return resume_thread(store, thread, true);
            }
            let Some(thread) = in_event_loop(state, task) else { return Ok(()) };
            if cancelled_turn(store, thread)? {
                return Ok(());
            }
            let state = store.state_mut();
            if is_ready(state, thread)? {
                return resume_thread(store, thread, false);
            }
            // The lock is taken: the event loop goes on when it is free.
            state.wake(thread);
            Ok(())
        }
        // Asked already, or nothing left to stop.
        _ => Ok(()),
    }
}

/// A thread that waits in a built-in that is `cancellable`; which one is open. Older rules have such built-ins.
fn cancellable_thread(state: &mut State, task: TaskId) -> Result<Option<ThreadId>> {
    let this = state.tasks.get(task)?;
    let holder = state.instances.get(this.instance)?.exclusive_thread();
    let locked = this.needs_exclusive() && holder.is_some() && holder != this.implicit_thread;
    let threads = this.threads().filter(|&thread| !(locked && Some(thread) == this.implicit_thread));
    let waits = |&thread: &ThreadId| state.threads.find(thread).is_some_and(Thread::is_cancellable);
    let found: Vec<_> = threads.filter(waits).collect();
    if found.is_empty() {
        return Ok(None);
    }
    let chosen = state.choose.among(found.len());
    Ok(found.get(chosen).copied())
}

/// The implicit thread, while it waits in its event loop.
fn in_event_loop(state: &State, task: TaskId) -> Option<ThreadId> {
    let implicit = state.tasks.find(task)?.implicit_thread?;
    let thread = state.threads.find(implicit)?;
    (thread.stage == Stage::EventLoop && !thread.running).then_some(implicit)
}

/// Spec: `deliver_pending_cancel`.
#[inline]
pub(crate) fn deliver_pending_cancel(state: &mut State, task: TaskId) -> Result<bool> {
    let this = state.tasks.get_mut(task)?;
    let pending = this.state == TaskState::PendingCancel;
    if pending {
        this.state = TaskState::CancelDelivered;
    }
    Ok(pending)
}

/// Spec: `subtask.on_cancel`: passes the wish on to the callee.
pub(crate) fn cancel_callee(store: &mut StoreMut<'_>, id: SubtaskId) -> Result<()> {
    match store.state().subtasks.get(id)?.callee {
        Callee::Task(task) => request_cancellation(store, task),
        Callee::Host(host_task) => crate::host::cancel_host_task(store, host_task),
        Callee::None => Ok(()),
    }
}
