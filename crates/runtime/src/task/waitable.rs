//! What subtasks and the ends of streams and futures have in common. Spec: "Waitable State".

use super::waitable_set::{Place, Waiting};
use super::{SubtaskId, ThreadId, WaitableSet, WaitableSetId};
use crate::Result;
use crate::engine::StoreMut;
use crate::store::{Slab, State};
use crate::stream::{CopyEndId, CopyResult};

/// Spec: `EventCode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum EventCode {
    /// Nothing.
    None = 0,
    /// A subtask made progress.
    Subtask = 1,
    /// A read of a stream ended.
    StreamRead = 2,
    /// A write of a stream ended.
    StreamWrite = 3,
    /// A read of a future ended.
    FutureRead = 4,
    /// A write of a future ended.
    FutureWrite = 5,
    /// The task was cancelled.
    TaskCancelled = 6,
}

/// Spec: `EventTuple`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Event {
    /// What happened.
    pub(crate) code: EventCode,
    /// To which handle.
    pub(crate) index: u32,
    /// With what outcome.
    pub(crate) payload: u32,
}

impl Event {
    /// Spec: `(EventCode.NONE, 0, 0)`.
    pub(crate) const NONE: Event = Event { code: EventCode::None, index: 0, payload: 0 };
    /// Spec: `(EventCode.TASK_CANCELLED, 0, 0)`.
    pub(crate) const TASK_CANCELLED: Event = Event { code: EventCode::TaskCancelled, index: 0, payload: 0 };

    /// What a callback is called with.
    #[inline]
    pub(crate) fn args(self) -> [u64; 3] {
        [self.code as u32, self.index, self.payload].map(u64::from)
    }
}

/// An event before its delivery, which computes it. Spec: `pending_event`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PendingEvent {
    /// Spec: `subtask_event`.
    Subtask,
    /// Spec: `stream_event`, `future_event`; `reclaim` when the copy's buffer is still the pending one of its stream.
    Copy { result: CopyResult, reclaim: bool },
}

/// Which waitable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum WaitableRef {
    /// A subtask.
    Subtask(SubtaskId),
    /// An end of a stream or future.
    End(CopyEndId),
}

/// Spec: `Waitable`.
#[derive(Debug, Default)]
pub(crate) struct Waitable {
    /// Spec: `pending_event`.
    pub(crate) pending_event: Option<PendingEvent>,
    /// Spec: `wset`.
    pub(crate) set: Option<WaitableSetId>,
    /// Its place among the pending members of its set, if it is one.
    pub(crate) place: Option<Place>,
    /// The thread that waits for this one alone. Spec: `has_sync_waiter`.
    pub(crate) sync_waiter: Option<ThreadId>,
}

impl Waitable {
    /// Whether it has neither a set nor an event, and nobody waits for it.
    #[inline]
    pub(crate) fn is_alone(&self) -> bool {
        self.set.is_none() && self.pending_event.is_none() && self.sync_waiter.is_none()
    }
}

/// A waitable without an event leaves the set that it was in, if it was in one.
#[inline]
pub(crate) fn leave(sets: &mut Slab<WaitableSet>, set: Option<WaitableSetId>) -> Result<()> {
    if let Some(set) = set {
        sets.get_mut(set)?.members -= 1;
    }
    Ok(())
}

/// Spec: `Waitable.set_pending_event`; wakes whoever waits for it, which an event that is replaced has done already.
#[inline(always)]
pub(crate) fn set_pending_event(state: &mut State, waitable: WaitableRef, event: PendingEvent) -> Result<()> {
    let State { ends, subtasks, sets, .. } = state;
    let this = match waitable {
        WaitableRef::End(id) => &mut ends.get_mut(id)?.waitable,
        WaitableRef::Subtask(id) => &mut subtasks.get_mut(id)?.waitable,
    };
    if this.pending_event.replace(event).is_some() {
        return Ok(());
    }
    let Some(id) = this.set else {
        if let Some(thread) = this.sync_waiter {
            state.wake(thread);
        }
        return Ok(());
    };
    let (waiter, set) = (this.sync_waiter, sets.get_mut(id)?);
    let (only, waiting) = (set.note_only_pending(waitable), set.waiting());
    if only {
        this.place = Some(Place::default());
    }
    if let Some(thread) = waiter {
        state.wake(thread);
    }
    if !only {
        super::waitable_set::note_pending(state, id, waitable)?;
    }
    match waiting {
        Waiting::Nobody => Ok(()),
        Waiting::One(thread) => {
            state.wake(thread);
            Ok(())
        }
        Waiting::More => super::waitable_set::wake_waiters(state, id),
    }
}

/// Forgets a pending event without delivering it.
#[inline]
pub(crate) fn clear_pending_event(state: &mut State, waitable: WaitableRef) -> Result<Option<PendingEvent>> {
    let this = state.waitable_mut(waitable)?;
    let (event, set) = (this.pending_event.take(), this.set);
    if let Some(set) = set {
        super::waitable_set::forget_pending(state, set, waitable)?;
    }
    Ok(event)
}

/// Spec: `Waitable.get_pending_event`: computes and delivers the event.
#[inline]
pub(crate) fn get_pending_event(store: &mut StoreMut<'_>, waitable: WaitableRef) -> Result<Event> {
    let state = store.state_mut();
    let event = clear_pending_event(state, waitable)?;
    deliver(state, waitable, event)
}

/// Computes `event`, which was the pending one of `waitable`.
#[inline]
pub(super) fn deliver(state: &mut State, waitable: WaitableRef, event: Option<PendingEvent>) -> Result<Event> {
    let event = event.ok_or_else(|| crate::error::bug!("no event is pending"))?;
    match (event, waitable) {
        (PendingEvent::Subtask, WaitableRef::Subtask(id)) => super::subtask::subtask_event(state, id),
        (PendingEvent::Copy { result, reclaim }, WaitableRef::End(id)) => {
            crate::stream::copy_event(state, id, result, reclaim)
        }
        _ => Err(crate::error::bug!("an event of another kind of waitable")),
    }
}

/// Spec: `Waitable.join`.
#[inline]
pub(crate) fn join(state: &mut State, waitable: WaitableRef, set: Option<WaitableSetId>) -> Result<()> {
    let this = state.waitable_mut(waitable)?;
    let pending = this.pending_event.is_some();
    let before = std::mem::replace(&mut this.set, set);
    if let (Some(before), true) = (before, pending) {
        super::waitable_set::forget_pending(state, before, waitable)?;
    }
    leave(&mut state.sets, before)?;
    if let Some(set) = set {
        state.sets.get_mut(set)?.members += 1;
        if pending {
            super::waitable_set::note_pending(state, set, waitable)?;
            super::waitable_set::wake_waiters(state, set)?;
        }
    }
    Ok(())
}
