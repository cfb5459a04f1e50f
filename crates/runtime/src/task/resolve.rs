//! The end of a call: a result or the acknowledgement of a cancellation reaches the caller.
//!
//! Spec: `Task.return_`, `Task.cancel`, `on_resolve` of `canon_lower`.

use super::{Caller, SubtaskId, SubtaskState, Task, TaskId, TaskState, subtask};
use crate::abi::{Flat, FlatIter, LiftCx, LowerCx, ReturnVal, Returns};
use crate::engine::StoreMut;
use crate::error::bug;
use crate::plan::StringEncoding;
use crate::types::MAX_FLAT_RESULTS;
use crate::{Result, Trap};

/// Spec: `lift_flat_values` of the result, then `Task.return_`.
pub(crate) fn return_task(store: &mut StoreMut<'_>, task: TaskId, max_flat: usize, flat: &[u64]) -> Result<()> {
    // A caller that has the result may have dropped its subtask.
    if let Task { caller: Caller::Guest(subtask), state, .. } = *store.state().tasks.get(task)?
        && state != TaskState::Resolved
        && return_numbers(store, task, subtask, max_flat, flat)?
    {
        return Ok(());
    }
    let state = store.state_mut();
    let this = state.tasks.get_mut(task)?;
    let (callee, state_before, borrows) = (this.callee.clone(), this.state, this.num_borrows);
    let (options, ty) = (&callee.options, &callee.ty);
    let caller = match &mut this.caller {
        Caller::Host { result, .. } => Ok(result.take()),
        Caller::Guest(subtask) => Err(Some(*subtask)),
        Caller::Destructor(_) => Err(None),
    };
    let mut cx = LiftCx::new(store.reborrow(), options, None);
    let check = || may_return(state_before, borrows);
    match caller {
        Ok(place) => {
            check()?;
            let place = place.ok_or_else(|| bug!("a result nobody waits for"))?;
            place.take_result(&mut cx, ty.result.as_ref(), max_flat, flat)?;
            store.state_mut().host_called = true;
        }
        Err(Some(subtask)) => {
            cx.between_guests = true;
            let result = ReturnVal::lift(&mut cx, ty.result.as_ref(), max_flat, &mut FlatIter::new(flat))?;
            check()?;
            resolve_subtask(store, subtask, Some(result), options.string_encoding)?;
        }
        Err(None) => check()?,
    }
    store.state_mut().tasks.get_mut(task)?.state = TaskState::Resolved;
    Ok(())
}

/// Spec: what `Task.return_` traps for.
#[inline]
fn may_return(state: TaskState, num_borrows: u32) -> Result<()> {
    match state {
        TaskState::Resolved => Err(Trap::TaskAlreadyResolved.into()),
        _ if num_borrows > 0 => Err(Trap::BorrowsRemain.into()),
        _ => Ok(()),
    }
}

/// [`return_task`] and [`resolve_subtask`] for a result that is nothing but numbers on both sides; says whether it was.
fn return_numbers(
    store: &mut StoreMut<'_>,
    task: TaskId,
    subtask: SubtaskId,
    max_flat: usize,
    flat: &[u64],
) -> Result<bool> {
    let this = store.state().tasks.get(task)?;
    let lowered = store.state().subtasks.get(subtask)?.lowered(store.state())?;
    let Some(plain) = lowered.plain_result() else { return Ok(false) };
    let mut numbers = Flat::new();
    if plain.len() <= max_flat {
        plain.lift_flat(flat, &mut numbers)?;
    } else {
        let options = &this.callee.options;
        let memory = options.memory.ok_or_else(|| bug!("a result in memory without the memory option"))?;
        plain.load(store.memory(memory), options.address(flat.first()), &mut numbers)?;
    }
    may_return(this.state, this.num_borrows)?;
    if plain.len() > lowered.max_flat_results() {
        let memory = lowered.options.memory.ok_or_else(|| bug!("a result in memory without the memory option"))?;
        let (bytes, state) = store.memory_and_state(memory);
        let this = state.subtasks.get(subtask)?;
        let lowered = this.lowered(state)?;
        if let (Some(plain), out @ Some(_)) = (lowered.plain_result(), this.flat_args.values().last()) {
            plain.store(&numbers, bytes, lowered.options.address(out))?;
        }
    }
    let state = store.state_mut();
    let this = state.subtasks.get_mut(subtask)?;
    this.flat_result = numbers.values().first().copied().unwrap_or(0);
    this.state = SubtaskState::Returned;
    subtask::on_progress(state, subtask)?;
    state.tasks.get_mut(task)?.state = TaskState::Resolved;
    Ok(true)
}

/// Spec: `Task.cancel`.
pub(crate) fn cancel_task(store: &mut StoreMut<'_>, task: TaskId) -> Result<()> {
    let this = store.state_mut().tasks.get_mut(task)?;
    match this.state {
        TaskState::CancelDelivered => {}
        TaskState::Resolved => return Err(Trap::TaskAlreadyResolved.into()),
        _ => return Err(Trap::TaskNotCancelled.into()),
    }
    if this.num_borrows > 0 {
        return Err(Trap::BorrowsRemain.into());
    }
    this.state = TaskState::Resolved;
    match &mut this.caller {
        Caller::Host { result, .. } => {
            *result = None;
            store.state_mut().host_called = true;
        }
        Caller::Guest(subtask) => {
            let subtask = *subtask;
            resolve_subtask::<ReturnVal>(store, subtask, None, StringEncoding::Utf8)?;
        }
        Caller::Destructor(_) => {}
    }
    Ok(())
}

/// Spec: `on_resolve` of `canon_lower`: lowers the result into the caller, or notes the cancellation.
pub(crate) fn resolve_subtask<R: Returns>(
    store: &mut StoreMut<'_>,
    id: SubtaskId,
    result: Option<R>,
    string_source: StringEncoding,
) -> Result<()> {
    let state = store.state_mut();
    let this = state.subtasks.get_mut(id)?;
    let Some(result) = result else {
        this.state = match this.state {
            SubtaskState::Starting => SubtaskState::CancelledBeforeStarted,
            _ => SubtaskState::CancelledBeforeReturned,
        };
        return subtask::on_progress(state, id);
    };
    let out = this.flat_args.values().last().copied();
    let lowered = state.subtasks.get(id)?.lowered(state)?.clone();
    let (options, ty) = (&lowered.options, &lowered.ty);
    let max_flat = if options.async_ { 0 } else { MAX_FLAT_RESULTS };
    let mut cx = LowerCx::new(store.reborrow(), options, string_source);
    let mut flat = Flat::new();
    result.lower(&mut cx, ty.result.as_ref(), max_flat, out, &mut flat)?;
    let state = store.state_mut();
    let this = state.subtasks.get_mut(id)?;
    this.flat_result = flat.values().first().copied().unwrap_or(0);
    this.state = SubtaskState::Returned;
    subtask::on_progress(state, id)
}
