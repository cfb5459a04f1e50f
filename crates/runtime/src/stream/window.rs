//! Windows: a callback's copies of numbers without a call of the host.
//!
//! A callback mostly copies at the ends it was told of last. Before it is called, a window is opened for each of these that
//! is idle: a place in the scratch memory of the glue, which says how much the other end takes or has and where. Glue's code
//! for the built-in (`canon/window.rs`) moves the bytes and writes down what it did. The host carries that out before it
//! does anything else ([`close`]), so nobody can see that it comes late: nothing but this guest has run in between. What
//! closes a window early is any built-in that the host does; a guest that then copies at the same end again and again gets
//! another one (`habit.rs`).
//!
//! [`copy_numbers`](super::copy_numbers) is the twin, which does the same copies one by one.

use std::sync::Arc;

use super::copier::{Way, find_copier};
use super::habit::Habit;
use super::{CopyEndId, CopyPlace, CopyResult, CopyState, SharedId};
use crate::Result;
use crate::engine::{CoreMemory, CoreTable, SharedWords, StoreMut};
use crate::error::bug;
use crate::instance::{InstanceId, Options, RootId, options};
use crate::plan::{End, OptionsIndex};
use crate::store::State;
use crate::task::waitable::set_pending_event;
use crate::task::waitable_set::wake_waiters;
use crate::task::{PendingEvent, WaitableRef};

/// Where the windows are in the scratch memory of the glue. A window is words of 32 bits, at the places below.
pub(crate) const PLACES: [u32; COUNT] = [BOARD as u32 + 64, BOARD as u32 + 128];
/// How many windows were used, at this address.
pub(crate) const USES: u32 = BOARD as u32;
/// Where all of that is.
const BOARD: usize = 4096;

/// Who it is for, 2 words; 0 when it is closed.
pub(crate) const KEY: u32 = 0;
/// Bytes that the own memory has at least, 2 words; the first one is 0 when that was too little for a copy.
pub(crate) const MEMORY_SIZE: u32 = 8;
/// Items that are left of the other end's buffer.
pub(crate) const LEFT: u32 = 16;
/// Where the next of these is in the other end's memory.
pub(crate) const OTHER: u32 = 20;
/// The place of what copies, in the glue's table.
pub(crate) const COPIER: u32 = 24;
/// Items that were copied.
pub(crate) const COPIED: u32 = 28;
/// Where the buffer is with which the end is blocked.
pub(crate) const PTR: u32 = 32;
/// Its length; 0 if it is not blocked.
pub(crate) const LENGTH: u32 = 36;
/// When it was first used, among the windows; 0 if it was not.
pub(crate) const ORDER: u32 = 40;

/// How many windows can be open.
const COUNT: usize = 2;

/// Who a window is for: a copy of the glue, by its number, with a handle.
pub(crate) fn key(number: u32, handle: u32) -> u64 {
    u64::from(number) << 32 | u64::from(handle)
}

/// A built-in for whose copies there may be windows, by its place in [`Windows::sites`], from 1; 0 for others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct SiteNumber(u32);

/// Such a built-in.
#[derive(Clone, Copy)]
pub(crate) struct WindowSite {
    pub(crate) root: RootId,
    pub(crate) instance: InstanceId,
    pub(crate) options: OptionsIndex,
    /// Which end it is for.
    pub(crate) side: End,
    /// Bytes of an item.
    pub(crate) size: u32,
    /// What tells it from the others of its glue.
    pub(crate) number: u32,
}

/// A built-in with what is known of it.
pub(super) struct Site {
    pub(super) of: WindowSite,
    /// Its options, once a window was open.
    pub(super) options: Option<Arc<Options>>,
    /// Bytes that its memory has, or had; 0 if that is not known.
    pub(super) memory_size: u64,
    /// Where its windows are, once one was open.
    pub(super) board: Option<Board>,
    /// The built-in of the other end of the last copy, and the place of what copies.
    pub(super) copier: (SiteNumber, u32),
    /// What the host did for it.
    pub(super) habit: Habit,
}

