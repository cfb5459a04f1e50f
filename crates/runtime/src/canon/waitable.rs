//! Spec: `canon waitable-set.{new,wait,poll,drop}`, `canon waitable.join`.

use super::{Outcome, Site, check_may_leave, current, deliver_pending_cancel, park};
use crate::Result;
use crate::Trap;
use crate::engine::{CoreMemory, StoreMut};
use crate::instance::Handle;
use crate::plan::MemoryIndex;
use crate::store::State;
use crate::task::waitable_set::{check_drop, poll_event, start_waiting};
use crate::task::{Event, Resumption, WaitFor, WaitableSet, WaitableSetId, waitable};
use crate::types::is_aligned;

/// Spec: `canon_waitable_set_new`.
pub(super) fn set_new(store: &mut StoreMut<'_>, site: Site) -> Result<u32> {
    check_may_leave(store, site.instance)?;
    let state = store.state_mut();
    let id = state.sets.insert(WaitableSet::default());
    state.instances.get_mut(site.instance)?.handles.add(Handle::Set(id))
}

#[inline(always)]
fn find(store: &mut StoreMut<'_>, site: Site, memory: MemoryIndex, index: u32) -> Result<(WaitableSetId, CoreMemory)> {
    check_may_leave(store, site.instance)?;
    let state = store.state();
    let set = state.instances.get(site.instance)?.handles.get(index)?.set(index)?;
    Ok((set, state.roots.get(site.root)?.memory(memory)?))
}

/// Spec: `canon_waitable_set_wait`.
pub(super) fn set_wait(
    store: &mut StoreMut<'_>,
    site: Site,
    (memory, cancellable): (MemoryIndex, bool),
    index: u32,
    ptr: u64,
) -> Result<Outcome> {
    let (set, memory) = find(store, site, memory, index)?;
    if cancellable && deliver_pending_cancel(store)? {
        return unpack_event(store, memory, ptr, Event::TASK_CANCELLED).map(Outcome::Done);
    }
    if let Some(event) = poll_event(store, set)? {
        return unpack_event(store, memory, ptr, event).map(Outcome::Done);
    }
    let thread = current(store)?;
    start_waiting(store.state_mut(), set, thread)?;
    park(store, Some(WaitFor::Set(set)), Resumption::SetEvent { set, memory, ptr, cancellable })
}

/// Spec: `canon_waitable_set_poll`.
pub(super) fn set_poll(
    store: &mut StoreMut<'_>,
    site: Site,
    (memory, cancellable): (MemoryIndex, bool),
    index: u32,
    ptr: u64,
) -> Result<u64> {
    let (set, memory) = find(store, site, memory, index)?;
    if cancellable && deliver_pending_cancel(store)? {
        return unpack_event(store, memory, ptr, Event::TASK_CANCELLED);
    }
    let event = poll_event(store, set)?.unwrap_or(Event::NONE);
    unpack_event(store, memory, ptr, event)
}

/// Spec: `unpack_event`: two words into memory, the code as the answer.
#[inline]
pub(super) fn unpack_event(store: &mut StoreMut<'_>, memory: CoreMemory, ptr: u64, event: Event) -> Result<u64> {
    if !is_aligned(ptr, 4) {
        return Err(Trap::UnalignedPointer.into());
    }
    let place = store.memory_mut(memory).get_mut(ptr as usize..).and_then(|rest| rest.first_chunk_mut::<8>());
    let place = place.ok_or(Trap::PointerOutOfBounds)?;
    place[..4].copy_from_slice(&event.index.to_le_bytes());
    place[4..].copy_from_slice(&event.payload.to_le_bytes());
    Ok(event.code as u64)
}

/// Spec: `canon_waitable_set_drop`.
pub(super) fn set_drop(store: &mut StoreMut<'_>, site: Site, index: u32) -> Result<()> {
    check_may_leave(store, site.instance)?;
    let state = store.state_mut();
    let set = state.instances.get(site.instance)?.handles.get(index)?.set(index)?;
    check_drop(state, set)?;
    state.instances.get_mut(site.instance)?.handles.remove(index)?;
    state.sets.remove(set);
    Ok(())
}

/// Spec: `canon_waitable_join`.
pub(super) fn join(store: &mut StoreMut<'_>, site: Site, index: u32, set_index: u32) -> Result<()> {
    check_may_leave(store, site.instance)?;
    let state = store.state_mut();
    let State { instances, ends, subtasks, sets, .. } = &mut *state;
    let handles = &instances.get(site.instance)?.handles;
    let this = match handles.find(index) {
        Some(&Handle::End(id)) => Some(&mut ends.get_mut(id)?.waitable),
        Some(&Handle::Subtask(id)) => Some(&mut subtasks.get_mut(id)?.waitable),
        _ => None,
    };
    // The most of it: one without a set gets one, or one leaves its set. There is no handle 0.
    if let Some(this) = this {
        match handles.find(set_index) {
            Some(&Handle::Set(set)) if this.is_alone() => {
                this.set = Some(set);
                sets.get_mut(set)?.members += 1;
                return Ok(());
            }
            None if set_index == 0 && this.sync_waiter.is_none() && this.pending_event.is_none() => {
                return waitable::leave(sets, this.set.take());
            }
            _ => {}
        }
    }
    let handles = &state.instances.get(site.instance)?.handles;
    let member = handles.get(index)?.waitable(index)?;
    if state.waitable(member)?.sync_waiter.is_some() {
        return Err(Trap::SyncWhileInSet.into());
    }
    let set = match set_index {
        0 => None,
        index => Some(handles.get(index)?.set(index)?),
    };
    waitable::join(state, member, set)
}
