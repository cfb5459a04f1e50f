//! Reentrance: which instances may be entered.
//!
//! Spec: `may_enter_from`, `enter_from`, `leave_to`, `entering_set`.

use super::InstanceId;
use crate::Result;
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
pub(crate) fn may_enter_from(state: &State, instance: InstanceId, caller: Option<InstanceId>) -> Result<bool> {
    for entered in entering_set(state, instance, caller)? {
        if !state.instances.get(entered)?.may_enter {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Spec: `enter_from`.
pub(crate) fn enter_from(state: &mut State, instance: InstanceId, caller: Option<InstanceId>) -> Result<()> {
    for entered in entering_set(state, instance, caller)? {
        let entered = state.instances.get_mut(entered)?;
        if !entered.may_enter {
            return Err(bug!("an instance is entered twice"));
        }
        entered.may_enter = false;
    }
    Ok(())
}

/// Spec: `leave_to`.
pub(crate) fn leave_to(state: &mut State, instance: InstanceId, caller: Option<InstanceId>) -> Result<()> {
    for left in entering_set(state, instance, caller)? {
        state.instances.get_mut(left)?.may_enter = true;
    }
    Ok(())
}
