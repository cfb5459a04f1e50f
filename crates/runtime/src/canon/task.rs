//! Spec: `canon task.{return,cancel}`.

use super::{Outcome, Site, check_may_leave};
use crate::Result;
use crate::Trap;
use crate::engine::StoreMut;
use crate::instance::options;
use crate::plan::OptionsIndex;
use crate::task::{TaskId, cancel_task, light, return_task};
use crate::types::{MAX_FLAT_PARAMS, ValType};

/// Spec: `canon_task_return`.
pub(super) fn return_(
    store: &mut StoreMut<'_>,
    site: Site,
    result: Option<&ValType>,
    index: OptionsIndex,
    args: &[u64],
) -> Result<Outcome> {
    check_may_leave(store, site.instance)?;
    let state = store.state_mut();
    let light = state.current.light;
    let task = if light { TaskId::NONE } else { state.current_task()? };
    let options = options(state, site.root, index)?;
    let (memory, memory_index, string_encoding) = (options.memory, options.memory_index, options.string_encoding);
    let callee = if light { light::current_callee(state)? } else { &*state.tasks.get(task)?.callee };
    let expected = &callee.options;
    // Spec: `LiftOptions.equal`; the memory is compared only where the result needs one.
    let same_memory = memory.is_none() || memory_index == expected.memory_index;
    let same = result == callee.ty.result.as_ref() && string_encoding == expected.string_encoding && same_memory;
    if !expected.async_ || !same {
        return Err(Trap::TaskReturnInvalid.into());
    }
    if light {
        light::return_values(store, MAX_FLAT_PARAMS, args)?;
    } else {
        return_task(store, task, MAX_FLAT_PARAMS, args)?;
    }
    Ok(Outcome::Done(0))
}

/// Spec: `canon_task_cancel`.
pub(super) fn cancel(store: &mut StoreMut<'_>, site: Site) -> Result<Outcome> {
    check_may_leave(store, site.instance)?;
    let task = store.state_mut().current_task()?;
    if !store.state().tasks.get(task)?.callee.options.async_ {
        return Err(Trap::TaskNotCancelled.into());
    }
    cancel_task(store, task)?;
    Ok(Outcome::Done(0))
}
