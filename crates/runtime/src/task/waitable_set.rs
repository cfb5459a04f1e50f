//! Spec: `WaitableSet`.

use std::collections::BTreeMap;

use indexmap::IndexSet;

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
    pub(crate) members: IndexSet<WaitableRef>,
    /// Members with a pending event, oldest first, so that nobody looks through all of them.
    pending: BTreeMap<u64, WaitableRef>,
    /// The age of the next pending event.
    next: u64,
    /// Threads that wait for an event of it. Spec: `num_waiting` counts them.
    pub(crate) waiting: Vec<ThreadId>,
}

/// Spec: `WaitableSet.has_pending_event`.
pub(crate) fn has_pending_event(state: &State, set: WaitableSetId) -> Result<bool> {
    Ok(!state.sets.get(set)?.pending.is_empty())
}

/// Notes that `member` has a pending event.
pub(crate) fn note_pending(state: &mut State, set: WaitableSetId, member: WaitableRef) -> Result<()> {
    if state.waitable(member)?.pending_since.is_some() {
        return Ok(());
    }
    let this = state.sets.get_mut(set)?;
    let since = this.next;
    this.next += 1;
    this.pending.insert(since, member);
    state.waitable_mut(member)?.pending_since = Some(since);
    Ok(())
}

/// Notes that `member` has no pending event any more, or leaves the set.
pub(crate) fn forget_pending(state: &mut State, set: WaitableSetId, member: WaitableRef) -> Result<()> {
    if let Some(since) = state.waitable_mut(member)?.pending_since.take() {
        state.sets.get_mut(set)?.pending.remove(&since);
    }
    Ok(())
}

/// Spec: `WaitableSet.get_pending_event`; which one is open to choice.
pub(crate) fn take_event(store: &mut StoreMut<'_>, set: WaitableSetId) -> Result<Event> {
    let state = store.state_mut();
    let pending = &state.sets.get(set)?.pending;
    let chosen = state.choose.among(pending.len());
    let member = pending.values().nth(chosen).copied().ok_or_else(|| bug!("a set without a pending event"))?;
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
