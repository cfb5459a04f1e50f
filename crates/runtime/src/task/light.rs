//! Calls that nobody sees: from guest to guest, of a callee that cannot block and takes and gives nothing but numbers.
//!
//! Most of them return at once. Until something asks for their task, thread or subtask they are an entry on a stack;
//! then [`make_visible`] makes what they would have been from the start, and the call goes on as a
//! [direct](super::direct) one. That is also the twin that it is compared with.

use super::direct::Direct;
use super::enter::release_exclusive;
use super::light_host::{LightHost, keep_place};
use super::{
    Callee, Caller, CoreCallee, Stage, Subtask, SubtaskId, SubtaskState, Task, TaskId, TaskState, Thread, ThreadId,
    callback_code,
};
use crate::abi::{Args, Flat, Plain};
use crate::canon::{Lowered, LoweredGuest};
use crate::engine::{CoreFunc, CoreMemory, StoreMut};
use crate::error::bug;
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
}

/// Who calls, and what.
pub(super) enum Side {
    /// A guest: the place of what was called in [`State::lowered`], and the flat arguments.
    Guest(u32, Args),
    /// The host.
    Host(LightHost),
}

/// What a light call came to when its core call returned.
pub(crate) enum Ended {
    /// The caller's answer, and whether it may need 64 bits.
    Answer { bits: u64, wide: bool },
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
    number: u32,
    lowered: &Lowered,
    guest: &LoweredGuest,
    args: &[u64],
    flat: &mut Flat,
) -> Result<Option<CoreFunc>> {
    let callee = &*guest.callee;
    let (true, Some(plain), Some(func)) = (guest.light, &callee.plain_params, callee.func) else { return Ok(None) };
    let state = store.state_mut();
    if state.tasks.len() + state.light.len() >= state.limits.max_tasks || !state.short_way() {
        return Ok(None);
    }
    if !enters_at_once(state, callee)? {
        return Ok(None);
    }
    if plain.len() <= lowered.max_flat_params() {
        plain.lift_flat(args, flat)?;
    } else {
        let memory = memory_of(lowered.options.memory)?;
        plain.load(store.memory(memory), args.first().map_or(0, |&bits| bits as u32), flat)?;
    }
    enter(store.state_mut(), callee, Side::Guest(number, Args::new(args)))?;
    Ok(Some(func))
}

/// Whether a call of `callee` has to wait for nobody. Spec: `Task.enter_implicit_thread`.
#[inline]
pub(super) fn enters_at_once(state: &State, callee: &CoreCallee) -> Result<bool> {
    if !callee.ty.async_ {
        return Ok(true);
    }
    let instance = state.instances.get(callee.options.instance)?;
    let locked = callee.needs_exclusive() && instance.exclusive_thread.is_some();
    Ok(instance.backpressure == 0 && !locked && instance.waiting_to_enter.is_empty())
}

/// Makes the entry of a call of `callee`, which [enters at once](enters_at_once).
#[inline]
pub(super) fn enter(state: &mut State, callee: &CoreCallee, side: Side) -> Result<()> {
    if callee.ty.async_ && callee.needs_exclusive() {
        state.instances.get_mut(callee.options.instance)?.exclusive_thread = Some(ThreadId::NONE);
    }
    let outer = std::mem::replace(&mut state.current, Current { light: true, ..Current::default() });
    state.light.push(LightCall { side, outer, result: None, storage: [0, 0] });
    Ok(())
}

/// The core call that [`begin`] prepared has returned `bits`.
pub(crate) fn end(store: &mut StoreMut<'_>, bits: u64) -> Result<Ended> {
    let state = store.state();
    let callee = &*lowered_of(state, top(state)?)?.guest()?.callee;
    let (async_, exclusive, event_loops) =
        (callee.options.async_, callee.ty.async_ && callee.needs_exclusive(), callee.options.callback.is_some());
    let instance = callee.options.instance;
    if !async_ {
        return_numbers(store, MAX_FLAT_RESULTS, &[bits])?;
    } else if event_loops && bits as u32 & callback_code::MASK != callback_code::EXIT {
        make_visible(store.state_mut())?;
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
pub(crate) fn return_numbers(store: &mut StoreMut<'_>, max_flat: usize, flat: &[u64]) -> Result<()> {
    let state = store.state();
    let call = top(state)?;
    let callee = callee_of(state, call)?;
    let plain =
        callee.plain_result.as_ref().ok_or_else(|| bug!("a light call with a result that is not of numbers"))?;
    let mut numbers = Flat::new();
    if plain.len() <= max_flat {
        plain.lift_flat(flat, &mut numbers)?;
    } else {
        let memory = memory_of(callee.options.memory)?;
        plain.load(store.memory(memory), flat.first().map_or(0, |&bits| bits as u32), &mut numbers)?;
    }
    if call.result.is_some() {
        return Err(Trap::TaskAlreadyResolved.into());
    }
    if let Side::Guest(_, args) = &call.side
        && let lowered = lowered_of(state, call)?
        && plain.len() > lowered.max_flat_results()
    {
        let (out, memory) = (args.values().last().map_or(0, |&bits| bits as u32), memory_of(lowered.options.memory)?);
        let (bytes, state) = store.memory_and_state(memory);
        result_of(lowered_of(state, top(state)?)?)?.store(&numbers, bytes, out)?;
    }
    let call = store.state_mut().light.last_mut().ok_or_else(|| bug!("no light call runs"))?;
    call.result = Some(numbers.values().first().copied().unwrap_or(0));
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
        Side::Host(host) => Ok(&host.callee),
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

/// Makes what `call` would have had from the start; gives its thread.
fn make_task(state: &mut State, call: LightCall, outer: Current) -> Result<ThreadId> {
    let returned = call.result.is_some();
    let (callee, caller, subtask) = match call.side {
        Side::Guest(number, args) => {
            let lowered = state.lowered.get(number as usize).ok_or_else(|| bug!("no lowered function {number}"))?;
            let callee = lowered.guest()?.callee.clone();
            let mut subtask = Subtask::of(lowered.clone(), args);
            subtask.state = if returned { SubtaskState::Returned } else { SubtaskState::Started };
            subtask.flat_result = call.result.unwrap_or(0);
            subtask.callee = Callee::Task(state.tasks.next_id());
            let subtask = state.subtasks.insert(subtask);
            state.direct.push(Direct { outer, subtask });
            (callee, Caller::Guest(subtask), Some(subtask))
        }
        Side::Host(host) => {
            let place = keep_place(state, &host, call.result);
            (host.callee, Caller::Host { lower_args: None, result: Some(place) }, None)
        }
    };
    let (instance, exclusive) = (callee.options.instance, callee.ty.async_ && callee.needs_exclusive());
    let instance_ = state.instances.get_mut(instance)?;
    let thread = state.threads.next_id();
    let index = instance_.threads.add(thread)?;
    if exclusive {
        instance_.exclusive_thread = Some(thread);
    }
    let mut task = Task::new(callee, instance, caller);
    task.state = if returned { TaskState::Resolved } else { TaskState::Started };
    (task.implicit_thread, task.entered) = (Some(thread), true);
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
