//! The short way of a copy of numbers between two guests: everything is looked up once, and the end that comes second has
//! neither a buffer nor an event. [`rendezvous`](super::rendezvous) is its twin, which takes every copy.

use super::{CopyPlace, CopyResult, CopyState, FoundEnd, start_copying};
use crate::Result;
use crate::engine::{CoreMemory, StoreMut, copy_memory};
use crate::error::bug;
use crate::plan::{End, Kind};
use crate::store::State;
use crate::task::waitable::set_pending_event;
use crate::task::waitable_set::wake_waiters;
use crate::task::{PendingEvent, WaitableRef};

/// What became of a copy by a short way.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Short {
    /// It is over, without an event; this is the answer. Spec: the payload of `stream_event`, `future_event`.
    Done(u32),
    /// It waits for the other end.
    Waits,
    /// It is over, and the end was told so by an event.
    Told,
    /// Nothing happened: this one goes the long way.
    No,
}

/// Starts a copy of numbers, or of nothing, between `end`, which is idle, and `place`.
pub(crate) fn copy_numbers(
    store: &mut StoreMut<'_>,
    end: &FoundEnd,
    (kind, side): (Kind, End),
    place: &CopyPlace<'_>,
) -> Result<Short> {
    let state = store.state_mut();
    let State { ends, shared, .. } = state;
    let shared = shared.get_mut(end.shared)?;
    if shared.dropped || shared.writer.is_some() || shared.reader.is_some() {
        return Ok(Short::No);
    }
    let Some(pending) = shared.pending else {
        shared.pending = Some(end.id);
        start_copying(state, end.id, place.buffer())?;
        return Ok(Short::Waits);
    };
    let Some(theirs) = &mut ends.get_mut(pending)?.buffer else { return Err(bug!("a copy without a buffer")) };
    let remain = theirs.remain();
    if kind == Kind::Stream && remain == 0 {
        if side == End::Writable && place.length == 0 && theirs.length == 0 {
            return Ok(Short::No);
        }
        shared.pending = Some(end.id);
        let event = PendingEvent::Copy { result: CopyResult::Completed, reclaim: false };
        set_pending_event(state, WaitableRef::End(pending), event)?;
        start_copying(state, end.id, place.buffer())?;
        return Ok(Short::Waits);
    }
    if kind == Kind::Future {
        shared.pending = None;
    }
    let n = place.length.min(remain);
    let bytes = n * place.element_size;
    let other = (theirs.memory, theirs.ptr);
    theirs.advance(n);
    if n > 0 {
        let event = PendingEvent::Copy { result: CopyResult::Completed, reclaim: kind == Kind::Stream };
        set_pending_event(state, WaitableRef::End(pending), event)?;
    }
    if let Some(set) = end.set {
        wake_waiters(state, set)?;
    }
    if kind == Kind::Future {
        state.ends.get_mut(end.id)?.state = CopyState::Done;
    }
    if bytes > 0 {
        copy_bytes(store, side, (place.options.memory, place.ptr), other, bytes)?;
    }
    // A future's answer has no count.
    let count = if kind == Kind::Stream { n << 4 } else { 0 };
    Ok(Short::Done(CopyResult::Completed as u32 | count))
}

/// Copies `bytes` bytes between the memory of the end of `side` and the one of the other end.
#[inline]
fn copy_bytes(
    store: &mut StoreMut<'_>,
    side: End,
    (own, own_ptr): (Option<CoreMemory>, u32),
    (other, other_ptr): (Option<CoreMemory>, u32),
    bytes: u32,
) -> Result<()> {
    let (Some(own), Some(other)) = (own, other) else {
        return Err(bug!("elements in memory without the memory option"));
    };
    let (own, other) = ((own, own_ptr), (other, other_ptr));
    match side {
        End::Writable => copy_memory(store, own, other, bytes),
        End::Readable => copy_memory(store, other, own, bytes),
    }
}
