//! The short way of a turn of an event loop: an event of a set, or none after a yield, one callback on the stack of whoever
//! makes the turn, and the next wait. What the thread was is looked up once, and what it waits for is not noted anew in
//! between. `resume_thread` is its twin, which takes every turn.

use super::enter::release_exclusive;
use super::lane::Place;
use super::noted::{self, Turn};
use super::run::{event_loop, run_switched_to};
use super::waitable_set::take_event;
use super::{Caller, Event, Stage, TaskId, TaskState, ThreadId, WaitFor, WaitableSetId, callback_code};
use crate::Result;
use crate::engine::{CoreFunc, StoreMut};
use crate::error::bug;
use crate::instance::InstanceId;
use crate::store::{Current, State};
use crate::stream::{CopyEndId, take_copy_event, window};

/// Why a turn begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// The thread may be ready.
    Ready,
    /// The same; it must enter no other instance.
    ReadyAlone,
    /// Its task was asked to stop and does not know yet.
    Cancelled,
}

/// A turn that has begun.
struct Begun {
    task: TaskId,
    instance: InstanceId,
    /// What it waited for; none after a yield.
    set: Option<WaitableSetId>,
    callback: CoreFunc,
    /// The event, if it was the only one of the set, and one of a stream or future, or is none of the set's.
    event: Option<Event>,
    /// The ends that the callbacks of the thread were told of last.
    told_of: [Option<CopyEndId>; 2],
    /// What is noted of the callback, if its call was noted.
    noted: Option<Turn>,
}

/// Resumes `thread`, which is ready, if it waits between callbacks and its callback cannot block; says whether it did.
pub(super) fn turn(store: &mut StoreMut<'_>, thread: ThreadId) -> Result<bool> {
    let has_room = store.has_room();
    if !store.state_mut().short_way() || !has_room {
        return Ok(false);
    }
    let Some(begun) = begin(store.state_mut(), thread, Cause::Ready)? else { return Ok(false) };
    go_through(store, thread, &begun)?;
    Ok(true)
}

/// Resumes `thread`, whose task was asked to stop, in the same way; says whether it did.
pub(super) fn cancelled_turn(store: &mut StoreMut<'_>, thread: ThreadId) -> Result<bool> {
    let has_room = store.has_room();
    let state = store.state_mut();
    if !has_room || !state.short_way() {
        return Ok(false);
    }
    let Some(begun) = begin(state, thread, Cause::Cancelled)? else { return Ok(false) };
    state.make_current_visible()?;
    go_through(store, thread, &begun)?;
    Ok(true)
}

/// [`turn`] of the thread that is next where first come is first served, if it is ready; says whether there was one. Where a
/// guest `stays` on the stack below, that one's turn is none of these, nor is one that may enter other instances.
#[inline]
pub(crate) fn first_turn(store: &mut StoreMut<'_>, stays: Option<ThreadId>) -> Result<bool> {
    let has_room = store.has_room();
    let state = store.state_mut();
    let (true, true, None, Some(&thread)) =
        (has_room, state.choose.is_first(), state.chosen, state.maybe_ready.front())
    else {
        return Ok(false);
    };
    if stays == Some(thread) {
        return Ok(false);
    }
    let cause = if stays.is_some() { Cause::ReadyAlone } else { Cause::Ready };
    let Some(begun) = begin(state, thread, cause)? else { return Ok(false) };
    state.next_maybe_ready();
    go_through(store, thread, &begun)?;
    Ok(true)
}

/// Begins a turn of `thread`, if it is ready and can go this way.
#[inline(always)]
fn begin(state: &mut State, thread: ThreadId, cause: Cause) -> Result<Option<Begun>> {
    let State { threads, tasks, instances, sets, ends, shared, choose, subtasks, windows, .. } = state;
    let Some(this) = threads.find_mut(thread) else { return Ok(None) };
    let set = match (this.stage, this.wait_for) {
        (Stage::EventLoop, Some(WaitFor::SetForCallback(set))) => Some(set),
        (Stage::EventLoop, Some(WaitFor::TurnForCallback)) => None,
        _ => return Ok(None),
    };
    let task = this.task;
    let task_ = tasks.get_mut(task)?;
    let (callee, instance) = (&*task_.callee, task_.instance);
    let Some(callback) = callee.options.callback else { return Ok(None) };
    let instance_ = instances.get_mut(instance)?;
    let mut set_ = set.map(|set| sets.get_mut(set)).transpose()?;
    let cancelled = cause == Cause::Cancelled;
    let has_event = cancelled || set_.as_ref().is_none_or(|set| set.has_pending());
    let goes_this_way = !callee.may_block
        && callee.ty.async_
        && cancelled == (task_.state == TaskState::PendingCancel)
        && !(cause == Cause::ReadyAlone && callee.enters_others);
    if !goes_this_way || !has_event || instance_.exclusive_thread().is_some() {
        return Ok(None);
    }
    instance_.set_exclusive_thread(Some(thread));
    if let Some(set) = &mut set_ {
        set.remove_waiting(thread);
    }
    (this.stage, this.wait_for, this.loop_wait) = (Stage::Running, None, None);
    (this.running, this.has_stack, this.cancelled) = (true, false, false);
    let mut event = None;
    if cancelled {
        event = Some(Event::TASK_CANCELLED);
        task_.state = TaskState::CancelDelivered;
    } else if let Some(id) = set_.and_then(|set| set.take_only_end()) {
        // A choice among one, as where there are more.
        choose.among(1);
        event = Some(take_copy_event(ends, shared, id)?);
        if this.told_of[0] != Some(id) {
            this.told_of = [Some(id), this.told_of[0]];
        }
    }
    let mut noted = None;
    // What windows do late comes before what is noted, whatever the guest did first.
    if !cancelled
        && task_.noted_as.is_known()
        && !windows.are_possible()
        && callee.in_vain.is_seldom()
        && let Caller::Guest(subtask) = task_.caller
    {
        let returned = task_.state == TaskState::Resolved;
        let args = if returned { &[] } else { subtasks.get(subtask)?.flat_args.values() };
        let last_arg = (args.last().copied().unwrap_or(0), args.len().saturating_sub(1));
        noted = Some(Turn { noted_as: task_.noted_as, returned, storage: this.storage, last_arg });
    }
    Ok(Some(Begun { task, instance, set, callback, event, told_of: this.told_of, noted }))
}

