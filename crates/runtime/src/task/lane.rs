//! Lanes: guests that pass items to one another, callback by callback, and nothing else happens.
//!
//! A callback that reads in a window what another guest has written, and waits again, changes threads, sets, ends and what
//! these share; the next callback changes it all back. As long as no function of the host is entered and nobody else is
//! ready, nobody looks at any of it. So the turns of such callbacks are noted in a lane: who is next, and how far each
//! end is (`stream/lane.rs`). The store learns of it when the lane ends ([`settle`]): when there is something else to
//! do, or when a guest enters the host, before that does anything. It is then as if each turn had been made by the loop
//! ([`tick`](crate::store::tick)), which is the twin.

use std::collections::VecDeque;

use super::callback::finish_turn;
use super::run::run_switched_to;
use super::waitable_set::Waiting;
use super::{Stage, TaskId, TaskState, ThreadId, WaitFor, WaitableSetId, callback_code};
use crate::Result;
use crate::engine::{CoreFunc, StoreMut};
use crate::error::bug;
use crate::instance::{Handle, InstanceId};
use crate::store::{Current, State};
use crate::stream::lane::{LaneEnd, note};
use crate::stream::{CopyEndId, window::Done};

/// Guests in a lane at most.
const MAX_MEMBERS: usize = 4;
/// Callbacks in a row that used windows and entered no function of the host, before a lane is looked for.
const WARM: u32 = 4;

/// Stands for no end among those of a lane.
const NO_END: usize = usize::MAX;

/// While there is a lane that is not over, the store has all its members waiting, and none of their events.
pub(crate) struct Lane {
    members: Vec<Member>,
    ends: Vec<LaneEnd>,
    /// Who is ready, in order.
    queue: VecDeque<usize>,
    /// Whose callback runs.
    running: Option<usize>,
    /// The ends for which windows are open.
    open: [usize; 2],
    /// Events of the ends so far.
    events: u64,
    /// [`State::stops`].
    stops: u64,
    /// Whether the store knows what happened.
    over: bool,
}

/// A guest that waits between callbacks, or whose callback runs.
struct Member {
    at: Place,
    set: WaitableSetId,
    callback: CoreFunc,
    /// What its callback answers when it waits again; 0 if that is not known.
    waits: u32,
    /// The ends that it was told of last.
    told_of: [Option<CopyEndId>; 2],
    /// Their places among the ends of the lane.
    ends: [usize; 2],
    stopped: u64,
}

/// Where a turn is made.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) thread: ThreadId,
    pub(super) task: TaskId,
    pub(super) instance: InstanceId,
}

/// Makes turns in a lane, if the last callbacks make one likely and there is one. The turn before must be over.
#[inline]
pub(crate) fn go_in_lane(store: &mut StoreMut<'_>) -> Result<()> {
    let state = store.state();
    let warm = if state.choose.is_first() { WARM } else { 1 };
    if state.windows.suffice_for(warm) { go(store) } else { Ok(()) }
}

#[inline(never)]
fn go(store: &mut StoreMut<'_>) -> Result<()> {
    let has_room = store.has_room();
    let state = store.state_mut();
    if !has_room || !can_go_on(state) {
        return Ok(());
    }
    let Some(lane) = find(state) else {
        state.windows.note_other_callback();
        return Ok(());
    };
    // All of them are members.
    while state.next_maybe_ready().is_some() {}
    for end in &lane.ends {
        end.take_over(state)?;
    }
    state.lane = Some(Box::new(lane));
    let before = std::mem::take(&mut state.current);
    let outcome = make_turns(store);
    store.state_mut().current = before;
    outcome?;
    run_switched_to(store)
}

fn make_turns(store: &mut StoreMut<'_>) -> Result<()> {
    let before = store.state().stops;
    while let Some((callback, args)) = begin_turn(store.state_mut()) {
        store.before_host(end_lane);
        let result = callback.call_until_host(store, &args);
        if let Ok(packed) = result
            && end_turn(store.state_mut(), packed as u32)
        {
            continue;
        }
        let settled = store.host_runs();
        let state = store.state_mut();
        state.windows.note_other_callback();
        let lane = state.lane.take();
        let packed = result? as u32;
        settled?;
        let at = lane.and_then(|lane| Some(lane.members.get(lane.running?)?.at));
        return finish_turn(store, at.ok_or_else(|| bug!("a turn of nobody"))?, packed);
    }
    end_lane(store)?;
    let state = store.state_mut();
    state.lane = None;
    if state.stops - before < u64::from(WARM) {
        // It was not worth it.
        state.windows.note_other_callback();
    }
    store.host_runs()
}

/// Whether the loop would make another turn now without a look at anything else.
#[inline]
fn can_go_on(state: &State) -> bool {
    state.goes_on() && state.chosen.is_none() && state.mailbox.is_empty()
}

