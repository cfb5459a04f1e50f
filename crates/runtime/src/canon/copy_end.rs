//! Spec: `canon {stream,future}.{cancel-read,cancel-write,drop-readable,drop-writable}`.

use super::stream::{answer, find_end};
use super::{Outcome, Site, check_may_leave};
use crate::Result;
use crate::Trap;
use crate::engine::StoreMut;
use crate::instance::Handle;
use crate::plan::{End, Kind};
use crate::store::State;
use crate::stream::{CopyResult, CopyState, Item, cancel_completed, cancel_pending, drop_shared_end};
use crate::task::{PendingEvent, WaitableRef, waitable};
use crate::types::ValType;

/// Spec: `cancel_copy`.
pub(super) fn cancel(
    store: &mut StoreMut<'_>,
    site: Site,
    which: (Kind, End),
    payload: Option<&ValType>,
    async_: bool,
    index: u32,
) -> Result<Outcome> {
    check_may_leave(store, site.instance)?;
    let (id, _) = find_end(store, site, which, payload, index)?;
    let state = store.state_mut();
    let end = state.ends.get_mut(id)?;
    if end.state != CopyState::Copying || end.waitable.sync_waiter.is_some() {
        return Err(Trap::NothingToCancel.into());
    }
    if end.waitable.set.is_some() && !async_ {
        return Err(Trap::SyncWhileInSet.into());
    }
    end.state = CopyState::CancellingCopy;
    match (end.waitable.pending_event, end.kind, end.shared) {
        (None, _, shared) => cancel_pending(state, shared)?,
        // What was moved is counted, but the outcome is CANCELLED, unless the other end is gone.
        (Some(PendingEvent::Copy { result: CopyResult::Completed, .. }), Kind::Stream, shared) => {
            cancel_completed(state, shared, id)?;
        }
        _ => {}
    }
    answer(store, id, async_)
}

/// Spec: `drop` of the ends. Most are of numbers, and nothing happens at them any more: those are looked up once.
pub(super) fn drop(
    store: &mut StoreMut<'_>,
    site: Site,
    which: (Kind, End),
    (item, payload): (Item, Option<&ValType>),
    index: u32,
) -> Result<()> {
    check_may_leave(store, site.instance)?;
    let short_way = store.state_mut().short_way();
    let State { instances, ends, shared, sets, .. } = store.state_mut();
    let handles = &mut instances.get_mut(site.instance)?.handles;
    let (Some(&Handle::End(id)), true) = (handles.find(index), short_way && item.is_plain()) else {
        return drop_any(store, site, which, payload, index);
    };
    let end = ends.get(id)?;
    let over = end.state == CopyState::Done || (end.state == CopyState::Idle && which.0 == Kind::Stream);
    if !over || (end.kind, end.end, end.item) != (which.0, which.1, item) || end.waitable.pending_event.is_some() {
        return drop_any(store, site, which, payload, index);
    }
    let of = end.shared;
    waitable::leave(sets, end.waitable.set)?;
    handles.remove(index)?;
    ends.discard(id);
    let this = shared.get_mut(of)?;
    if this.reader.is_some() || this.writer.is_some() || this.polling {
        return drop_shared_end(store, of, which.1);
    }
    if this.dropped && this.ends == 1 {
        shared.discard(of);
        return Ok(());
    }
    // Nobody tells an end at which nothing can happen any more.
    let other = if which.1 == End::Readable { this.writable } else { this.readable };
    if other.and_then(|other| ends.find(other)).is_some_and(|other| other.state == CopyState::Done) && !this.dropped {
        this.drop_end(which.1);
        return Ok(());
    }
    drop_shared_end(store, of, which.1)
}

/// [`drop`] of any end.
#[inline(never)]
fn drop_any(
    store: &mut StoreMut<'_>,
    site: Site,
    which: (Kind, End),
    payload: Option<&ValType>,
    index: u32,
) -> Result<()> {
    let (id, end) = find_end(store, site, which, payload, index)?;
    if which == (Kind::Future, End::Writable) && end.state != CopyState::Done {
        return Err(if end.copying() { busy(which) } else { Trap::FutureDropUnwritten }.into());
    }
    if end.copying() {
        return Err(busy(which).into());
    }
    let (shared, in_set) = (end.shared, end.waitable.set.is_some());
    let state = store.state_mut();
    state.instances.get_mut(site.instance)?.handles.remove(index)?;
    if in_set {
        waitable::join(state, WaitableRef::End(id), None)?;
    }
    state.ends.discard(id);
    drop_shared_end(store, shared, which.1)
}

/// Spec: `trap_if(self.copying())` of `CopyEnd.drop`.
pub(super) fn busy(which: (Kind, End)) -> Trap {
    match which {
        (Kind::Stream, End::Readable) => Trap::RemoveBusyStream,
        (Kind::Stream, End::Writable) => Trap::DropBusyStream,
        (Kind::Future, End::Readable) => Trap::RemoveBusyFuture,
        (Kind::Future, End::Writable) => Trap::DropBusyFuture,
    }
}
