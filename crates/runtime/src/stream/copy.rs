//! Copies between guests: who waits, who copies, what each is told.
//!
//! Spec: `SharedStreamImpl.{read,write,cancel,drop}`, `SharedFutureImpl`, `stream_event`, `future_event`.

use super::transfer::transfer;
use super::{CopyEnd, CopyEndId, CopyResult, CopyState, GuestBuffer, Shared, SharedId, host_end};
use crate::engine::StoreMut;
use crate::error::bug;
use crate::plan::{End, Kind};
use crate::store::{Slab, State};
use crate::task::waitable::{clear_pending_event, set_pending_event};
use crate::task::waitable_set::wake_waiters;
use crate::task::{Event, EventCode, PendingEvent, WaitableRef};
use crate::{Result, Trap};

/// Starts the copy of `end`, whose buffer is set; gives its result when it is over at once, which nobody is told.
/// Spec: `shared.read`, `shared.write`.
pub(crate) fn rendezvous(store: &mut StoreMut<'_>, end: CopyEndId) -> Result<Option<CopyResult>> {
    let state = store.state_mut();
    let shared_id = state.ends.get(end)?.shared;
    let shared = state.shared.get_mut(shared_id)?;
    if shared.dropped {
        return Ok(Some(CopyResult::Dropped));
    }
    let host_is_peer = shared.writer.is_some() || shared.reader.is_some();
    match shared.pending {
        None => shared.pending = Some(end),
        Some(pending) => return meet(store, shared_id, end, pending),
    }
    if !host_is_peer {
        return Ok(None);
    }
    let over = host_end::poll_ends(store, shared_id)?;
    Ok(over.map(|_| CopyResult::Completed))
}

/// Notes that `end`, which is idle, copies from or into `buffer`.
#[inline]
pub(crate) fn start_copying(state: &mut State, end: CopyEndId, buffer: GuestBuffer) -> Result<()> {
    let this = state.ends.get_mut(end)?;
    (this.state, this.buffer) = (CopyState::Copying, Some(buffer));
    Ok(())
}

/// The copy of `end` meets the one of `pending`, which came first; gives its result when it is over.
pub(super) fn meet(
    store: &mut StoreMut<'_>,
    shared_id: SharedId,
    end: CopyEndId,
    pending: CopyEndId,
) -> Result<Option<CopyResult>> {
    let state = store.state_mut();
    let this = state.ends.get(end)?;
    let other = state.ends.get(pending)?;
    let (Some(buffer), Some(pending_buffer)) = (&this.buffer, &other.buffer) else {
        return Err(bug!("a copy without a buffer"));
    };
    let (kind, side) = (this.kind, this.end);
    let same_instance = buffer.instance == pending_buffer.instance;
    let pending_remains = pending_buffer.remain();
    let n = buffer.remain().min(pending_remains);
    let both_zero = buffer.is_zero_length() && pending_buffer.is_zero_length();
    let shared = state.shared.get(shared_id)?;
    let something = kind == Kind::Future || n > 0;
    if same_instance && something && !shared.payload.as_ref().is_none_or(|payload| payload.is_number()) {
        return Err(match kind {
            Kind::Stream => Trap::IntraComponentStream,
            Kind::Future => Trap::IntraComponentFuture,
        }
        .into());
    }
    if kind == Kind::Future {
        transfer(store, (end, pending), 1)?;
        reset_and_notify_pending(store.state_mut(), shared_id, CopyResult::Completed)?;
        return Ok(Some(CopyResult::Completed));
    }
    if pending_remains > 0 {
        if n > 0 {
            transfer(store, (end, pending), n)?;
            on_copy(store.state_mut(), pending)?;
        }
        return Ok(Some(CopyResult::Completed));
    }
    if side == End::Writable && both_zero {
        return Ok(Some(CopyResult::Completed));
    }
    reset_and_notify_pending(state, shared_id, CopyResult::Completed)?;
    state.shared.get_mut(shared_id)?.pending = Some(end);
    Ok(None)
}

/// The outcome of the copy of `end`, which is over at once, without an event in between. Spec: `set_pending_event`, then
/// `get_pending_event`.
pub(crate) fn copied_at_once(state: &mut State, end: CopyEndId, result: CopyResult) -> Result<Event> {
    let waitable = &state.ends.get(end)?.waitable;
    let set = waitable.set;
    if waitable.pending_event.is_some() {
        // The end was idle when it was told that the other one is gone.
        clear_pending_event(state, WaitableRef::End(end))?;
    }
    if let Some(set) = set {
        wake_waiters(state, set)?;
    }
    copy_event(state, end, result, false)
}

/// Spec: `on_copy`: some was copied, the buffer stays pending until the event is delivered.
pub(super) fn on_copy(state: &mut State, end: CopyEndId) -> Result<()> {
    let event = PendingEvent::Copy { result: CopyResult::Completed, reclaim: true };
    set_pending_event(state, WaitableRef::End(end), event)
}

/// Spec: `on_copy_done`.
pub(super) fn on_copy_done(state: &mut State, end: CopyEndId, result: CopyResult) -> Result<()> {
    set_pending_event(state, WaitableRef::End(end), PendingEvent::Copy { result, reclaim: false })
}

