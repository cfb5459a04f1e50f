//! Calls that nobody sees: from guest to guest, of a callee that cannot block and takes and gives nothing but numbers.
//!
//! Most of them return at once. Until something asks for their task, thread or subtask they are an entry on a stack;
//! then [`make_visible`] makes what they would have been from the start, and the call goes on as a
//! [direct](super::direct) one. That is also the twin that it is compared with.

use super::direct::Direct;
use super::enter::{register_thread, release_exclusive};
use super::{Callee, Caller, Stage, Subtask, SubtaskState, Task, TaskState, Thread, ThreadId};
use crate::abi::{Args, Flat, Plain};
use crate::canon::{Lowered, LoweredGuest};
use crate::engine::{CoreFunc, CoreMemory, StoreMut};
use crate::error::bug;
use crate::store::{Current, State};
use crate::types::MAX_FLAT_RESULTS;
use crate::{Result, Trap};

/// A call that is an entry of [`State::light`].
pub(crate) struct LightCall {
    /// The place of what was called in [`State::lowered`].
    lowered: u32,
    /// The caller's flat arguments.
    args: Args,
    /// Who ran before.
    outer: Current,
    /// The flat result, once there is one.
    result: Option<u64>,
    /// Spec: `Thread.storage`.
    pub(crate) storage: [u64; 2],
}

/// What a light call came to when its core call returned.
pub(crate) enum Ended {
    /// The caller's answer, and whether it may need 64 bits.
    Answer { bits: u64, wide: bool },
    /// It goes on and is visible now.
    GoesOn,
}

fn lowered_of<'s>(state: &'s State, call: &LightCall) -> Result<&'s Lowered> {
    let lowered = state.lowered.get(call.lowered as usize);
    lowered.map(|lowered| &**lowered).ok_or_else(|| bug!("no lowered function {}", call.lowered))
}

fn top(state: &State) -> Result<&LightCall> {
    state.light.last().ok_or_else(|| bug!("no light call runs"))
}

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
    if state.tasks.len() + state.light.len() >= state.limits.max_tasks {
        return Ok(None);
    }
    let instance = state.instances.get_mut(callee.options.instance)?;
    let exclusive = callee.ty.async_ && callee.needs_exclusive();
    let locked = exclusive && instance.exclusive_thread.is_some();
    if callee.ty.async_ && (instance.backpressure > 0 || locked || !instance.waiting_to_enter.is_empty()) {
        return Ok(None);
    }
    if plain.len() <= lowered.max_flat_params() {
        plain.lift_flat(args, flat)?;
    } else {
        let memory = memory_of(lowered.options.memory)?;
        plain.load(store.memory(memory), args.first().map_or(0, |&bits| bits as u32), flat)?;
    }
    let state = store.state_mut();
    if exclusive {
        state.instances.get_mut(callee.options.instance)?.exclusive_thread = Some(ThreadId::NONE);
    }
    let outer = std::mem::replace(&mut state.current, Current { light: true, ..Current::default() });
    state.light.push(LightCall { lowered: number, args: Args::new(args), outer, result: None, storage: [0, 0] });
    Ok(Some(func))
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
    } else if event_loops && bits as u32 & 0xf != 0 {
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
    let lowered = lowered_of(state, call)?;
    let plain = result_of(lowered)?;
    let mut numbers = Flat::new();
    if plain.len() <= max_flat {
        plain.lift_flat(flat, &mut numbers)?;
    } else {
        let memory = memory_of(lowered.guest()?.callee.options.memory)?;
        plain.load(store.memory(memory), flat.first().map_or(0, |&bits| bits as u32), &mut numbers)?;
    }
    if call.result.is_some() {
        return Err(Trap::TaskAlreadyResolved.into());
    }
    if plain.len() > lowered.max_flat_results() {
        let memory = memory_of(lowered.options.memory)?;
        let (bytes, state) = store.memory_and_state(memory);
        let call = top(state)?;
        let out = call.args.values().last().map_or(0, |&bits| bits as u32);
        result_of(lowered_of(state, call)?)?.store(&numbers, bytes, out)?;
    }
    let call = store.state_mut().light.last_mut().ok_or_else(|| bug!("no light call runs"))?;
    call.result = Some(numbers.values().first().copied().unwrap_or(0));
    Ok(())
}

fn result_of(lowered: &Lowered) -> Result<&Plain> {
    lowered.plain_result().ok_or_else(|| bug!("a light call with a result that is not of numbers"))
}

/// The callee of the light call that runs.
pub(crate) fn current_callee(state: &State) -> Result<&super::CoreCallee> {
    Ok(&lowered_of(state, top(state)?)?.guest()?.callee)
}

/// Makes the tasks, threads and subtasks of all light calls.
pub(crate) fn make_visible(state: &mut State) -> Result<()> {
    let mut current = None;
    for call in std::mem::take(&mut state.light) {
        let lowered = state.lowered.get(call.lowered as usize).cloned();
        let lowered = lowered.ok_or_else(|| bug!("no lowered function {}", call.lowered))?;
        let callee = &lowered.guest()?.callee;
        let instance = callee.options.instance;
        let mut subtask = Subtask::new(&lowered, call.args.values());
        subtask.state = if call.result.is_some() { SubtaskState::Returned } else { SubtaskState::Started };
        subtask.flat_result = call.result.unwrap_or(0);
        let subtask = state.subtasks.insert(subtask);
        let mut task = Task::new(callee.clone(), instance, Caller::Guest(subtask));
        task.state = if call.result.is_some() { TaskState::Resolved } else { TaskState::Started };
        let task = state.tasks.insert(task);
        state.subtasks.get_mut(subtask)?.callee = Callee::Task(task);
        let mut thread = Thread::new(task, Stage::Running);
        (thread.running, thread.storage) = (true, call.storage);
        thread.direct = Some(Direct { outer: current.unwrap_or(call.outer), subtask });
        let thread = state.threads.insert(thread);
        state.tasks.get_mut(task)?.implicit_thread = Some(thread);
        if callee.ty.async_ && callee.needs_exclusive() {
            state.instances.get_mut(instance)?.exclusive_thread = Some(thread);
        }
        register_thread(state, thread, task)?;
        current = Some(Current { thread: Some(thread), ..Current::default() });
    }
    if let Some(current) = current {
        state.current = Current { leaf_storage: state.current.leaf_storage, ..current };
    }
    Ok(())
}
