//! Joining two streams or futures, so that one writer meets the other's reader. Spec: `End.forward`.

use std::sync::Arc;

use super::copy::{meet, on_copy_done};
use super::{CopyEndId, HostEnd, SharedId, drop_shared_end, poll_host_ends};
use crate::Result;
use crate::engine::StoreMut;
use crate::error::bug;
use crate::plan::End;
use crate::store::{HostSource, State, source_waker};
use crate::types::PayloadType;

/// The readable end of `from` and the writable end of `to` are nobody's any more: who writes to `from` writes to `to`.
pub(crate) fn forward(store: &mut StoreMut<'_>, from: SharedId, to: SharedId) -> Result<()> {
    let state = store.state();
    let dropped = state.shared.get(from)?.dropped || state.shared.get(to)?.dropped;
    if from == to || dropped {
        drop_shared_end(store, from, End::Readable)?;
        return drop_shared_end(store, to, End::Writable);
    }
    let pending = join(store.state_mut(), from, to)?;
    if let [Some(write), Some(read)] = pending {
        return rendezvous(store, to, write, read);
    }
    poll_host_ends(store, to)
}

/// Moves the writer of `from` to `to`; gives the guests' ends of both whose copies wait.
fn join(state: &mut State, from: SharedId, to: SharedId) -> Result<[Option<CopyEndId>; 2]> {
    let from = state.shared.remove(from).ok_or_else(|| bug!("a stream that is gone is forwarded"))?;
    if let Some(writable) = from.writable {
        let home = state.shared.get(to)?.home;
        let end = state.ends.get_mut(writable)?;
        end.shared = to;
        if home != from.home && end.payload.is_none() {
            end.payload = Some(Arc::new(PayloadType { payload: from.payload.clone() }));
        }
    }
    let waker = source_waker(&state.mailbox, HostSource::Shared(to));
    let this = state.shared.get_mut(to)?;
    (this.writable, this.writer) = (from.writable, from.writer);
    // It was told to wake the other one.
    if let Some(HostEnd::Producer(producer)) = &mut this.writer {
        producer.attach(&waker);
    }
    this.waker.get_or_insert(waker);
    let pending = [from.pending, this.pending];
    this.pending = this.pending.or(from.pending);
    Ok(pending)
}

/// Both ends wait: the smaller buffer meets the bigger one, which goes on waiting if something is left of it.
fn rendezvous(store: &mut StoreMut<'_>, shared: SharedId, write: CopyEndId, read: CopyEndId) -> Result<()> {
    let state = store.state_mut();
    let remain = |end| {
        let buffer = state.ends.get(end)?.buffer.as_ref();
        buffer.map(super::GuestBuffer::remain).ok_or_else(|| bug!("a copy without a buffer"))
    };
    let (bigger, smaller) = if remain(read)? > remain(write)? { (read, write) } else { (write, read) };
    state.shared.get_mut(shared)?.pending = Some(bigger);
    match meet(store, shared, smaller, bigger)? {
        Some(result) => on_copy_done(store.state_mut(), smaller, result),
        None => Ok(()),
    }
}