/// Begins the next turn, if there is one and the lane can do it: what is called.
#[inline]
fn begin_turn(state: &mut State) -> Option<(CoreFunc, [u64; 3])> {
    if !can_go_on(state) {
        return None;
    }
    let lane = state.lane.as_deref_mut()?;
    let is_first = state.choose.is_first();
    if !is_first && lane.queue.len() > 1 {
        return None;
    }
    let begun = lane.begin_turn()?;
    if !is_first {
        // The choices that the loop makes: of a thread, and of an event.
        state.choose.among(1);
        state.choose.among(1);
    }
    state.turns_left -= 1;
    #[cfg(test)]
    {
        state.windows.in_lanes += 1;
    }
    Some(begun)
}

/// The running callback has answered `packed`; says whether there is a lane still, and the guest waits again.
#[inline]
fn end_turn(state: &mut State, packed: u32) -> bool {
    let State { lane, instances, .. } = state;
    let Some(lane) = lane.as_deref_mut().filter(|lane| !lane.over) else { return false };
    let Some(member) = lane.running.and_then(|running| lane.members.get_mut(running)) else { return false };
    if member.waits != packed {
        let handles = instances.find(member.at.instance).map(|instance| &instance.handles);
        let handle = handles.and_then(|handles| handles.find(packed >> 4));
        let its_set = matches!(handle, Some(&Handle::Set(set)) if set == member.set);
        if packed & callback_code::MASK != callback_code::WAIT || !its_set {
            return false;
        }
        member.waits = packed;
    }
    lane.stops += 1;
    member.stopped = lane.stops;
    lane.close_windows();
    lane.running = None;
    true
}

impl Lane {
    /// Whoever is next is told of its event, unless something is missing.
    #[inline]
    fn begin_turn(&mut self) -> Option<(CoreFunc, [u64; 3])> {
        let &running = self.queue.front()?;
        let member = self.members.get_mut(running)?;
        let [first, second] = member.ends;
        let has_event = |end: usize| self.ends.get(end).is_some_and(|end| end.event > 0);
        let told_of_second = has_event(second);
        // To find out how often a window is missed is left to the store, and so is a choice of events.
        let has_window = |end: usize| {
            let both = self.ends.get(end).and_then(|end| Some((end, self.ends.get(end.other)?)));
            both.is_none_or(|(end, other)| end.has_window(other))
        };
        if has_event(first) == told_of_second || !has_window(first) || !has_window(second) {
            return None;
        }
        if told_of_second {
            member.told_of.swap(0, 1);
            member.ends.swap(0, 1);
        }
        let ([first, second], callback) = (member.ends, member.callback);
        let args = self.ends.get_mut(first)?.deliver();
        self.queue.pop_front();
        self.running = Some(running);
        self.open = [self.open_window::<0>(first), self.open_window::<1>(second)];
        Some((callback, args))
    }

    /// Opens the window `I` for an end, if that does nothing.
    #[inline]
    fn open_window<const I: usize>(&self, at: usize) -> usize {
        let both = self.ends.get(at).and_then(|end| Some((end, self.ends.get(end.other)?)));
        if both.is_some_and(|(end, other)| end.open::<I>(other)) { at } else { NO_END }
    }

    /// Closes the windows, and notes what was done in them.
    #[inline]
    fn close_windows(&mut self) {
        let [first, second] = std::mem::replace(&mut self.open, [NO_END; 2]);
        let done = self.ends.get(first).map(LaneEnd::close::<0>);
        let Some(other) = self.ends.get(second).map(LaneEnd::close::<1>) else {
            if let Some(done) = done {
                self.note(first, &done);
            }
            return;
        };
        match done {
            Some(done) if done.order <= other.order => {
                self.note(first, &done);
                self.note(second, &other);
            }
            Some(done) => {
                self.note(second, &other);
                self.note(first, &done);
            }
            None => self.note(second, &other),
        }
    }

    #[inline]
    fn note(&mut self, end: usize, done: &Done) {
        let Some(told) = note(&mut self.ends, end, done, self.events + 1) else { return };
        self.events += 1;
        if let Some(told) = self.ends.get(told)
            && !self.queue.contains(&told.member)
        {
            self.queue.push_back(told.member);
        }
    }
}

/// Ends the lane, if there is one: notes in the store all that happened.
fn end_lane(store: &mut StoreMut<'_>) -> Result<()> {
    let state = store.state_mut();
    let Some(mut lane) = state.lane.take() else { return Ok(()) };
    if !std::mem::replace(&mut lane.over, true) {
        lane.close_windows();
        settle(state, &lane)?;
    }
    // Whoever makes the turns asks whose turn it was.
    state.lane = Some(lane);
    Ok(())
}

