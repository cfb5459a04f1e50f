//! The short way of a guest's copy whose other end is a producer or consumer of the host: it is polled with the buffer at
//! hand, and an end whose copy is over at once has neither a buffer nor an event. [`rendezvous`](super::rendezvous) is its
//! twin, which takes every copy.

use super::host_end::{poll_with, progressed, put_back};
use super::{CopyPlace, CopyResult, FoundEnd, HostEnd, Shared, Short, start_copying};
use crate::engine::StoreMut;
use crate::host::Flow;
use crate::store::{HostSource, source_waker};
use crate::task::waitable_set::wake_waiters;
use crate::types::ValType;
use crate::{Error, Result};

/// Starts a copy between `end`, which is idle, with `place`, and a stream's end of the host.
pub(crate) fn copy_with_host(
    store: &mut StoreMut<'_>,
    end: &FoundEnd,
    place: &CopyPlace<'_>,
    payload: Option<&ValType>,
) -> Result<Short> {
    let state = store.state_mut();
    let id = end.shared;
    let this = state.shared.get_mut(id)?;
    if this.dropped || this.polling || this.pending.is_some() || !has_one_end(this) {
        return Ok(Short::No);
    }
    // Taken out like the end: to clone a waker takes longer than many a poll.
    let waker = this.waker.take().unwrap_or_else(|| source_waker(&state.mailbox, HostSource::Shared(id)));
    let writes = this.writer.is_some();
    let Some(mut host) = this.writer.take().or_else(|| this.reader.take()) else { return Ok(Short::No) };
    this.polling = true;
    let buffer = &mut place.buffer();
    let flow = poll_with(store, &mut host, buffer, payload, &waker)?;
    let this = store.state_mut().shared.get_mut(id)?;
    this.waker = Some(waker);
    if flow == Some(Flow::Continue) {
        this.polling = false;
        *(if writes { &mut this.writer } else { &mut this.reader }) = Some(host);
        if buffer.progress == 0 && !buffer.is_zero_length() {
            return Err(moved_nothing());
        }
        if let Some(set) = end.set {
            wake_waiters(store.state_mut(), set)?;
        }
        return Ok(Short::Done(CopyResult::Completed as u32 | buffer.progress << 4));
    }
    this.pending = Some(end.id);
    start_copying(store.state_mut(), end.id, buffer.clone())?;
    progressed(store, end.id, buffer, flow)?;
    let host = flow.is_none().then_some(host);
    put_back(store, id, if writes { (host, None) } else { (None, host) }, 1)?;
    Ok(if flow.is_none() { Short::Waits(end.id) } else { Short::Told(end.id) })
}

/// Whether the host has one of the ends, and it is a stream's.
fn has_one_end(shared: &Shared) -> bool {
    matches!((&shared.writer, &shared.reader), (Some(HostEnd::Producer(_)), None) | (None, Some(HostEnd::Consumer(_))))
}

/// Nobody would wake the store again.
#[cold]
pub(super) fn moved_nothing() -> Error {
    Error::host("a producer or consumer of the host is ready but moved nothing")
}
