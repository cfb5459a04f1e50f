//! The short way of a copy of numbers between two guests: everything is looked up once, and the end that comes second has
//! neither a buffer nor an event. [`rendezvous`](super::rendezvous) is its twin, which takes every copy.

use super::{CopyEndId, CopyResult, CopyState, GuestBuffer, start_copying};
use crate::Result;
use crate::engine::{StoreMut, copy_memory};
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

/// Starts a copy of numbers, or of nothing, between `end`, which is idle, and `buffer`.
pub(crate) fn copy_numbers(store: &mut StoreMut<'_>, end: CopyEndId, buffer: &GuestBuffer) -> Result<Short> {
    let State { ends, shared, .. } = store.state_mut();
    let this = ends.get(end)?;
    let (kind, side, set) = (this.kind, this.end, this.waitable.set);
    let shared = shared.get_mut(this.shared)?;
    if shared.dropped || shared.writer.is_some() || shared.reader.is_some() {
        return Ok(Short::No);
    }
    let Some(pending) = shared.pending else {
        shared.pending = Some(end);
        start_copying(store.state_mut(), end, buffer)?;
        return Ok(Short::Waits);
    };
    let Some(theirs) = &mut ends.get_mut(pending)?.buffer else { return Err(bug!("a copy without a buffer")) };
    let n = buffer.length.min(theirs.remain());
    if kind == Kind::Stream && theirs.remain() == 0 {
        if side == End::Writable && buffer.length == 0 && theirs.length == 0 {
            return Ok(Short::No);
        }
        shared.pending = Some(end);
        let event = PendingEvent::Copy { result: CopyResult::Completed, reclaim: false };
        set_pending_event(store.state_mut(), WaitableRef::End(pending), event)?;
        start_copying(store.state_mut(), end, buffer)?;
        return Ok(Short::Waits);
    }
    if kind == Kind::Future {
        shared.pending = None;
    }
    let (memory, ptr) = (theirs.memory, theirs.ptr);
    theirs.advance(n);
    let bytes = n * buffer.element_size;
    if bytes > 0 {
        let (Some(own), Some(other)) = (buffer.memory, memory) else {
            return Err(bug!("elements in memory without the memory option"));
        };
        let (own, other) = ((own, buffer.ptr), (other, ptr));
        let (from, to) = if side == End::Writable { (own, other) } else { (other, own) };
        copy_memory(store, from, to, bytes)?;
    }
    let state = store.state_mut();
    if n > 0 {
        let reclaim = kind == Kind::Stream;
        let event = PendingEvent::Copy { result: CopyResult::Completed, reclaim };
        set_pending_event(state, WaitableRef::End(pending), event)?;
    }
    if let Some(set) = set {
        wake_waiters(state, set)?;
    }
    if kind == Kind::Future {
        state.ends.get_mut(end)?.state = CopyState::Done;
        return Ok(Short::Done(CopyResult::Completed as u32));
    }
    Ok(Short::Done(CopyResult::Completed as u32 | n << 4))
}