/// Spec: `reset_and_notify_pending`.
pub(super) fn reset_and_notify_pending(state: &mut State, shared: SharedId, result: CopyResult) -> Result<()> {
    match state.shared.get_mut(shared)?.pending.take() {
        Some(pending) => on_copy_done(state, pending, result),
        None => Ok(()),
    }
}

/// Spec: `shared.cancel`.
pub(crate) fn cancel_pending(state: &mut State, shared: SharedId) -> Result<()> {
    reset_and_notify_pending(state, shared, CopyResult::Cancelled)
}

/// The copy of a stream's `end` has moved something, which it was not told; it is cancelled nevertheless.
pub(crate) fn cancel_completed(state: &mut State, shared: SharedId, end: CopyEndId) -> Result<()> {
    let this = state.shared.get_mut(shared)?;
    if this.pending == Some(end) {
        this.pending = None;
    }
    on_copy_done(state, end, CopyResult::Cancelled)
}

/// Spec: `shared.drop`: one end is gone; the last one takes the rest along.
pub(crate) fn drop_shared_end(store: &mut StoreMut<'_>, shared: SharedId, side: End) -> Result<()> {
    let state = store.state_mut();
    let this = state.shared.get_mut(shared)?;
    let first = this.drop_end(side);
    if this.reader.is_none() && this.writer.is_none() {
        // The host has no part in it, or it is being polled.
        if this.ends == 0 && !this.polling {
            state.shared.discard(shared);
            return Ok(());
        }
        return if first { notify_dropped(state, shared) } else { Ok(()) };
    }
    let (reader, writer) = (this.reader.take(), this.writer.take());
    if first {
        notify_dropped(state, shared)?;
    }
    // A host end whose peer is gone has nothing left to do.
    let this = state.shared.get_mut(shared)?;
    if (side == End::Writable && reader.is_some()) || (side == End::Readable && writer.is_some()) {
        this.ends = this.ends.saturating_sub(1);
    }
    if this.ends == 0 && !this.polling {
        state.shared.remove(shared);
    }
    if side == End::Writable {
        host_end::finish_reader(reader);
    }
    drop(writer);
    Ok(())
}

/// Tells the guests' ends that the other end is gone, also one that does nothing just now. A copy that is over but not
/// delivered ends with DROPPED too, unless it moved the value of a future.
pub(crate) fn notify_dropped(state: &mut State, shared: SharedId) -> Result<()> {
    let this = state.shared.get_mut(shared)?;
    let (pending, ends) = (this.pending.take(), [this.readable, this.writable]);
    for id in ends.into_iter().flatten() {
        let end = state.ends.get(id)?;
        let hears = match (end.kind, end.end) {
            (Kind::Stream, _) => true,
            (Kind::Future, End::Writable) => end.waitable.pending_event.is_none(),
            // Nobody can drop the writable end of a future that waits to be written.
            (Kind::Future, End::Readable) => pending == Some(id),
        };
        if hears && end.state != CopyState::Done {
            on_copy_done(state, id, CopyResult::Dropped)?;
        }
    }
    Ok(())
}

/// Spec: `stream_event`, `future_event`: the outcome of a copy at the moment of its delivery.
#[inline]
pub(crate) fn copy_event(state: &mut State, id: CopyEndId, result: CopyResult, reclaim: bool) -> Result<Event> {
    let State { ends, shared, .. } = state;
    Ok(outcome(ends.get_mut(id)?, shared, id, result, reclaim))
}

/// Takes and computes the event of an end that was the only one of its set.
#[inline]
pub(crate) fn take_copy_event(ends: &mut Slab<CopyEnd>, shared: &mut Slab<Shared>, id: CopyEndId) -> Result<Event> {
    let end = ends.get_mut(id)?;
    end.waitable.place = None;
    match end.waitable.pending_event.take() {
        Some(PendingEvent::Copy { result, reclaim }) => Ok(outcome(end, shared, id, result, reclaim)),
        _ => Err(bug!("no event is pending")),
    }
}

#[inline(always)]
fn outcome(end: &mut CopyEnd, shared: &mut Slab<Shared>, id: CopyEndId, result: CopyResult, reclaim: bool) -> Event {
    let progress = end.buffer.as_ref().map_or(0, |buffer| buffer.progress);
    end.buffer = None;
    let done = match end.kind {
        Kind::Stream => result == CopyResult::Dropped,
        Kind::Future => result != CopyResult::Cancelled,
    };
    end.state = if done { CopyState::Done } else { CopyState::Idle };
    let (code, payload) = match (end.kind, end.end) {
        (Kind::Stream, End::Readable) => (EventCode::StreamRead, result as u32 | progress << 4),
        (Kind::Stream, End::Writable) => (EventCode::StreamWrite, result as u32 | progress << 4),
        (Kind::Future, End::Readable) => (EventCode::FutureRead, result as u32),
        (Kind::Future, End::Writable) => (EventCode::FutureWrite, result as u32),
    };
    if reclaim
        && let Some(shared) = shared.find_mut(end.shared)
        && shared.pending == Some(id)
    {
        shared.pending = None;
    }
    Event { code, index: end.index, payload }
}
