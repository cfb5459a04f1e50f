//! Spec: `canon {stream,future}.forward`.

use super::copy_end::busy;
use super::stream::find_end;
use super::{Outcome, Site, check_may_leave};
use crate::engine::StoreMut;
use crate::plan::{End, Kind};
use crate::stream::{self, CopyState, SharedId};
use crate::types::ValType;
use crate::{Result, Trap};

/// Spec: `forward`: gives up a readable and a writable end; whoever wrote to the one writes to the reader of the other.
pub(super) fn forward(
    store: &mut StoreMut<'_>,
    site: Site,
    kind: Kind,
    payload: Option<&ValType>,
    [readable, writable]: [u32; 2],
) -> Result<Outcome> {
    check_may_leave(store, site.instance)?;
    let from = give_up(store, site, (kind, End::Readable), payload, readable)?;
    let to = give_up(store, site, (kind, End::Writable), payload, writable)?;
    stream::forward(store, from, to)?;
    Ok(Outcome::Done(0))
}

/// Takes an end that does nothing out of the table; gives what it is an end of.
fn give_up(
    store: &mut StoreMut<'_>,
    site: Site,
    which: (Kind, End),
    payload: Option<&ValType>,
    index: u32,
) -> Result<SharedId> {
    let (id, _) = find_end(store, site, which, payload, index)?;
    let state = store.state_mut();
    let end = state.ends.get(id)?;
    match end.state {
        CopyState::Idle => {}
        CopyState::Done => return Err(done(which).into()),
        CopyState::Copying | CopyState::CancellingCopy => return Err(busy(which).into()),
    }
    if end.waitable.set.is_some() {
        return Err(if which.0 == Kind::Stream { Trap::LiftStreamInSet } else { Trap::LiftFutureInSet }.into());
    }
    let shared = end.shared;
    state.instances.get_mut(site.instance)?.handles.remove(index)?;
    state.ends.remove(id);
    state.shared.get_mut(shared)?.set_guest_end(which.1, None);
    Ok(shared)
}

fn done(which: (Kind, End)) -> Trap {
    match which {
        (Kind::Stream, End::Readable) => Trap::LiftDroppedStream,
        (Kind::Stream, End::Writable) => Trap::StreamWriteAfterDropped,
        (Kind::Future, End::Readable) => Trap::LiftDoneFuture,
        (Kind::Future, End::Writable) => Trap::FutureWriteDone,
    }
}