/// An open window.
#[derive(Clone, Copy)]
struct Open {
    end: CopyEndId,
    site: SiteNumber,
    /// Whether it was opened between two copies of a guest.
    between: bool,
}

/// The windows of a store.
#[derive(Default)]
pub(crate) struct Windows {
    sites: Vec<Site>,
    pub(super) ways: Vec<Way>,
    open: [Option<Open>; COUNT],
    /// Where the open ones are.
    board: Option<Board>,
    /// How many callbacks in a row did nothing but use windows: they entered no function of the host.
    by_themselves: u32,
    /// How many turns were made in lanes.
    #[cfg(test)]
    pub(crate) in_lanes: u32,
}

/// Where the glue of an instantiated component has what windows need.
#[derive(Clone, Copy)]
pub(crate) struct WindowPlaces {
    /// The memory with the windows.
    pub(crate) scratch: CoreMemory,
    /// The table of functions that copy.
    pub(crate) copiers: CoreTable,
    /// How many there are.
    pub(crate) filled: u32,
}

impl Windows {
    /// Whether there can be any.
    #[inline]
    pub(crate) fn are_possible(&self) -> bool {
        !self.sites.is_empty()
    }

    /// Whether some were opened where there was something to copy.
    #[cfg(test)]
    pub(super) fn were_used(&self) -> bool {
        self.sites.iter().any(|site| site.copier.0 != SiteNumber::default())
    }

    /// How many windows were used that were opened while a guest ran.
    #[cfg(test)]
    pub(super) fn used_between(&self) -> u32 {
        self.sites.iter().map(|site| site.habit.used).sum()
    }

    /// Notes of the callback that has returned whether it used windows and entered no function of the host.
    #[inline]
    pub(crate) fn note_callback(&mut self) {
        let untouched = self.open.iter().any(Option::is_some) && self.open.iter().flatten().all(|open| !open.between);
        self.by_themselves = if untouched { self.by_themselves.saturating_add(1) } else { 0 };
    }

    /// A callback did something else, or those that follow will.
    pub(crate) fn note_other_callback(&mut self) {
        self.by_themselves = 0;
    }

    /// Whether that was so of the last `callbacks` callbacks.
    #[inline]
    pub(crate) fn suffice_for(&self, callbacks: u32) -> bool {
        self.by_themselves >= callbacks
    }

    #[inline]
    pub(super) fn site(&mut self, number: SiteNumber) -> Option<&mut Site> {
        self.sites.get_mut((number.0 as usize).checked_sub(1)?)
    }
}

/// Notes a built-in.
pub(crate) fn add_site(state: &mut State, site: WindowSite) -> SiteNumber {
    let sites = &mut state.windows.sites;
    sites.push(Site {
        of: site,
        options: None,
        memory_size: 0,
        board: None,
        copier: (SiteNumber::default(), 0),
        habit: Habit::default(),
    });
    SiteNumber(sites.len() as u32)
}

/// Opens windows for a callback that is about to be called: for those of `ends` that can have one.
#[inline]
pub(crate) fn open(store: &mut StoreMut<'_>, ends: [Option<CopyEndId>; COUNT]) -> Result<()> {
    let mut first = None;
    if let Some(end) = ends[0] {
        first = open_one::<0>(store, end, (None, false))?;
    }
    if let Some(end) = ends[1] {
        first = open_one::<1>(store, end, (first, false))?.or(first);
    }
    if first.is_some() {
        store.before_host(close);
    }
    Ok(())
}

/// Opens a window for `end`, at which the host has just done a copy of the guest that goes on now.
#[inline(never)]
pub(super) fn open_between(store: &mut StoreMut<'_>, end: CopyEndId) -> Result<()> {
    if store.notices_return() && open_one::<0>(store, end, (None, true))?.is_some() {
        store.before_host(close);
    }
    Ok(())
}

