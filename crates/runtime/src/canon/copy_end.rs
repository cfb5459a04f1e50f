//! Spec: `canon {stream,future}.{cancel-read,cancel-write,drop-readable,drop-writable}`.

use super::stream::{answer, find_end};
use super::{Outcome, Site, check_may_leave};
use crate::Result;
use crate::Trap;
use crate::engine::StoreMut;
use crate::plan::{End, Kind};
use crate::stream::{CopyResult, CopyState, cancel_completed, cancel_pending, drop_shared_end};
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

/// Spec: `drop` of the ends.
pub(super) fn drop(
    store: &mut StoreMut<'_>,
    site: Site,
    which: (Kind, End),
    payload: Option<&ValType>,
    index: u32,
) -> Result<Outcome> {
    check_may_leave(store, site.instance)?;
    let (id, _) = find_end(store, site, which, payload, index)?;
    let state = store.state_mut();
    let end = state.ends.get(id)?;
    if which == (Kind::Future, End::Writable) && end.state != CopyState::Done {
        return Err(if end.copying() { busy(which) } else { Trap::FutureDropUnwritten }.into());
    }
    if end.copying() {
        return Err(busy(which).into());
    }
    let (shared, in_set) = (end.shared, end.waitable.set.is_some());
    state.instances.get_mut(site.instance)?.handles.remove(index)?;
    if in_set {
        waitable::join(state, WaitableRef::End(id), None)?;
    }
    state.ends.discard(id);
    drop_shared_end(store, shared, which.1)?;
    Ok(Outcome::Done(0))
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
