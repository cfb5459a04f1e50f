//! Spec: `canon {stream,future}.{new,read,write}`.

use super::subtask::BLOCKED;
use super::{Outcome, Site, check_may_leave, park};
use crate::engine::StoreMut;
use crate::instance::{Handle, options};
use crate::plan::{End, Kind, OptionsIndex};
use crate::stream::{CopyEnd, CopyEndId, CopyState, GuestBuffer, MAX_LENGTH, Shared, rendezvous};
use crate::task::waitable::get_pending_event;
use crate::task::{Resumption, WaitFor, WaitableRef};
use crate::types::{ValType, align_to};
use crate::{Error, ErrorKind, Result, Trap};

/// Spec: `canon_stream_new`, `canon_future_new`.
pub(super) fn new(store: &mut StoreMut<'_>, site: Site, kind: Kind, payload: Option<&ValType>) -> Result<Outcome> {
    check_may_leave(store, site.instance)?;
    let state = store.state_mut();
    let shared = state.shared.insert(Shared::new(payload.cloned()));
    let mut indices = [0u32; 2];
    for (place, end) in indices.iter_mut().zip([End::Readable, End::Writable]) {
        let id = state.ends.insert(CopyEnd::new(shared, kind, end));
        *place = state.instances.get_mut(site.instance)?.handles.add(Handle::End(id))?;
        state.ends.get_mut(id)?.index = *place;
        state.shared.get_mut(shared)?.set_guest_end(end, Some(id));
    }
    Ok(Outcome::Done(u64::from(indices[0]) | u64::from(indices[1]) << 32))
}

/// Which copy a built-in does.
pub(super) struct Copy<'a> {
    /// Stream or future.
    pub(super) kind: Kind,
    /// Readable end: a read; writable end: a write.
    pub(super) end: End,
    /// The type of an item.
    pub(super) payload: Option<&'a ValType>,
    /// The options of the built-in.
    pub(super) options: OptionsIndex,
}

/// The end `index`, checked to be what the built-in is for.
pub(super) fn find_end(
    store: &StoreMut<'_>,
    site: Site,
    (kind, end): (Kind, End),
    payload: Option<&ValType>,
    index: u32,
) -> Result<CopyEndId> {
    let state = store.state();
    let id = state.instances.get(site.instance)?.handles.get(index)?.end(index)?;
    let this = state.ends.get(id)?;
    if this.kind != kind || this.end != end || state.shared.get(this.shared)?.payload.as_ref() != payload {
        let side = if end == End::Readable { "readable" } else { "writable" };
        let what = if kind == Kind::Stream { "stream" } else { "future" };
        let message = format!("handle index {index} used with the wrong type, expected a {side} {what} of this type");
        return Err(Error::new(ErrorKind::Trap(Trap::WrongHandle), message));
    }
    Ok(id)
}

/// Spec: `stream_copy`, `future_copy`.
pub(super) fn copy(
    store: &mut StoreMut<'_>,
    site: Site,
    copy: &Copy<'_>,
    index: u32,
    ptr: u32,
    length: u32,
) -> Result<Outcome> {
    check_may_leave(store, site.instance)?;
    let id = find_end(store, site, (copy.kind, copy.end), copy.payload, index)?;
    let options = options(store.state_mut(), site.root, copy.options)?;
    let end = store.state().ends.get(id)?;
    if end.state != CopyState::Idle {
        return Err(not_idle(end.state, copy.kind, copy.end).into());
    }
    if end.waitable.set.is_some() && !options.async_ {
        return Err(Trap::SyncWhileInSet.into());
    }
    let buffer = GuestBuffer {
        instance: site.instance,
        memory: options.memory,
        realloc: options.realloc,
        string_encoding: options.string_encoding,
        ptr,
        length,
        progress: 0,
        element_size: copy.payload.map_or(0, ValType::size),
    };
    check_buffer(store, &buffer, copy.payload)?;
    let end = store.state_mut().ends.get_mut(id)?;
    (end.state, end.buffer) = (CopyState::Copying, Some(buffer));
    rendezvous(store, id)?;
    answer(store, id, options.async_)
}

fn not_idle(state: CopyState, kind: Kind, end: End) -> Trap {
    match (state, kind, end) {
        (CopyState::Done, Kind::Stream, End::Readable) => Trap::StreamReadAfterDropped,
        (CopyState::Done, Kind::Stream, End::Writable) => Trap::StreamWriteAfterDropped,
        (CopyState::Done, Kind::Future, End::Readable) => Trap::FutureReadDone,
        (CopyState::Done, Kind::Future, End::Writable) => Trap::FutureWriteDone,
        _ => Trap::ConcurrentCopy,
    }
}

/// Spec: `BufferGuestImpl.__init__`.
fn check_buffer(store: &StoreMut<'_>, buffer: &GuestBuffer, payload: Option<&ValType>) -> Result<()> {
    if buffer.length > MAX_LENGTH {
        return Err(Trap::BufferTooLong.into());
    }
    let (Some(payload), Some(memory)) = (payload, buffer.memory) else { return Ok(()) };
    if buffer.length == 0 {
        return Ok(());
    }
    if buffer.ptr != align_to(buffer.ptr, payload.align()) {
        return Err(Trap::UnalignedPointer.into());
    }
    let end = u64::from(buffer.ptr) + u64::from(buffer.length) * u64::from(buffer.element_size);
    if end > store.memory(memory).len() as u64 {
        return Err(Trap::PointerOutOfBounds.into());
    }
    Ok(())
}

/// Spec: the end of `stream_copy` and `cancel_copy`: the outcome, BLOCKED, or a wait.
pub(super) fn answer(store: &mut StoreMut<'_>, id: CopyEndId, async_: bool) -> Result<Outcome> {
    let waitable = WaitableRef::End(id);
    let state = store.state_mut();
    if state.waitable(waitable)?.pending_event.is_some() {
        let event = get_pending_event(store, waitable)?;
        return Ok(Outcome::Done(u64::from(event.payload)));
    }
    if async_ {
        return Ok(Outcome::Done(BLOCKED));
    }
    state.waitable_mut(waitable)?.sync_waiter = Some(state.current_thread()?);
    park(store, Some(WaitFor::Waitable(waitable)), Resumption::WaitableEvent(waitable))
}