/// Opens the window `I` for `id`, if the host need not see what happens at that end; gives the stream. What a window does
/// to a stream is not seen by another one, so none is opened for the same stream.
#[inline]
fn open_one<const I: usize>(
    store: &mut StoreMut<'_>,
    id: CopyEndId,
    (first, between): (Option<SharedId>, bool),
) -> Result<Option<SharedId>> {
    let State { ends, shared, windows, .. } = store.state_mut();
    let Some(end) = ends.find(id) else { return Ok(None) };
    let (number, of, handle) = (end.window, end.shared, end.index);
    let Some(site) = windows.site(number) else { return Ok(None) };
    let this = shared.get(of)?;
    let host = this.writer.is_some() || this.reader.is_some();
    if end.state != CopyState::Idle || this.dropped || host || first == Some(of) {
        return Ok(None);
    }
    let (mut left, mut other, mut copier) = (0, 0, 0);
    if let Some(pending) = this.pending {
        let pending = ends.get(pending)?;
        let buffer = pending.buffer.as_ref().ok_or_else(|| bug!("a copy without a buffer"))?;
        // In a memory with larger addresses nothing else has a window: the address is not looked at then.
        (left, other) = (buffer.remain(), buffer.ptr as u32);
        let theirs = pending.window;
        if left > 0 && theirs == SiteNumber::default() {
            return Ok(None);
        }
        if left > 0 && site.copier.0 != theirs {
            return find_copier(store, (number, theirs)).map(|()| None);
        }
        copier = site.copier.1;
    }
    let (Some(board), 1..) = (site.board, site.memory_size) else { return measure(store, number).map(|()| None) };
    let (size, glue) = (site.memory_size, site.of.number);
    (windows.board, windows.open[I]) = (Some(board), Some(Open { end: id, site: number, between }));
    set_up::<I>(board, [handle, glue, size as u32, (size >> 32) as u32, left, other, copier]);
    Ok(Some(of))
}

/// Opens the window `I`: its words up to [`COPIER`].
#[inline(always)]
pub(super) fn set_up<const I: usize>(board: Board, words: [u32; 7]) {
    put(board, USES, 0);
    let [handle, glue, size, more, left, other, copier] = words;
    let words = [handle, glue, size, more, left, other, copier, 0, 0, 0, 0];
    for (word, at) in words.into_iter().zip((0..).step_by(4)) {
        put(board, const { PLACES[I] } + at, word);
    }
}

/// The part of a scratch memory where windows are.
pub(super) type Board = SharedWords<64>;

/// Sets the word at the address `at`.
#[inline(always)]
fn put(board: Board, at: u32, word: u32) {
    board.set((at as usize - BOARD) / 4, word);
}

/// The word at the address `at`.
#[inline(always)]
fn look(board: Board, at: u32) -> u32 {
    board.get((at as usize - BOARD) / 4)
}

pub(super) fn window_places(state: &State, root: RootId) -> Result<Option<WindowPlaces>> {
    Ok(state.roots.get(root)?.direct.as_ref().and_then(|direct| direct.windows))
}

/// The memory that a built-in copies from or to.
pub(super) fn memory_of(options: &Options) -> Result<CoreMemory> {
    options.memory.ok_or_else(|| bug!("elements in memory without the memory option"))
}

/// Finds where the windows of a built-in are, and how large its memory is, which it is at least from now on.
#[cold]
fn measure(store: &mut StoreMut<'_>, number: SiteNumber) -> Result<()> {
    let Some(site) = store.state_mut().windows.site(number).map(|site| site.of) else { return Ok(()) };
    let options = options(store.state_mut(), site.root, site.options)?.clone();
    let memory_size = store.memory(memory_of(&options)?).len() as u64;
    let board = match window_places(store.state(), site.root)? {
        Some(places) => Board::of(store, places.scratch, BOARD as u32),
        None => None,
    };
    if let Some(site) = store.state_mut().windows.site(number) {
        (site.options, site.memory_size, site.board) = (Some(options), memory_size, board);
    }
    Ok(())
}

