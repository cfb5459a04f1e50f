//! Calls that nobody sees: from guest to guest, of a callee that cannot block and borrows nothing.
//!
//! Most of them return at once. Until something asks for their task, thread or subtask they are an entry on a stack;
//! then [`make_visible`] makes what they would have been from the start, and the call goes on as a
//! [direct](super::direct) one. That is also the twin that it is compared with.

use std::sync::Arc;

use super::direct::Direct;
use super::enter::release_exclusive;
use super::light_adapter;
use super::light_host::{LightHost, keep_place};
use super::noted::NotedAs;
use super::subtask::on_progress;
use super::{
    Callee, Caller, CoreCallee, Stage, Subtask, SubtaskId, SubtaskState, Task, TaskId, TaskState, Thread, ThreadId,
    WaitFor, WaitableSetId, callback_code,
};
use crate::abi::handles::pass_end;
use crate::abi::{Args, Flat, FlatIter, LiftCx, LowerCx, Params, Plain, ReturnVal, Returns, Val, lower_dynamic};
use crate::canon::{Lowered, LoweredGuest};
use crate::engine::{CoreFunc, CoreMemory, StoreMut};
use crate::error::bug;
use crate::instance::{Handle, InstanceId, call_post_return};
use crate::store::{Current, State};
use crate::types::MAX_FLAT_RESULTS;
use crate::{Result, Trap};

/// A call that is an entry of [`State::light`].
pub(crate) struct LightCall {
    /// Who calls.
    pub(super) side: Side,
    /// Who ran before.
    pub(super) outer: Current,
    /// The flat result, once there is one.
    pub(super) result: Option<u64>,
    /// Spec: `Thread.storage`.
    pub(crate) storage: [u64; 2],
    /// What it was noted as, if it was.
    pub(super) noted_as: NotedAs,
}

/// Who calls, and what.
pub(super) enum Side {
    /// A guest: the place of what was called in [`State::lowered`], and the flat arguments.
    Guest(u32, Args),
    /// The host.
    Host(LightHost),
    /// An adapter: the place of what was called in [`State::adapted_callees`].
    Adapter(u32),
}

/// What a light call came to when its core call returned.
pub(crate) enum Ended {
    /// The caller's answer, and whether it may need 64 bits.
    Answer { bits: u64, wide: bool },
    /// It has no result yet and waits between callbacks. The caller's side.
    Waits(SubtaskId),
    /// It goes on and is visible now.
    GoesOn,
}

#[inline]
fn lowered_of<'s>(state: &'s State, call: &LightCall) -> Result<&'s Lowered> {
    let Side::Guest(number, _) = call.side else { return Err(bug!("a guest's call that is the host's")) };
    let lowered = state.lowered.get(number as usize);
    lowered.map(|lowered| &**lowered).ok_or_else(|| bug!("no lowered function {number}"))
}

#[inline]
fn top(state: &State) -> Result<&LightCall> {
    state.light.last().ok_or_else(|| bug!("no light call runs"))
}

#[inline]
fn memory_of(memory: Option<CoreMemory>) -> Result<CoreMemory> {
    memory.ok_or_else(|| bug!("a value in memory without the memory option"))
}

/// Starts a call: the core function, its arguments in `flat`; none when it has to wait, or is not light.
pub(crate) fn begin(
    store: &mut StoreMut<'_>,
    lowered: &Lowered,
    guest: &LoweredGuest,
    args: &[u64],
    flat: &mut Flat,
) -> Result<Option<CoreFunc>> {
    let callee = &*guest.callee;
    let (true, Some(func)) = (guest.light, callee.func) else { return Ok(None) };
    let state = store.state_mut();
    if !state.has_room_for_task() || !state.short_way() {
        return Ok(None);
    }
    if !enters_at_once(state, callee)? {
        return Ok(None);
    }
    enter(state, callee, Side::Guest(lowered.number, Args::new(args)))?;
    match &callee.plain_params {
        Some(plain) if guest.same_types && plain.len() <= lowered.max_flat_params() => plain.lift_flat(args, flat)?,
        Some(plain) if guest.same_types => {
            let memory = memory_of(lowered.options.memory)?;
            plain.load(store.memory(memory), lowered.options.address(args.first()), flat)?;
        }
        _ => *flat = pass_arguments(store, lowered, callee, args)?,
    }
    Ok(Some(func))
}

