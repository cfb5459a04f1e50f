//! The end of a call: a result or the acknowledgement of a cancellation reaches the caller.
//!
//! Spec: `Task.return_`, `Task.cancel`, `on_resolve` of `canon_lower`.

use super::{Caller, SubtaskId, SubtaskState, TaskId, TaskState, subtask};
use crate::abi::{FlatIter, LiftCx, LowerCx, ReturnVal, Returns};
use crate::engine::StoreMut;
use crate::error::bug;
use crate::plan::StringEncoding;
use crate::types::MAX_FLAT_RESULTS;
use crate::{Result, Trap};

/// Spec: `lift_flat_values` of the result, then `Task.return_`.
pub(crate) fn return_task(store: &mut StoreMut<'_>, task: TaskId, max_flat: usize, flat: &[u64]) -> Result<()> {
    let state = store.state_mut();
    let this = state.tasks.get_mut(task)?;
    let (options, ty, state_before, borrows) =
        (this.callee.options.clone(), this.ty.clone(), this.state, this.num_borrows);
    let caller = match &mut this.caller {
        Caller::Host { lift_result, .. } => Ok(lift_result.take()),
        Caller::Guest(subtask) => Err(Some(*subtask)),
        Caller::Destructor(_) => Err(None),
    };
    let mut cx = LiftCx::new(store.reborrow(), &options, None);
    let check = || match state_before {
        TaskState::Resolved => Err(Trap::TaskAlreadyResolved),
        _ if borrows > 0 => Err(Trap::BorrowsRemain),
        _ => Ok(()),
    };
    match caller {
        Ok(lift) => {
            check()?;
            let lift = lift.ok_or_else(|| bug!("a result nobody waits for"))?;
            lift(&mut cx, ty.result.as_ref(), max_flat, flat)?;
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
        Caller::Host { lift_result, .. } => *lift_result = None,
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
    let (options, ty) = (this.options.clone(), this.ty.clone());
    let out = this.flat_args.values().last().map(|&bits| bits as u32);
    let max_flat = if options.async_ { 0 } else { MAX_FLAT_RESULTS };
    let mut cx = LowerCx::new(store.reborrow(), &options, string_source);
    let mut flat = crate::abi::Flat::new();
    result.lower(&mut cx, ty.result.as_ref(), max_flat, out, &mut flat)?;
    let state = store.state_mut();
    let this = state.subtasks.get_mut(id)?;
    this.flat_result = flat.values().first().copied().unwrap_or(0);
    this.state = SubtaskState::Returned;
    subtask::on_progress(state, id)
}
