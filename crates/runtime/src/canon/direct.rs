//! Lowered calls of guests that glue makes itself when the callee cannot block.

use std::sync::Arc;

use super::lower::{after_start, core_callee, lower_lifted, new_subtask};
use super::{Outcome, Site, check_may_leave};
use crate::Result;
use crate::engine::{CoreMemory, CoreTable, StoreMut};
use crate::error::bug;
use crate::instance::options;
use crate::plan::{LiftIndex, OptionsIndex};
use crate::task::{Resumption, direct};
use crate::types::FuncType;

/// Where glue finds a callee and its arguments.
pub(crate) struct DirectCalls {
    /// Arguments, 8 bytes each.
    pub(super) scratch: CoreMemory,
    /// Callees, by the glue's numbers.
    pub(super) callees: CoreTable,
    /// Which places of `callees` are filled.
    pub(super) filled: Vec<bool>,
}

/// What glue does after `begin` or `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Asks for the answer.
    Finish = 0,
    /// Parks, then asks for the answer.
    Park = 1,
    /// Calls the callee, then says so.
    Call = 2,
}

/// A lowered call of a lifted function.
pub(super) struct LoweredCall {
    /// Who calls.
    pub(super) site: Site,
    /// Whom.
    pub(super) lift: LiftIndex,
    /// With what type.
    pub(super) ty: Arc<FuncType>,
    /// How values leave the caller.
    pub(super) options: OptionsIndex,
    /// The callee's place among the glue's callees.
    pub(super) slot: u32,
}

/// Spec: `canon_lower`, up to the core call.
pub(super) fn begin(store: &mut StoreMut<'_>, call: &LoweredCall, args: &[u64]) -> Result<Next> {
    let site = call.site;
    check_may_leave(store, site.instance)?;
    let options = options(store.state_mut(), site.root, call.options)?;
    if store.state().roots.get(site.root)?.blocking.lift(call.lift) {
        let outcome = lower_lifted(store, site, call.lift, &call.ty, options, args)?;
        return next(store, outcome);
    }
    let async_ = options.async_;
    let (callee, callee_ty) = core_callee(store, site.root, call.lift)?;
    let subtask = store.state_mut().subtasks.insert(new_subtask(site.instance, &call.ty, options, args));
    let Some((func, flat)) = direct::begin(store, callee, callee_ty, subtask)? else {
        let outcome = after_start(store, subtask, async_)?;
        return next(store, outcome);
    };
    let calls = store.state_mut().roots.get_mut(site.root)?.direct.as_mut();
    let calls = calls.ok_or_else(|| bug!("a direct call without glue"))?;
    let (scratch, callees) = (calls.scratch, calls.callees);
    let filled = calls.filled.get_mut(call.slot as usize).ok_or_else(|| bug!("glue has no place {}", call.slot))?;
    if !std::mem::replace(filled, true) {
        callees.set(store, call.slot, func)?;
    }
    let places = store.memory_mut(scratch).chunks_exact_mut(8);
    for (place, bits) in places.zip(flat.values()) {
        place.copy_from_slice(&bits.to_le_bytes());
    }
    Ok(Next::Call)
}

/// Spec: `canon_lower`, from the core call on.
pub(super) fn end(store: &mut StoreMut<'_>, bits: u64) -> Result<Next> {
    let subtask = direct::end(store, bits)?.subtask;
    let async_ = store.state().subtasks.get(subtask)?.options.async_;
    let outcome = after_start(store, subtask, async_)?;
    next(store, outcome)
}

/// Leaves an answer where `finish` finds it.
pub(super) fn next(store: &mut StoreMut<'_>, outcome: Outcome) -> Result<Next> {
    let Outcome::Done(bits) = outcome else { return Ok(Next::Park) };
    let state = store.state_mut();
    let thread = state.current_thread()?;
    state.threads.get_mut(thread)?.resumption = Resumption::Ready(bits);
    Ok(Next::Finish)
}
