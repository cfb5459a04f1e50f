//! Spec: `WaitableSet`.

use super::waitable::{deliver, get_pending_event};
use super::{Event, ThreadId, WaitableRef};
use crate::engine::StoreMut;
use crate::error::bug;
use crate::store::{Id, State};
use crate::stream::{CopyEndId, take_copy_event};
use crate::{Result, Trap};

/// A waitable set of the store.
pub(crate) type WaitableSetId = Id<WaitableSet>;

/// Spec: `WaitableSet`.
#[derive(Default)]
pub(crate) struct WaitableSet {
    /// How many members there are. Spec: `elems`; each member knows its set.
    pub(crate) members: u32,
    /// How many of them have a pending event.
    pending: u32,
    /// The first and the last of those, oldest first: nobody looks through all members.
    ends: Option<(WaitableRef, WaitableRef)>,
    /// A thread that waits for an event of it. Spec: `num_waiting` counts them.
    first_waiting: Option<ThreadId>,
    /// Those beside the first, which most sets never have.
    others_waiting: Vec<ThreadId>,
}

impl WaitableSet {
    /// Who waits for an event of it.
    #[inline]
    pub(super) fn waiting(&self) -> Waiting {
        match self.first_waiting {
            None => Waiting::Nobody,
            Some(thread) if self.others_waiting.is_empty() => Waiting::One(thread),
            Some(_) => Waiting::More,
        }
    }

    /// Notes that `member` has a pending event, if no other member has one.
    #[inline]
    pub(super) fn note_only_pending(&mut self, member: WaitableRef) -> bool {
        let only = self.ends.is_none();
        if only {
            (self.pending, self.ends) = (1, Some((member, member)));
        }
        only
    }

    /// Spec: `has_pending_event`.
    #[inline]
    pub(super) fn has_pending(&self) -> bool {
        self.pending > 0
    }

    /// How many members have a pending event.
    #[inline]
    pub(super) fn pending(&self) -> u32 {
        self.pending
    }

    /// The end of a stream or future that is the only one with a pending event, if there is one: it has none from now on.
    #[inline]
    pub(super) fn take_only_end(&mut self) -> Option<CopyEndId> {
        let (1, Some((WaitableRef::End(id), _))) = (self.pending, self.ends) else { return None };
        (self.pending, self.ends) = (0, None);
        Some(id)
    }

    #[inline(always)]
    pub(super) fn add_waiting(&mut self, thread: ThreadId) {
        match self.first_waiting {
            None => self.first_waiting = Some(thread),
            Some(_) => self.others_waiting.push(thread),
        }
    }

    #[inline(always)]
    pub(super) fn remove_waiting(&mut self, thread: ThreadId) {
        if self.first_waiting == Some(thread) {
            self.first_waiting = self.others_waiting.pop();
        } else {
            self.remove_other(thread);
        }
    }

    #[cold]
    fn remove_other(&mut self, thread: ThreadId) {
        if let Some(at) = self.others_waiting.iter().position(|&other| other == thread) {
            self.others_waiting.swap_remove(at);
        }
    }
}

/// Who waits for an event of a set.
pub(super) enum Waiting {
    /// Nobody.
    Nobody,
    /// One thread.
    One(ThreadId),
    /// Several threads.
    More,
}

/// The neighbours of a waitable among the pending members of its set.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Place {
    before: Option<WaitableRef>,
    after: Option<WaitableRef>,
}

/// Spec: `WaitableSet.has_pending_event`.
#[inline]
pub(crate) fn has_pending_event(state: &State, set: WaitableSetId) -> Result<bool> {
    Ok(state.sets.get(set)?.pending > 0)
}

#[inline]
fn place_of(state: &mut State, member: WaitableRef) -> Result<&mut Place> {
    state.waitable_mut(member)?.place.as_mut().ok_or_else(|| bug!("a neighbour without a place"))
}

/// Notes that `member` has a pending event.
#[inline]
pub(crate) fn note_pending(state: &mut State, set: WaitableSetId, member: WaitableRef) -> Result<()> {
    if state.waitable(member)?.place.is_some() {
        return Ok(());
    }
    let this = state.sets.get_mut(set)?;
    if this.note_only_pending(member) {
        state.waitable_mut(member)?.place = Some(Place::default());
        return Ok(());
    }
    this.pending += 1;
    let (first, last) = this.ends.ok_or_else(|| bug!("a set that forgot its pending events"))?;
    this.ends = Some((first, member));
    place_of(state, last)?.after = Some(member);
    state.waitable_mut(member)?.place = Some(Place { before: Some(last), after: None });
    Ok(())
}