/// Lifts arguments that are more than numbers out of the caller and lowers them into the callee.
#[inline(never)]
fn pass_arguments(store: &mut StoreMut<'_>, lowered: &Lowered, callee: &CoreCallee, args: &[u64]) -> Result<Flat> {
    let between = (lowered.options.instance, callee.options.instance);
    if let ([only], Some(&index)) = (&lowered.ty.params.elements[..], args.first())
        && let Some(index) = pass_end(store.state_mut(), between, index as u32, &only.ty)?
    {
        let mut flat = Flat::new();
        flat.push(u64::from(index));
        return Ok(flat);
    }
    let mut cx = LiftCx::new(store.reborrow(), &lowered.options, None);
    cx.between_guests = true;
    let max_flat = lowered.max_flat_params();
    let values = <Vec<Val> as Params>::lift(&mut cx, &lowered.ty.params, max_flat, &mut FlatIter::new(args))?;
    let mut cx = LowerCx::new(store.reborrow(), &callee.options, lowered.options.string_encoding);
    lower_dynamic(&mut cx, values, &callee.ty.params)
}

/// Whether a call of `callee` has to wait for nobody. Spec: `Task.enter_implicit_thread`.
#[inline]
pub(super) fn enters_at_once(state: &State, callee: &CoreCallee) -> Result<bool> {
    if !callee.ty.async_ {
        return Ok(true);
    }
    let instance = state.instances.get(callee.options.instance)?;
    let locked = callee.needs_exclusive() && instance.exclusive_thread().is_some();
    Ok(instance.backpressure == 0 && !locked && instance.waiting_to_enter.is_empty())
}

/// Makes the entry of a call of `callee`, which [enters at once](enters_at_once).
#[inline]
pub(super) fn enter(state: &mut State, callee: &CoreCallee, side: Side) -> Result<()> {
    lock(state, locked_by(callee))?;
    push(state, side);
    Ok(())
}

/// The instance that a call of `callee` locks while it runs.
#[inline]
pub(super) fn locked_by(callee: &CoreCallee) -> Option<InstanceId> {
    (callee.ty.async_ && callee.needs_exclusive()).then_some(callee.options.instance)
}

/// Locks an instance for the call of which an entry is made next.
#[inline]
pub(super) fn lock(state: &mut State, instance: Option<InstanceId>) -> Result<()> {
    match instance {
        Some(instance) => {
            state.instances.get_mut(instance)?.set_exclusive_thread(Some(ThreadId::NONE));
            Ok(())
        }
        None => Ok(()),
    }
}

/// Makes an entry that runs from now on.
#[inline]
pub(super) fn push(state: &mut State, side: Side) {
    let outer = std::mem::replace(&mut state.current, Current { light: true, ..Current::default() });
    state.light.push(LightCall { side, outer, result: None, storage: [0, 0], noted_as: NotedAs::default() });
}

/// The core call that [`begin`] prepared has returned `bits`.
pub(crate) fn end(store: &mut StoreMut<'_>, bits: u64) -> Result<Ended> {
    let state = store.state();
    let callee = &*lowered_of(state, top(state)?)?.guest()?.callee;
    let (async_, exclusive, event_loops) =
        (callee.options.async_, callee.ty.async_ && callee.needs_exclusive(), callee.options.callback.is_some());
    let (instance, post_return) = (callee.options.instance, callee.options.post_return);
    if !async_ {
        return_values(store, MAX_FLAT_RESULTS, &[bits])?;
        if let Some(post_return) = post_return {
            call_post_return(store, instance, post_return, bits)?;
        }
    } else if event_loops && bits as u32 & callback_code::MASK != callback_code::EXIT {
        let state = store.state_mut();
        if let Some(subtask) = wait(state, bits as u32)? {
            return Ok(Ended::Waits(subtask));
        }
        make_visible(state)?;
        return Ok(Ended::GoesOn);
    }
    let state = store.state_mut();
    let call = state.light.pop().ok_or_else(|| bug!("no light call runs"))?;
    let result = call.result.ok_or(Trap::NoTaskReturn)?;
    state.current = call.outer;
    if exclusive {
        release_exclusive(state, instance)?;
    }
    let lowered = lowered_of(store.state(), &call)?;
    let bits = if lowered.options.async_ { SubtaskState::Returned as u64 } else { result };
    Ok(Ended::Answer { bits, wide: lowered.is_wide })
}

