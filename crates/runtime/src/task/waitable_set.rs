//! Spec: `WaitableSet`.

use super::waitable::get_pending_event;
use super::{Event, ThreadId, WaitableRef};
use crate::engine::StoreMut;
use crate::error::bug;
use crate::store::{Id, State};
use crate::{Result, Trap};

/// A waitable set of the store.
pub(crate) type WaitableSetId = Id<WaitableSet>;

/// Spec: `WaitableSet`.
#[derive(Default)]
pub(crate) struct WaitableSet {
    /// Spec: `elems`.
    pub(crate) members: Vec<WaitableRef>,
    /// Threads that wait for an event of it. Spec: `num_waiting` counts them.
    pub(crate) waiting: Vec<ThreadId>,
}

/// Spec: `WaitableSet.has_pending_event`.
pub(crate) fn has_pending_event(state: &State, set: WaitableSetId) -> Result<bool> {
    for &member in &state.sets.get(set)?.members {
        if state.waitable(member)?.pending_event.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Spec: `WaitableSet.get_pending_event`; which one is open to choice.
pub(crate) fn take_event(store: &mut StoreMut<'_>, set: WaitableSetId) -> Result<Event> {
    let state = store.state_mut();
    let mut pending = Vec::new();
    for &member in &state.sets.get(set)?.members {
        if state.waitable(member)?.pending_event.is_some() {
            pending.push(member);
        }
    }
    let chosen = state.choose.among(pending.len());
    let member = pending.get(chosen).copied().ok_or_else(|| bug!("a set without a pending event"))?;
    get_pending_event(store, member)
}

/// Lets the loop look at every thread that waits on `set`.
pub(crate) fn wake_waiters(state: &mut State, set: WaitableSetId) -> Result<()> {
    for thread in state.sets.get(set)?.waiting.clone() {
        state.wake(thread);
    }
    Ok(())
}

/// Counts `thread` as waiting on `set`. Spec: `num_waiting += 1`.
pub(crate) fn start_waiting(state: &mut State, set: WaitableSetId, thread: ThreadId) -> Result<()> {
    state.sets.get_mut(set)?.waiting.push(thread);
    if has_pending_event(state, set)? {
        state.wake(thread);
    }
    Ok(())
}

/// Spec: `num_waiting -= 1`.
pub(crate) fn stop_waiting(state: &mut State, set: WaitableSetId, thread: ThreadId) -> Result<()> {
    let waiting = &mut state.sets.get_mut(set)?.waiting;
    if let Some(at) = waiting.iter().position(|&other| other == thread) {
        waiting.swap_remove(at);
    }
    Ok(())
}

/// Spec: `WaitableSet.drop`.
pub(crate) fn check_drop(state: &State, set: WaitableSetId) -> Result<()> {
    let set = state.sets.get(set)?;
    if !set.members.is_empty() {
        return Err(Trap::SetNotEmpty.into());
    }
    if !set.waiting.is_empty() {
        return Err(Trap::SetHasWaiters.into());
    }
    Ok(())
}
