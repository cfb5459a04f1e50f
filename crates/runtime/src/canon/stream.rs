//! Spec: `canon {stream,future}.{new,read,write}`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::dispatch::{address, arg};
use super::subtask::BLOCKED;
use super::{Outcome, Site, check_may_leave, park};
use crate::engine::StoreMut;
use crate::instance::{Handle, Options, options};
use crate::plan::{End, Kind, OptionsIndex};
use crate::store::State;
use crate::stream::window::{self, SiteNumber, WindowSite};
use crate::stream::{
    CopyEnd, CopyEndId, CopyPlace, CopyState, FoundEnd, Item, MAX_LENGTH, NumbersCopy, Shared, Short, copied_at_once,
    copy_numbers, copy_with_host, rendezvous, start_copying,
};
use crate::task::waitable::get_pending_event;
use crate::task::{Resumption, WaitFor, WaitableRef};
use crate::types::{PtrType, ValType, is_aligned};
use crate::{Error, ErrorKind, Result, Trap};

/// Spec: `canon_stream_new`, `canon_future_new`.
pub(super) fn new(
    store: &mut StoreMut<'_>,
    site: Site,
    kind: Kind,
    (item, payload): (Item, Option<&ValType>),
) -> Result<u64> {
    check_may_leave(store, site.instance)?;
    let State { instances, ends, shared, .. } = store.state_mut();
    let handles = &mut instances.get_mut(site.instance)?.handles;
    let id = shared.next_id();
    let first = handles.add(Handle::End(ends.next_id()))?;
    let readable = ends.insert_with(|| CopyEnd::new(id, (kind, End::Readable), item, first));
    let second = handles.add(Handle::End(ends.next_id()))?;
    let writable = ends.insert_with(|| CopyEnd::new(id, (kind, End::Writable), item, second));
    shared.insert_with(|| Shared {
        readable: Some(readable),
        writable: Some(writable),
        ..Shared::of(payload.cloned(), item, site.root)
    });
    Ok(u64::from(first) | u64::from(second) << 32)
}

/// Which copy a built-in does.
pub(super) struct Copy {
    /// Stream or future.
    kind: Kind,
    /// Readable end: a read; writable end: a write.
    end: End,
    /// The type of an item.
    payload: Option<ValType>,
    /// The options of the built-in.
    options: OptionsIndex,
    /// The same, once they were resolved.
    found: OnceLock<Arc<Options>>,
    /// The type of addresses and lengths.
    ptr_type: PtrType,
    /// Bytes of an item; 0 without a payload.
    size: u32,
    /// The alignment of an item.
    align: u32,
    /// The type of an item in short.
    item: Item,
    /// Its number among those that windows stand for.
    window: SiteNumber,
    /// Bytes that the memory of the options has, or had: it never shrinks.
    memory_size: AtomicU64,
}

impl Copy {
    pub(super) fn new(
        (kind, end): (Kind, End),
        payload: Option<ValType>,
        options: OptionsIndex,
        ptr_type: PtrType,
    ) -> Self {
        let layout = |payload: &ValType| (payload.size(ptr_type), payload.align(ptr_type));
        let (size, align) = payload.as_ref().map_or((0, 1), layout);
        let item = Item::of(payload.as_ref());
        let memory_size = AtomicU64::new(0);
        let window = SiteNumber::default();
        Copy { kind, end, payload, options, found: OnceLock::new(), ptr_type, size, align, item, window, memory_size }
    }

    /// The same, with windows; `number` tells it from the others of its glue.
    pub(super) fn with_window(mut self, store: &mut StoreMut<'_>, site: Site, number: u32) -> Self {
        let Site { root, instance } = site;
        let (options, side, size) = (self.options, self.end, self.size);
        let site = WindowSite { root, instance, options, side, size, number };
        self.window = window::add_site(store.state_mut(), site);
        self
    }

    /// Whether a buffer is what [`check_buffer`] wants it to be.
    #[inline]
    fn fits(&self, store: &StoreMut<'_>, place: &CopyPlace<'_>) -> bool {
        if self.size == 0 || place.length == 0 {
            return place.length <= MAX_LENGTH;
        }
        let end = place.ptr.saturating_add(u64::from(place.length) * u64::from(self.size));
        let inside = end <= self.memory_size.load(Ordering::Relaxed) || self.fits_now(store, place, end);
        inside && place.length <= MAX_LENGTH && is_aligned(place.ptr, self.align)
    }

    /// Whether the memory has at least `end` bytes now.
    #[cold]
    fn fits_now(&self, store: &StoreMut<'_>, place: &CopyPlace<'_>, end: u64) -> bool {
        let Some(memory) = place.options.memory else { return false };
        let size = store.memory(memory).len() as u64;
        self.memory_size.store(size, Ordering::Relaxed);
        end <= size
    }

    /// The end `index`, checked to be what the built-in is for, and to be idle.
    #[inline]
    fn find_end(&self, store: &StoreMut<'_>, site: Site, index: u32, async_: bool) -> Result<FoundEnd> {
        let (id, end) = find_end(store, site, (self.kind, self.end), self.payload.as_ref(), index)?;
        if end.state != CopyState::Idle {
            return Err(not_idle(end.state, self.kind, self.end).into());
        }
        if end.waitable.set.is_some() && !async_ {
            return Err(Trap::SyncWhileInSet.into());
        }
        Ok(FoundEnd { id, shared: end.shared, set: end.waitable.set })
    }