/// Closes the windows and carries out what was done in them.
pub(crate) fn close(store: &mut StoreMut<'_>) -> Result<()> {
    let windows = &mut store.state_mut().windows;
    let ([first, second], Some(board)) = (windows.open, windows.board) else { return Ok(()) };
    windows.open = [None; COUNT];
    match (first, second) {
        (Some(open), None) => {
            let done = take_down::<0>(board);
            carry_out(store.state_mut(), open, done)
        }
        (None, Some(open)) => {
            let done = take_down::<1>(board);
            carry_out(store.state_mut(), open, done)
        }
        (Some(first), Some(second)) => {
            let (one, other) = ((first, take_down::<0>(board)), (second, take_down::<1>(board)));
            let (before, after) = if other.1.order < one.1.order { (other, one) } else { (one, other) };
            carry_out(store.state_mut(), before.0, before.1)?;
            carry_out(store.state_mut(), after.0, after.1)
        }
        (None, None) => Ok(()),
    }
}

/// What was done in a window.
pub(crate) struct Done {
    pub(super) copied: u32,
    pub(super) ptr: u32,
    pub(super) length: u32,
    /// When it was first used, among the windows; 0 if it was not.
    pub(crate) order: u32,
    /// 0 if that was too little for a copy.
    pub(crate) memory_size: u32,
}

/// Closes the window `I`.
#[inline(always)]
pub(super) fn take_down<const I: usize>(board: Board) -> Done {
    put(board, const { PLACES[I] + KEY + 4 }, 0);
    let at = const { PLACES[I] };
    Done {
        copied: look(board, at + COPIED),
        ptr: look(board, at + PTR),
        length: look(board, at + LENGTH),
        order: look(board, at + ORDER),
        memory_size: look(board, at + MEMORY_SIZE),
    }
}

#[inline]
fn carry_out(state: &mut State, open: Open, done: Done) -> Result<()> {
    let Done { copied, ptr, length, order, memory_size } = done;
    let State { ends, shared, windows, .. } = state;
    let site = windows.site(open.site).ok_or_else(|| bug!("a window of no built-in"))?;
    if memory_size == 0 {
        // It is larger by now, or the guest wants too much.
        site.memory_size = 0;
    }
    if open.between {
        site.habit.was_used(order > 0);
    }
    if order == 0 {
        return Ok(());
    }
    let end = ends.get_mut(open.end)?;
    let set = end.waitable.set;
    if length > 0 {
        let options = site.options.as_deref().ok_or_else(|| bug!("a window without options"))?;
        let WindowSite { instance, size: element_size, .. } = site.of;
        let place = CopyPlace { options, instance, ptr: ptr.into(), length, element_size };
        (end.state, end.buffer) = (CopyState::Copying, Some(place.buffer()));
    }
    let this = shared.get_mut(end.shared)?;
    let pending = this.pending;
    if let Some(pending) = pending {
        if copied > 0 {
            let buffer = ends.get_mut(pending)?.buffer.as_mut().filter(|buffer| buffer.remain() >= copied);
            buffer.ok_or_else(|| bug!("more was copied than there was"))?.advance(copied);
        }
        if length > 0 {
            this.pending = Some(open.end);
        }
        // The last of its events is the one that it has in the end.
        let event = PendingEvent::Copy { result: CopyResult::Completed, reclaim: length == 0 };
        set_pending_event(state, WaitableRef::End(pending), event)?;
        if let (1.., Some(set)) = (copied, set) {
            wake_waiters(state, set)?;
        }
    } else if length > 0 {
        this.pending = Some(open.end);
    }
    Ok(())
}
