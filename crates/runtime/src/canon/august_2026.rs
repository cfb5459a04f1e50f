//! What the rules of August 2026 ([`AsyncRules::August2026`](crate::AsyncRules)) check before a built-in or a call begins.
//! Which built-ins these are is known when their core functions are made; without those rules there is nothing to check.

use super::{Site, check_may_leave};
use crate::engine::StoreMut;
use crate::instance::InstanceId;
use crate::plan::{Canon, FuncDef, InstanceIndex, Plan, Trampoline};
use crate::store::sync_task_blocks;
use crate::task::{TaskState, ready_during_sync_call};
use crate::{Result, Trap};

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// Nobody may make this call: one of the two instances is the other, or has instantiated it.
    MayNotEnter,
    /// It may block, so a function that is not async may call it only when another thread is ready.
    MayBlock,
}

/// What is checked before `trampoline`.
pub(crate) fn check_of(plan: &Plan, trampoline: &Trampoline) -> Option<Check> {
    if !plan.rules.are_of_august_2026() {
        return None;
    }
    let sync = |options: &crate::plan::OptionsIndex| plan.options.get(options.at()).is_some_and(|o| !o.async_);
    match &trampoline.canon {
        Canon::Lower { callee, .. } if is_relative(plan, trampoline.instance, *callee) => Some(Check::MayNotEnter),
        Canon::Lower { ty, options, .. } if ty.async_ && sync(options) => Some(Check::MayBlock),
        Canon::Copy { options, .. } if sync(options) => Some(Check::MayBlock),
        Canon::CancelCopy { async_: false, .. }
        | Canon::SubtaskCancel { async_: false }
        | Canon::WaitableSetWait { .. }
        | Canon::ThreadSuspend { .. } => Some(Check::MayBlock),
        _ => None,
    }
}

/// Whether `callee` belongs to `caller`, to one of its ancestors, or to an instance that it is an ancestor of.
fn is_relative(plan: &Plan, caller: InstanceIndex, callee: FuncDef) -> bool {
    let FuncDef::Lift(lift) = callee else { return false };
    let lift = plan.lifts.get(lift.at()).and_then(|lift| plan.options.get(lift.options.at()));
    lift.is_some_and(|lift| is_within(plan, caller, lift.instance) || is_within(plan, lift.instance, caller))
}

/// Whether `ancestor` is `instance` or has instantiated it.
fn is_within(plan: &Plan, instance: InstanceIndex, ancestor: InstanceIndex) -> bool {
    let parent = |at: &InstanceIndex| plan.instances.get(at.at()).and_then(|instance| instance.parent);
    // Parents come first in a plan, so this ends.
    std::iter::successors(Some(instance), parent).any(|at| at == ancestor)
}

/// Checks what older rules check before a built-in of `site`, if there is something.
#[inline]
pub(super) fn pass(check: Option<Check>, store: &mut StoreMut<'_>, site: Site) -> Result<()> {
    check.map_or(Ok(()), |check| check.pass(store, site.instance))
}

impl Check {
    /// Checks it; `instance` calls.
    fn pass(self, store: &mut StoreMut<'_>, instance: InstanceId) -> Result<()> {
        check_may_leave(store, instance)?;
        if self == Check::MayNotEnter {
            return Err(Trap::CannotEnter.into());
        }
        let state = store.state_mut();
        let task = state.current_task()?;
        let this = state.tasks.get(task)?;
        if this.callee.ty.async_ || this.state == TaskState::Resolved {
            return Ok(());
        }
        let instance = this.instance;
        if ready_during_sync_call(store.state(), instance)?.is_empty() {
            return Err(sync_task_blocks(store.state()));
        }
        Ok(())
    }
}