    #[inline]
    fn options(&self, store: &mut StoreMut<'_>, site: Site) -> Result<&Options> {
        if let Some(found) = self.found.get() {
            return Ok(found);
        }
        let found = options(store.state_mut(), site.root, self.options)?.clone();
        Ok(self.found.get_or_init(|| found))
    }
}

/// The end `index`, checked to be what the built-in is for.
#[inline]
pub(super) fn find_end<'s>(
    store: &'s StoreMut<'_>,
    site: Site,
    (kind, end): (Kind, End),
    payload: Option<&ValType>,
    index: u32,
) -> Result<(CopyEndId, &'s CopyEnd)> {
    let state = store.state();
    let id = state.instances.get(site.instance)?.handles.get(index)?.end(index)?;
    let this = state.ends.get(id)?;
    if (this.kind, this.end) != (kind, end) || !this.is_of(state, payload)? {
        return Err(wrong_end(kind, end, index));
    }
    Ok((id, this))
}

#[cold]
fn wrong_end(kind: Kind, end: End, index: u32) -> Error {
    let side = if end == End::Readable { "readable" } else { "writable" };
    let what = if kind == Kind::Stream { "stream" } else { "future" };
    let message = format!("handle index {index} used with the wrong type, expected a {side} {what} of this type");
    Error::new(ErrorKind::Trap(Trap::WrongHandle), message)
}

/// Spec: `stream_copy`, `future_copy`: of `length` items at `ptr`, which is 1 for a future.
pub(super) fn copy(
    store: &mut StoreMut<'_>,
    site: Site,
    copy: &Copy,
    (index, ptr, length): (u32, u64, u32),
) -> Result<Outcome> {
    check_may_leave(store, site.instance)?;
    let options = copy.options(store, site)?;
    let place = CopyPlace { options, instance: site.instance, ptr, length, element_size: copy.size };
    let short_way = store.state_mut().short_way();
    if !short_way || !copy.item.is_plain() || !copy.fits(store, &place) {
        return copy_any(store, site, copy, &place, Begun { index, short_way, found: None });
    }
    let numbers = NumbersCopy { which: (copy.kind, copy.end), item: copy.item, index, window: copy.window, place };
    let found = match copy_numbers(store, &numbers)? {
        Short::Done(payload) => return Ok(Outcome::Done(u64::from(payload))),
        Short::Waits(_) if options.async_ => return Ok(Outcome::Done(BLOCKED)),
        Short::Waits(end) | Short::Told(end) => return answer(store, end, options.async_),
        Short::Other(end) => Some(end),
        Short::No => None,
    };
    copy_any(store, site, copy, &place, Begun { index, short_way, found })
}

/// What is known of a copy that is not one of numbers between guests.
struct Begun {
    index: u32,
    short_way: bool,
    found: Option<FoundEnd>,
}

/// [`copy`] of anything.
#[inline(never)]
fn copy_any(
    store: &mut StoreMut<'_>,
    site: Site,
    copy: &Copy,
    place: &CopyPlace<'_>,
    Begun { index, short_way, found }: Begun,
) -> Result<Outcome> {
    let options = place.options;
    let end = match found {
        Some(end) => end,
        None => {
            let end = copy.find_end(store, site, index, options.async_)?;
            check_buffer(store, place, copy)?;
            end
        }
    };
    if short_way {
        match copy_with_host(store, &end, place, copy.payload.as_ref())? {
            Short::Done(payload) => return Ok(Outcome::Done(u64::from(payload))),
            Short::Waits(_) if options.async_ => return Ok(Outcome::Done(BLOCKED)),
            Short::Waits(end) | Short::Told(end) => return answer(store, end, options.async_),
            Short::Other(_) | Short::No => {}
        }
    }
    store.state_mut().ends.get_mut(end.id)?.window = copy.window;
    start_copying(store.state_mut(), end.id, place.buffer())?;
    match rendezvous(store, end.id)? {
        Some(result) => {
            let event = copied_at_once(store.state_mut(), end.id, result)?;
            Ok(Outcome::Done(u64::from(event.payload)))
        }
        None => answer(store, end.id, options.async_),
    }
}

/// The end, the place and the length of a copy; a future's has no length.
#[inline]
pub(super) fn copy_args(copy: &Copy, args: &[u64]) -> (u32, u64, u32) {
    let address = |n| address(args, n, copy.ptr_type);
    // More than fit into 32 bits are too many, whatever they are.
    let length = || u32::try_from(address(2)).unwrap_or(u32::MAX);
    (arg(args, 0), address(1), if copy.kind == Kind::Stream { length() } else { 1 })
}

#[cold]
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
#[inline]
fn check_buffer(store: &StoreMut<'_>, place: &CopyPlace<'_>, copy: &Copy) -> Result<()> {
    if place.length > MAX_LENGTH {
        return Err(Trap::BufferTooLong.into());
    }
    let (Some(_), Some(memory)) = (&copy.payload, place.options.memory) else { return Ok(()) };
    if place.length == 0 {
        return Ok(());
    }
    if !is_aligned(place.ptr, copy.align) {
        return Err(Trap::UnalignedPointer.into());
    }
    let end = place.ptr.saturating_add(u64::from(place.length) * u64::from(place.element_size));
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
    let thread = state.current_thread()?;
    state.waitable_mut(waitable)?.sync_waiter = Some(thread);
    park(store, Some(WaitFor::Waitable(waitable)), Resumption::WaitableEvent(waitable))
}
