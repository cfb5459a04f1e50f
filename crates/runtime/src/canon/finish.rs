//! What a built-in answers when its thread goes on after a wait.

use crate::Result;
use crate::engine::StoreMut;
use crate::error::bug;
use crate::task::waitable::get_pending_event;
use crate::task::waitable_set::{stop_waiting, take_event};
use crate::task::{Event, Resumption, subtask};

/// The answer of the built-in that parked, or that just answered.
pub(super) fn finish(store: &mut StoreMut<'_>) -> Result<u64> {
    let state = store.state_mut();
    let thread = state.current_thread()?;
    let this = state.threads.get_mut(thread)?;
    match std::mem::replace(&mut this.resumption, Resumption::None) {
        Resumption::Ready(bits) => Ok(bits),
        Resumption::WhetherCancelled => Ok(u64::from(this.cancelled)),
        Resumption::SetEvent { set, memory, ptr, cancellable } => {
            let cancelled = cancellable && this.cancelled;
            stop_waiting(state, set, thread)?;
            let event = if cancelled { Event::TASK_CANCELLED } else { take_event(store, set)? };
            super::waitable::unpack_event(store, memory, ptr, event)
        }
        Resumption::WaitableEvent(waitable) => {
            state.waitable_mut(waitable)?.sync_waiter = None;
            get_pending_event(store, waitable).map(|event| u64::from(event.payload))
        }
        Resumption::SubtaskResult(id) => {
            subtask::deliver_resolve(state, id)?;
            let subtask = state.subtasks.remove(id).ok_or_else(|| bug!("a subtask is gone"))?;
            Ok(subtask.flat_result)
        }
        Resumption::None => Err(bug!("a built-in ends that did not begin")),
    }
}
