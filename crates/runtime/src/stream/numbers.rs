//! The short way of a copy of numbers between two guests: everything is looked up once, and the end that comes second has
//! neither a buffer nor an event. What the built-in checks on its way to [`rendezvous`](super::rendezvous), its twin that
//! takes every copy, is checked here in the same step; a copy that would trap goes that way.

use super::habit::copied;
use super::window::SiteNumber;
use super::{CopyEndId, CopyPlace, CopyResult, CopyState, FoundEnd, Item};
use crate::Result;
use crate::engine::{CoreMemory, StoreMut, copy_memory};
use crate::error::bug;
use crate::instance::Handle;
use crate::plan::{End, Kind};
use crate::store::State;
use crate::task::waitable::set_pending_event;
use crate::task::waitable_set::wake_waiters;
use crate::task::{PendingEvent, WaitableRef};

/// What became of a copy by a short way.
pub(crate) enum Short {
    /// It is over, without an event; this is the answer. Spec: the payload of `stream_event`, `future_event`.
    Done(u32),
    /// This end waits for the other one.
    Waits(CopyEndId),
    /// It is over, and this end was told so by an event.
    Told(CopyEndId),
    /// Nothing happened. This end is fit for the copy, but the other one is the host's or gone.
    Other(FoundEnd),
    /// Nothing happened: this one goes the long way.
    No,
}

/// Which copy of numbers.
pub(crate) struct NumbersCopy<'a> {
    /// Which end it needs.
    pub(crate) which: (Kind, End),
    /// What it copies; [plain](Item::is_plain).
    pub(crate) item: Item,
    /// The handle.
    pub(crate) index: u32,
    /// The built-in, if windows can do what it does.
    pub(crate) window: SiteNumber,
    /// Where from or to; inside of the memory.
    pub(crate) place: CopyPlace<'a>,
}

/// Starts a copy of numbers, or of nothing.
#[inline]
pub(crate) fn copy_numbers(store: &mut StoreMut<'_>, copy: &NumbersCopy<'_>) -> Result<Short> {
    let NumbersCopy { which: (kind, side), item, index, window, place } = copy;
    let State { instances, ends, shared, .. } = store.state_mut();
    let handles = &instances.get(place.instance)?.handles;
    let Some(&Handle::End(id)) = handles.find(*index) else { return Ok(Short::No) };
    let end = ends.get_mut(id)?;
    let set = end.waitable.set;
    let fits = (end.state, end.kind, end.end, end.item) == (CopyState::Idle, *kind, *side, *item);
    if !fits || (set.is_some() && !place.options.async_) {
        return Ok(Short::No);
    }
    let shared_id = end.shared;
    let this = shared.get_mut(shared_id)?;
    if this.dropped || this.writer.is_some() || this.reader.is_some() {
        return Ok(Short::Other(FoundEnd { id, shared: shared_id, set }));
    }
    end.window = *window;
    let Some(pending) = this.pending else {
        this.pending = Some(id);
        (end.state, end.buffer) = (CopyState::Copying, Some(place.buffer()));
        return Ok(Short::Waits(id));
    };
    let Some(theirs) = &mut ends.get_mut(pending)?.buffer else { return Err(bug!("a copy without a buffer")) };
    let remain = theirs.remain();
    if *kind == Kind::Stream && remain == 0 {
        if *side == End::Writable && place.length == 0 && theirs.length == 0 {
            return Ok(Short::No);
        }
        this.pending = Some(id);
        let end = ends.get_mut(id)?;
        (end.state, end.buffer) = (CopyState::Copying, Some(place.buffer()));
        return told(store, pending, false).map(|()| Short::Waits(id));
    }
    let n = place.length.min(remain);
    let other = (theirs.memory, theirs.ptr);
    theirs.advance(n);
    if *kind == Kind::Future {
        this.pending = None;
        ends.get_mut(id)?.state = CopyState::Done;
    }
    if n > 0 {
        told(store, pending, *kind == Kind::Stream)?;
    }
    if let Some(set) = set {
        wake_waiters(store.state_mut(), set)?;
    }
    let bytes = n * place.element_size;
    if bytes > 0 {
        copy_bytes(store, *side, (place.options.memory, place.ptr), other, bytes)?;
    }
    if n < remain && *window != SiteNumber::default() {
        copied(store, *window, id)?;
    }
    // A future's answer has no count.
    let count = if *kind == Kind::Stream { n << 4 } else { 0 };
    Ok(Short::Done(CopyResult::Completed as u32 | count))
}

/// The copy of `pending` has come to something; `reclaim` as in [`PendingEvent::Copy`].
#[inline]
fn told(store: &mut StoreMut<'_>, pending: CopyEndId, reclaim: bool) -> Result<()> {
    let event = PendingEvent::Copy { result: CopyResult::Completed, reclaim };
    set_pending_event(store.state_mut(), WaitableRef::End(pending), event)
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