/// Spec: `task.return` of the light call that runs: `flat` is its result.
pub(crate) fn return_values(store: &mut StoreMut<'_>, max_flat: usize, flat: &[u64]) -> Result<()> {
    let state = store.state();
    let call = top(state)?;
    let callee = callee_of(state, call)?;
    let same_types = match call.side {
        Side::Guest(..) => lowered_of(state, call)?.guest()?.same_types,
        Side::Host(_) | Side::Adapter(_) => true,
    };
    let Some(plain) = callee.plain_result.as_ref().filter(|_| same_types) else {
        return pass_result(store, max_flat, flat);
    };
    let mut numbers = Flat::new();
    if plain.len() <= max_flat {
        plain.lift_flat(flat, &mut numbers)?;
    } else {
        let memory = memory_of(callee.options.memory)?;
        plain.load(store.memory(memory), callee.options.address(flat.first()), &mut numbers)?;
    }
    if call.result.is_some() {
        return Err(Trap::TaskAlreadyResolved.into());
    }
    if let Side::Guest(_, args) = &call.side
        && let lowered = lowered_of(state, call)?
        && plain.len() > lowered.max_flat_results()
    {
        let (out, memory) = (lowered.options.address(args.values().last()), memory_of(lowered.options.memory)?);
        let (bytes, state) = store.memory_and_state(memory);
        result_of(lowered_of(state, top(state)?)?)?.store(&numbers, bytes, out)?;
    }
    note_result(store, &numbers)
}

/// [`return_values`] of a result that is more than numbers: it is lifted out of the callee and lowered into the caller.
#[inline(never)]
fn pass_result(store: &mut StoreMut<'_>, max_flat: usize, flat: &[u64]) -> Result<()> {
    let state = store.state();
    let call = top(state)?;
    let Side::Guest(number, args) = &call.side else { return Err(bug!("a light call of the host gives no number")) };
    let returned = call.result.is_some();
    let lowered = state.lowered.get(*number as usize).ok_or_else(|| bug!("no lowered function {number}"))?.clone();
    let out = args.values().last().copied();
    let callee = &lowered.guest()?.callee;
    if !returned && pass_end_back(store, &lowered, callee, flat, out)? {
        return Ok(());
    }
    let mut cx = LiftCx::new(store.reborrow(), &callee.options, None);
    cx.between_guests = true;
    let result = ReturnVal::lift(&mut cx, callee.ty.result.as_ref(), max_flat, &mut FlatIter::new(flat))?;
    if returned {
        return Err(Trap::TaskAlreadyResolved.into());
    }
    let mut cx = LowerCx::new(store.reborrow(), &lowered.options, callee.options.string_encoding);
    let mut numbers = Flat::new();
    result.lower(&mut cx, lowered.ty.result.as_ref(), lowered.max_flat_results(), out, &mut numbers)?;
    note_result(store, &numbers)
}

/// The short way of a result that is a stream or future; says whether it was taken.
fn pass_end_back(
    store: &mut StoreMut<'_>,
    lowered: &Lowered,
    callee: &CoreCallee,
    flat: &[u64],
    out: Option<u64>,
) -> Result<bool> {
    let (Some(ty), Some(&index)) = (&callee.ty.result, flat.first()) else { return Ok(false) };
    let place = match (lowered.max_flat_results(), out, lowered.options.memory) {
        (0, Some(out), Some(memory)) => {
            let out = lowered.options.address(Some(&out)) as usize;
            Some((memory, out..out.saturating_add(4)))
        }
        (0, ..) => return Ok(false),
        _ => None,
    };
    if let Some((memory, place)) = &place
        && (!place.start.is_multiple_of(4) || store.memory(*memory).len() < place.end)
    {
        return Ok(false);
    }
    let between = (callee.options.instance, lowered.options.instance);
    let Some(index) = pass_end(store.state_mut(), between, index as u32, ty)? else { return Ok(false) };
    let mut numbers = Flat::new();
    match place {
        Some((memory, place)) => {
            let place = store.memory_mut(memory).get_mut(place).ok_or(Trap::PointerOutOfBounds)?;
            place.copy_from_slice(&index.to_le_bytes());
        }
        None => numbers.push(u64::from(index)),
    }
    note_result(store, &numbers)?;
    Ok(true)
}

/// The call that runs has its result, which generated code has moved: `bits`, if it is flat. It began as a note.
pub(crate) fn returned(state: &mut State, bits: u64) -> Result<()> {
    if state.current.light {
        let call = state.light.last_mut().ok_or_else(|| bug!("no light call runs"))?;
        call.result = Some(bits);
        return Ok(());
    }
    let task = state.current_task()?;
    let this = state.tasks.get_mut(task)?;
    let Caller::Guest(subtask) = this.caller else { return Err(bug!("a call that was noted is not a guest's")) };
    this.state = TaskState::Resolved;
    let this = state.subtasks.get_mut(subtask)?;
    (this.flat_result, this.state) = (bits, SubtaskState::Returned);
    on_progress(state, subtask)
}

