//! What a thread waits for, as data. Spec: `ready_func`.

use super::{SubtaskId, TaskState, ThreadId, WaitableRef, WaitableSetId};
use crate::Result;
use crate::host::HostTaskId;
use crate::store::State;

/// Spec: the ready functions, as values that can be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WaitFor {
    /// Its turn. Spec: `yield_`, `resume_later`.
    Turn,
    /// To enter its instance. Spec: `enter_implicit_thread`.
    Entry,
    /// An event of a set. Spec: `WaitableSet.wait_for_event`.
    Set(WaitableSetId),
    /// An event of a set or a cancellation, and the exclusive lock, between callbacks. Spec: `wait_from_callback`.
    SetForCallback(WaitableSetId),
    /// The exclusive lock, between callbacks. Spec: `CallbackCode.YIELD`.
    TurnForCallback,
    /// The event of one waitable. Spec: `wait_for_pending_event`.
    Waitable(WaitableRef),
    /// A lowered call that is not async to be resolved. Spec: `wait_until(subtask.resolved)`.
    Subtask(SubtaskId),
    /// A host function.
    Host(HostTaskId),
}

/// Spec: `Thread.ready`.
#[inline]
pub(crate) fn is_ready(state: &State, thread: ThreadId) -> Result<bool> {
    let Some(this) = state.threads.find(thread) else { return Ok(false) };
    let Some(wait_for) = this.wait_for else { return Ok(false) };
    let task = state.tasks.get(this.task)?;
    let instance = state.instances.get(task.instance)?;
    let exclusive_free = instance.exclusive_thread().is_none();
    Ok(match wait_for {
        WaitFor::Turn => true,
        WaitFor::Entry => !super::enter::has_backpressure(state, this.task)?,
        WaitFor::Set(set) => super::waitable_set::has_pending_event(state, set)?,
        WaitFor::SetForCallback(set) => {
            let cancelled = task.state == TaskState::PendingCancel;
            exclusive_free && (cancelled || super::waitable_set::has_pending_event(state, set)?)
        }
        WaitFor::TurnForCallback => exclusive_free,
        WaitFor::Waitable(waitable) => state.waitable(waitable)?.pending_event.is_some(),
        WaitFor::Subtask(subtask) => state.subtasks.get(subtask)?.resolved(),
        WaitFor::Host(host_task) => state.host_tasks.find(host_task).is_none(),
    })
}