/// Notes that `member` has no pending event any more, or leaves the set.
#[inline]
pub(crate) fn forget_pending(state: &mut State, set: WaitableSetId, member: WaitableRef) -> Result<()> {
    let Some(Place { before, after }) = state.waitable_mut(member)?.place.take() else { return Ok(()) };
    if let (None, None) = (before, after) {
        let this = state.sets.get_mut(set)?;
        (this.pending, this.ends) = (0, None);
        return Ok(());
    }
    if let Some(before) = before {
        place_of(state, before)?.after = after;
    }
    if let Some(after) = after {
        place_of(state, after)?.before = before;
    }
    let this = state.sets.get_mut(set)?;
    this.pending -= 1;
    let (first, last) = this.ends.ok_or_else(|| bug!("a set that forgot its pending events"))?;
    this.ends = before.map_or(after, |_| Some(first)).zip(after.map_or(before, |_| Some(last)));
    Ok(())
}

/// An event of a set, if there is one. Spec: `WaitableSet.poll`.
#[inline]
pub(crate) fn poll_event(store: &mut StoreMut<'_>, set: WaitableSetId) -> Result<Option<Event>> {
    let State { sets, ends, shared, choose, .. } = store.state_mut();
    let this = sets.get_mut(set)?;
    if !this.has_pending() {
        return Ok(None);
    }
    if let Some(id) = this.take_only_end() {
        // A choice among one, as where there are more.
        choose.among(1);
        return take_copy_event(ends, shared, id).map(Some);
    }
    take_event(store, set).map(Some)
}

/// Spec: `WaitableSet.get_pending_event`; which one is open to choice.
#[inline]
pub(crate) fn take_event(store: &mut StoreMut<'_>, set: WaitableSetId) -> Result<Event> {
    let state = store.state_mut();
    let State { sets, choose, .. } = state;
    let this = sets.get_mut(set)?;
    let chosen = choose.among(this.pending as usize);
    if let (1, Some((member, _))) = (this.pending, this.ends) {
        (this.pending, this.ends) = (0, None);
        let this = state.waitable_mut(member)?;
        this.place = None;
        let event = this.pending_event.take();
        return deliver(state, member, event);
    }
    let mut member = this.ends.map(|(first, _)| first).ok_or_else(|| bug!("a set without a pending event"))?;
    for _ in 0..chosen {
        let after = state.waitable(member)?.place.and_then(|place| place.after);
        member = after.ok_or_else(|| bug!("a choice beyond the pending events"))?;
    }
    get_pending_event(store, member)
}

/// Lets the loop look at every thread that waits on `set`.
#[inline]
pub(crate) fn wake_waiters(state: &mut State, set: WaitableSetId) -> Result<()> {
    match state.sets.get(set)?.first_waiting {
        Some(first) => wake_all(state, set, first),
        None => Ok(()),
    }
}

fn wake_all(state: &mut State, set: WaitableSetId, first: ThreadId) -> Result<()> {
    state.wake(first);
    let mut i = 0;
    while let Some(&other) = state.sets.get(set)?.others_waiting.get(i) {
        state.wake(other);
        i += 1;
    }
    Ok(())
}

/// Counts `thread` as waiting on `set`. Spec: `num_waiting += 1`.
#[inline]
pub(crate) fn start_waiting(state: &mut State, set: WaitableSetId, thread: ThreadId) -> Result<()> {
    let this = state.sets.get_mut(set)?;
    this.add_waiting(thread);
    if this.pending > 0 {
        state.wake(thread);
    }
    Ok(())
}

/// Spec: `num_waiting -= 1`.
#[inline]
pub(crate) fn stop_waiting(state: &mut State, set: WaitableSetId, thread: ThreadId) -> Result<()> {
    state.sets.get_mut(set)?.remove_waiting(thread);
    Ok(())
}

/// Spec: `WaitableSet.drop`.
#[inline]
pub(crate) fn check_drop(state: &State, set: WaitableSetId) -> Result<()> {
    let set = state.sets.get(set)?;
    if set.members > 0 {
        return Err(Trap::SetNotEmpty.into());
    }
    if set.first_waiting.is_some() {
        return Err(Trap::SetHasWaiters.into());
    }
    Ok(())
}