fn note_result(store: &mut StoreMut<'_>, flat: &Flat) -> Result<()> {
    let call = store.state_mut().light.last_mut().ok_or_else(|| bug!("no light call runs"))?;
    call.result = Some(flat.values().first().copied().unwrap_or(0));
    Ok(())
}

#[inline]
fn result_of(lowered: &Lowered) -> Result<&Plain> {
    lowered.plain_result().ok_or_else(|| bug!("a light call with a result that is not of numbers"))
}

/// The callee of the light call that runs.
#[inline]
pub(crate) fn current_callee(state: &State) -> Result<&CoreCallee> {
    callee_of(state, top(state)?)
}

fn callee_of<'s>(state: &'s State, call: &'s LightCall) -> Result<&'s CoreCallee> {
    match &call.side {
        Side::Guest(..) => Ok(&lowered_of(state, call)?.guest()?.callee),
        Side::Host(host) => host.callee(state).map(|callee| &**callee),
        Side::Adapter(number) => light_adapter::callee(state, *number).map(|callee| &**callee),
    }
}

/// Makes the tasks, threads and subtasks of all light calls.
pub(crate) fn make_visible(state: &mut State) -> Result<()> {
    let leaf_storage = state.current.leaf_storage;
    if let [_] = state.light[..]
        && let Some(call) = state.light.pop()
    {
        let outer = call.outer;
        let thread = Some(make_task(state, call, outer)?);
        state.current = Current { leaf_storage, thread, ..Current::default() };
        return Ok(());
    }
    let mut current = None;
    let mut calls = std::mem::take(&mut state.light);
    for call in calls.drain(..) {
        let outer = current.unwrap_or(call.outer);
        current = Some(Current { thread: Some(make_task(state, call, outer)?), ..Current::default() });
    }
    // The room is used again.
    state.light = calls;
    if let Some(current) = current {
        state.current = Current { leaf_storage, ..current };
    }
    Ok(())
}

/// What is kept of a guest's call while it has no task.
pub(super) struct Kept {
    /// What was called: its place in [`State::lowered`].
    pub(super) number: u32,
    /// The flat arguments.
    pub(super) args: Args,
    /// Spec: `Thread.storage`.
    pub(super) storage: [u64; 2],
    /// What it was noted as, if it was.
    pub(super) noted_as: NotedAs,
}

/// What a task waits for between callbacks when the core function of `callee` has returned `packed`: an event of a set,
/// or its turn. None if it ends, or has no callback, or if what it says is wrong.
#[inline]
pub(super) fn first_wait(state: &State, callee: &CoreCallee, packed: u32) -> Option<Option<WaitableSetId>> {
    let options = &callee.options;
    options.callback.filter(|_| options.async_)?;
    let index = packed >> 4;
    match packed & callback_code::MASK {
        callback_code::YIELD => Some(None),
        callback_code::WAIT => match state.instances.find(options.instance)?.handles.find(index) {
            Some(&Handle::Set(set)) => Some(Some(set)),
            _ => None,
        },
        _ => None,
    }
}

/// What comes of the only light call when its core function has returned `packed` without a result: a task that waits
/// between callbacks; its caller's side. The same as [`make_visible`] and the event loop of
/// [`direct::end`](super::direct::end), of which nobody sees what is in between; none when that is the way to go.
fn wait(state: &mut State, packed: u32) -> Result<Option<SubtaskId>> {
    let [call @ LightCall { side: Side::Guest(..), result: None, .. }] = &state.light[..] else { return Ok(None) };
    let callee = &lowered_of(state, call)?.guest()?.callee;
    let Some(set) = first_wait(state, callee, packed) else { return Ok(None) };
    if !state.short_way() {
        return Ok(None);
    }
    let Some(LightCall { side: Side::Guest(number, args), outer, storage, noted_as, .. }) = state.light.pop() else {
        return Err(bug!("no light call runs"));
    };
    state.current = outer;
    make_waiting(state, Kept { number, args, storage, noted_as }, set).map(Some)
}

