//! Asking a task to stop. Spec: `Task.request_cancellation`.

use super::{Callee, Stage, SubtaskId, TaskId, TaskState, ThreadId, resume_thread};
use crate::Result;
use crate::engine::StoreMut;
use crate::instance::{InstanceId, enter_from, leave_to, may_enter_from};
use crate::store::State;

/// Spec: `request_cancellation`: tells the task now when it can be told now, else later.
pub(crate) fn request_cancellation(store: &mut StoreMut<'_>, task: TaskId, from: Option<InstanceId>) -> Result<()> {
    let state = store.state_mut();
    let Some(this) = state.tasks.find_mut(task) else { return Ok(()) };
    let (instance, implicit) = (this.instance, this.implicit_thread);
    match this.state {
        TaskState::Initial => {
            this.state = TaskState::CancelDelivered;
            match implicit {
                Some(thread) => resume_thread(store, thread, true),
                None => Ok(()),
            }
        }
        TaskState::Started => {
            let candidates = cancellable_threads(state, task)?;
            if candidates.is_empty() || !may_enter_from(store, instance, from)? {
                store.state_mut().tasks.get_mut(task)?.state = TaskState::PendingCancel;
                return Ok(());
            }
            store.state_mut().tasks.get_mut(task)?.state = TaskState::CancelDelivered;
            enter_from(store, instance, from)?;
            let chosen = store.state_mut().choose.among(candidates.len());
            resume_thread(store, candidates[chosen], true)?;
            leave_to(store, instance, from)
        }
        // Asked already, or nothing left to stop.
        _ => Ok(()),
    }
}

/// Spec: `candidates`.
fn cancellable_threads(state: &State, task: TaskId) -> Result<Vec<ThreadId>> {
    let this = state.tasks.get(task)?;
    let exclusive = state.instances.get(this.instance)?.exclusive_thread;
    let locked = this.needs_exclusive() && exclusive.is_some() && exclusive != this.implicit_thread;
    let mut candidates = Vec::new();
    for thread in this.threads() {
        let this_thread = state.threads.get(thread)?;
        let implicit = this.implicit_thread == Some(thread);
        let in_loop = this_thread.stage == Stage::EventLoop;
        if !this_thread.running && this_thread.cancellable && !(locked && implicit && in_loop) {
            candidates.push(thread);
        }
    }
    Ok(candidates)
}

/// Spec: `subtask.on_cancel`: passes the wish on to the callee.
pub(crate) fn cancel_callee(store: &mut StoreMut<'_>, id: SubtaskId, from: InstanceId) -> Result<()> {
    match store.state().subtasks.get(id)?.callee {
        Callee::Task(task) => request_cancellation(store, task, Some(from)),
        Callee::Host(host_task) => crate::host::cancel_host_task(store, host_task),
        Callee::None => Ok(()),
    }
}