/// The event, the callback, and the next wait.
#[inline]
fn go_through(store: &mut StoreMut<'_>, thread: ThreadId, begun: &Begun) -> Result<()> {
    let state = store.state_mut();
    let before = std::mem::replace(&mut state.current, Current { thread: Some(thread), ..Current::default() });
    let event = match (begun.event, begun.set) {
        (Some(event), _) => event,
        (None, Some(set)) => take_event(store, set)?,
        (None, None) => Event::NONE,
    };
    if store.state().windows.are_possible() {
        // What a callback copies is mostly at the ends that it was told of last.
        window::open(store, begun.told_of)?;
    }
    if let Some(turn) = &begun.noted {
        noted::begin_turn(store, turn);
    }
    let result = begun.callback.call_until_host(store, &event.args());
    store.state_mut().windows.note_callback();
    let closed = store.host_runs();
    let packed = result? as u32;
    closed?;
    let at = Place { thread, task: begun.task, instance: begun.instance };
    finish_turn(store, at, packed)?;
    store.state_mut().current = before;
    run_switched_to(store)
}

/// The callback returned `packed`.
#[inline]
pub(super) fn finish_turn(store: &mut StoreMut<'_>, at: Place, packed: u32) -> Result<()> {
    let state = store.state_mut();
    if !wait_again(state, at, packed)? && !exit(state, at, packed)? {
        event_loop(store, at.thread, at.task, packed)?;
        store.state_mut().note_stopped(at.thread);
    }
    Ok(())
}

/// The callback returned `packed`: lets its thread wait for a set, if that is what it means; it runs no longer then.
#[inline]
fn wait_again(state: &mut State, at: Place, packed: u32) -> Result<bool> {
    let Place { thread, task, instance: id } = at;
    let State { threads, tasks, instances, sets, .. } = state;
    if packed & callback_code::MASK != callback_code::WAIT || tasks.get(task)?.state == TaskState::PendingCancel {
        return Ok(false);
    }
    let index = packed >> 4;
    let instance = instances.get_mut(id)?;
    let set = instance.handles.get(index)?.set(index)?;
    let waited_for = instance.is_waited_for();
    instance.set_exclusive_thread(None);
    state.stops += 1;
    let this = threads.get_mut(thread)?;
    let wait_for = Some(WaitFor::SetForCallback(set));
    (this.stage, this.wait_for, this.loop_wait) = (Stage::EventLoop, wait_for, wait_for);
    (this.running, this.stopped) = (false, state.stops);
    let set = sets.get_mut(set)?;
    set.add_waiting(thread);
    let pending = set.has_pending();
    if waited_for {
        release_exclusive(state, id)?;
    }
    if pending {
        state.wake(thread);
    }
    Ok(true)
}

/// The callback returned `packed`: ends the task, if that is what it means and nothing is missing.
#[inline]
fn exit(state: &mut State, at: Place, packed: u32) -> Result<bool> {
    let Place { thread, task: id, instance: within } = at;
    let State { threads, tasks, instances, .. } = state;
    let task = tasks.get(id)?;
    let code = packed & callback_code::MASK;
    if code != callback_code::EXIT || task.state != TaskState::Resolved || !task.explicit_threads.is_empty() {
        return Ok(false);
    }
    let index = threads.get(thread)?.index.ok_or_else(|| bug!("a thread without an index"))?;
    let instance = instances.get_mut(within)?;
    instance.threads.remove(index)?;
    let waited_for = instance.is_waited_for();
    instance.set_exclusive_thread(None);
    threads.discard(thread);
    tasks.discard(id);
    state.stops += 1;
    if waited_for {
        release_exclusive(state, within)?;
    }
    Ok(true)
}