/// Makes the task of a guest's call, which waits between callbacks for an event of `set` or for its turn; its caller's side.
#[inline]
pub(super) fn make_waiting(state: &mut State, kept: Kept, set: Option<WaitableSetId>) -> Result<SubtaskId> {
    let Kept { number, args, storage, noted_as } = kept;
    let State { lowered, subtasks, tasks, .. } = state;
    let lowered = lowered.get(number as usize).ok_or_else(|| bug!("no lowered function {number}"))?;
    let callee = lowered.guest()?.callee.clone();
    let subtask = subtasks.insert_with(|| Subtask::started(lowered, args, tasks.next_id()));
    make_waiting_task(state, (callee, Caller::Guest(subtask)), (storage, noted_as), set)?;
    Ok(subtask)
}

/// Makes the task of any light call that waits so.
#[inline(always)]
pub(super) fn make_waiting_task(
    state: &mut State,
    (callee, caller): (Arc<CoreCallee>, Caller),
    (storage, noted_as): ([u64; 2], NotedAs),
    set: Option<WaitableSetId>,
) -> Result<TaskId> {
    let State { instances, tasks, threads, sets, stops, .. } = state;
    let id = callee.options.instance;
    let instance = instances.get_mut(id)?;
    let wait_for = set.map_or(WaitFor::TurnForCallback, WaitFor::SetForCallback);
    let thread = threads.next_id();
    let index = instance.threads.add(thread)?;
    instance.set_exclusive_thread(None);
    let locked_out = instance.is_waited_for();
    let task = tasks.insert_with(|| {
        let mut this = Task::new(callee, id, caller);
        (this.state, this.entered, this.noted_as) = (TaskState::Started, true, noted_as);
        this.implicit_thread = Some(thread);
        this
    });
    let ready = match set {
        Some(set) => {
            let set = sets.get_mut(set)?;
            set.add_waiting(thread);
            set.has_pending()
        }
        None => true,
    };
    *stops += 1;
    threads.insert_with(|| {
        let mut this = Thread::new(task, Stage::EventLoop);
        (this.has_stack, this.storage, this.index, this.stopped) = (false, storage, Some(index), *stops);
        (this.wait_for, this.loop_wait) = (Some(wait_for), Some(wait_for));
        this
    });
    if locked_out {
        release_exclusive(state, id)?;
    }
    if ready {
        state.wake(thread);
    }
    Ok(task)
}

/// Makes what `call` would have had from the start; gives its thread.
fn make_task(state: &mut State, call: LightCall, outer: Current) -> Result<ThreadId> {
    let returned = call.result.is_some();
    let (callee, caller, subtask) = match call.side {
        Side::Guest(number, args) => {
            let lowered = state.lowered.get(number as usize).ok_or_else(|| bug!("no lowered function {number}"))?;
            let callee = lowered.guest()?.callee.clone();
            let mut subtask = Subtask::of(lowered, args);
            subtask.state = if returned { SubtaskState::Returned } else { SubtaskState::Started };
            subtask.flat_result = call.result.unwrap_or(0);
            subtask.callee = Callee::Task(state.tasks.next_id());
            let subtask = state.subtasks.insert(subtask);
            state.direct.push(Direct { outer, subtask });
            (callee, Caller::Guest(subtask), Some(subtask))
        }
        Side::Host(host) => {
            let place = keep_place(state, &host, call.result);
            (host.callee(state)?.clone(), Caller::Host { lower_args: None, result: Some(place) }, None)
        }
        Side::Adapter(number) => {
            state.direct.push(Direct { outer, subtask: SubtaskId::NONE });
            (light_adapter::callee(state, number)?.clone(), Caller::Destructor(0), None)
        }
    };
    let (instance, exclusive) = (callee.options.instance, callee.ty.async_ && callee.needs_exclusive());
    let instance_ = state.instances.get_mut(instance)?;
    let thread = state.threads.next_id();
    let index = instance_.threads.add(thread)?;
    if exclusive {
        instance_.set_exclusive_thread(Some(thread));
    }
    let mut task = Task::new(callee, instance, caller);
    task.state = if returned { TaskState::Resolved } else { TaskState::Started };
    (task.implicit_thread, task.entered, task.noted_as) = (Some(thread), true, call.noted_as);
    let task = state.tasks.insert(task);
    let mut this = Thread::new(task, Stage::Running);
    (this.running, this.storage, this.index) = (true, call.storage, Some(index));
    if state.threads.insert(this) != thread || subtask.is_some_and(|id| !is_callee(state, id, task)) {
        return Err(bug!("a task has another number than was expected"));
    }
    Ok(thread)
}

#[inline]
fn is_callee(state: &State, subtask: SubtaskId, task: TaskId) -> bool {
    state.subtasks.find(subtask).is_some_and(|subtask| subtask.callee == Callee::Task(task))
}