fn settle(state: &mut State, lane: &Lane) -> Result<()> {
    state.stops = lane.stops;
    for (n, member) in lane.members.iter().enumerate() {
        let thread = member.at.thread;
        let this = state.threads.get_mut(thread)?;
        (this.told_of, this.stopped) = (member.told_of, member.stopped);
        if lane.running != Some(n) {
            continue;
        }
        (this.stage, this.wait_for, this.loop_wait) = (Stage::Running, None, None);
        (this.running, this.has_stack, this.cancelled) = (true, false, false);
        state.current = Current { thread: Some(thread), ..Current::default() };
        state.instances.get_mut(member.at.instance)?.set_exclusive_thread(Some(thread));
        state.sets.get_mut(member.set)?.remove_waiting(thread);
    }
    for end in &lane.ends {
        end.settle(state)?;
    }
    let mut events: Vec<_> = lane.ends.iter().filter(|end| end.event > 0).collect();
    events.sort_unstable_by_key(|end| end.event);
    events.into_iter().try_for_each(|end| end.settle_event(state))
}

/// The lane of whoever is next, if all who are ready are in it.
fn find(state: &mut State) -> Option<Lane> {
    let &first = state.maybe_ready.front()?;
    let mut lane = Lane {
        members: vec![member(state, first)?],
        ends: Vec::new(),
        queue: VecDeque::new(),
        running: None,
        open: [NO_END; 2],
        events: 0,
        stops: state.stops,
        over: false,
    };
    // Members are found while it goes on.
    let mut n = 0;
    while let Some(this) = lane.members.get(n) {
        for id in this.told_of.into_iter().flatten() {
            lane.add_pair(state, n, id);
        }
        n += 1;
    }
    let in_order: Vec<_> = state.maybe_ready.iter().map(|&thread| lane.member_of(thread)).collect::<Option<_>>()?;
    for member in in_order {
        let mut events = lane.ends.iter_mut().filter(|end| end.member == member && end.event > 0);
        let (Some(event), None) = (events.next(), events.next()) else { return None };
        lane.events += 1;
        event.event = lane.events;
        lane.queue.push_back(member);
    }
    let pending = |member: &Member| state.sets.find(member.set).map_or(0, |set| set.pending());
    let known = lane.members.iter().map(pending).sum::<u32>() == lane.queue.len() as u32;
    (known && !lane.ends.is_empty()).then_some(lane)
}

impl Lane {
    fn member_of(&self, thread: ThreadId) -> Option<usize> {
        self.members.iter().position(|member| member.at.thread == thread)
    }

    /// Adds an end of member `n` and the other end of its stream, with whoever has that, if they can be in the lane.
    fn add_pair(&mut self, state: &mut State, n: usize, id: CopyEndId) -> Option<()> {
        if self.ends.iter().any(|end| end.id == id) {
            return None;
        }
        let mut this = LaneEnd::of(state, id)?;
        let mut other = LaneEnd::of(state, this.other_end(state)?)?;
        let set = |end: &LaneEnd| state.ends.find(end.id)?.waitable.set;
        let own = self.members.get(n)?;
        let Waiting::One(thread) = state.sets.find(set(&other)?)?.waiting() else { return None };
        if set(&this) != Some(own.set) || thread == own.at.thread {
            return None;
        }
        let theirs = match self.member_of(thread) {
            Some(theirs) => theirs,
            None if self.members.len() < MAX_MEMBERS => {
                self.members.push(member(state, thread)?);
                self.members.len() - 1
            }
            None => return None,
        };
        let place = |member: &Member, id| member.told_of.iter().position(|told| *told == Some(id));
        let (own_place, place) = (place(self.members.get(n)?, id)?, place(self.members.get(theirs)?, other.id)?);
        let at = self.ends.len();
        (this.member, this.other) = (n, at + 1);
        (other.member, other.other) = (theirs, at);
        self.members[n].ends[own_place] = at;
        self.members[theirs].ends[place] = at + 1;
        self.ends.extend([this, other]);
        Some(())
    }
}

/// `thread`, if it waits for a set between callbacks and can be in a lane.
fn member(state: &State, thread: ThreadId) -> Option<Member> {
    let this = state.threads.find(thread)?;
    let (Stage::EventLoop, Some(WaitFor::SetForCallback(set))) = (this.stage, this.wait_for) else { return None };
    let task = state.tasks.find(this.task)?;
    let instance = state.instances.find(task.instance)?;
    let callee = &*task.callee;
    let alone = instance.exclusive_thread().is_none()
        && !instance.is_waited_for()
        && matches!(state.sets.find(set)?.waiting(), Waiting::One(only) if only == thread);
    // What generated code sees of an instance is kept by the store's own turns.
    let fits = alone && !instance.gate.is_seen() && !callee.may_block && callee.ty.async_;
    if !fits || task.state == TaskState::PendingCancel {
        return None;
    }
    Some(Member {
        at: Place { thread, task: this.task, instance: task.instance },
        set,
        callback: callee.options.callback?,
        waits: 0,
        told_of: this.told_of,
        ends: [NO_END; 2],
        stopped: this.stopped,
    })
}
