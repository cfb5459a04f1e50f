//! Spec: `canon subtask.{cancel,drop}`.

use super::{Outcome, Site, check_may_leave, park};
use crate::Result;
use crate::Trap;
use crate::engine::StoreMut;
use crate::store::State;
use crate::task::waitable::{clear_pending_event, get_pending_event, leave};
use crate::task::{Resumption, WaitFor, WaitableRef, cancel_callee};

/// Spec: `BLOCKED`.
pub(super) const BLOCKED: u64 = 0xffff_ffff;

/// Spec: `canon_subtask_cancel`.
pub(super) fn cancel(store: &mut StoreMut<'_>, site: Site, async_: bool, index: u32) -> Result<Outcome> {
    check_may_leave(store, site.instance)?;
    let state = store.state_mut();
    let id = state.instances.get(site.instance)?.handles.get(index)?.subtask(index)?;
    let subtask = state.subtasks.get_mut(id)?;
    if subtask.resolve_delivered() {
        return Err(Trap::SubtaskCancelAfterTerminal.into());
    }
    if subtask.cancellation_requested {
        return Err(Trap::SubtaskCancelTwice.into());
    }
    if subtask.waitable.set.is_some() && !(async_ && state.rules.are_of_august_2026()) {
        return Err(Trap::SyncWhileInSet.into());
    }
    if !subtask.resolved() {
        subtask.cancellation_requested = true;
        cancel_callee(store, id)?;
    }
    let waitable = WaitableRef::Subtask(id);
    let state = store.state_mut();
    if !state.subtasks.get(id)?.resolved() {
        if async_ {
            return Ok(Outcome::Done(BLOCKED));
        }
        // Spec: an event of progress that is still pending is superseded by the resolution that is waited for.
        clear_pending_event(state, waitable)?;
        let thread = state.current_thread()?;
        state.waitable_mut(waitable)?.sync_waiter = Some(thread);
        return park(store, Some(WaitFor::Waitable(waitable)), Resumption::WaitableEvent(waitable));
    }
    let event = get_pending_event(store, waitable)?;
    Ok(Outcome::Done(u64::from(event.payload)))
}

/// Spec: `canon_subtask_drop`.
pub(super) fn drop(store: &mut StoreMut<'_>, site: Site, index: u32) -> Result<()> {
    check_may_leave(store, site.instance)?;
    let State { instances, subtasks, sets, .. } = store.state_mut();
    let handles = &mut instances.get_mut(site.instance)?.handles;
    let id = handles.get(index)?.subtask(index)?;
    let this = subtasks.get(id)?;
    if !this.resolve_delivered() {
        return Err(Trap::SubtaskDropUnresolved.into());
    }
    handles.remove(index)?;
    // Nothing is pending after the resolution.
    leave(sets, this.waitable.set)?;
    subtasks.discard(id);
    Ok(())
}
