//! Reentrance: which instances may be entered.
//!
//! Spec: `may_enter_from`, `enter_from`, `leave_to`, `entering_set`.

use super::InstanceId;
use super::flags::{MAY_ENTER, may, replace};
use crate::Result;
use crate::engine::StoreMut;
use crate::error::bug;
use crate::store::State;

fn self_and_ancestors(state: &State, instance: InstanceId) -> Result<Vec<InstanceId>> {
    let mut all = vec![instance];
    let mut at = instance;
    while let Some(parent) = state.instances.get(at)?.parent {
        all.push(parent);
        at = parent;
    }
    Ok(all)
}

fn entering_set(state: &State, instance: InstanceId, caller: Option<InstanceId>) -> Result<Vec<InstanceId>> {
    let mut all = self_and_ancestors(state, instance)?;
    if let Some(caller) = caller {
        let entered = self_and_ancestors(state, caller)?;
        all.retain(|instance| !entered.contains(instance));
    }
    Ok(all)
}

/// Spec: `may_enter_from`.
pub(crate) fn may_enter_from(
    store: &mut StoreMut<'_>,
    instance: InstanceId,
    caller: Option<InstanceId>,
) -> Result<bool> {
    for entered in entering_set(store.state(), instance, caller)? {
        if !may(store, entered, MAY_ENTER)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Spec: `enter_from`.
pub(crate) fn enter_from(store: &mut StoreMut<'_>, instance: InstanceId, caller: Option<InstanceId>) -> Result<()> {
    for entered in entering_set(store.state(), instance, caller)? {
        if !replace(store, entered, MAY_ENTER, false)? {
            return Err(bug!("an instance is entered twice"));
        }
    }
    Ok(())
}

/// Spec: `leave_to`.
pub(crate) fn leave_to(store: &mut StoreMut<'_>, instance: InstanceId, caller: Option<InstanceId>) -> Result<()> {
    for left in entering_set(store.state(), instance, caller)? {
        replace(store, left, MAY_ENTER, true)?;
    }
    Ok(())
}
