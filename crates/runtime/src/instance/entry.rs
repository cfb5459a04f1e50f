//! Reentrance: which instances may be entered.
//!
//! Spec: `may_enter_from`, `enter_from`, `leave_to`, `entering_set`.

use super::InstanceId;
use super::flags::{MAY_ENTER, may, replace};
use crate::engine::StoreMut;
use crate::error::bug;
use crate::store::State;
use crate::{Result, Trap};

/// Whether `instance` is `of` or one of its ancestors.
fn is_self_or_ancestor(state: &State, instance: InstanceId, of: Option<InstanceId>) -> Result<bool> {
    let mut at = of;
    while let Some(this) = at {
        if this == instance {
            return Ok(true);
        }
        at = state.instances.get(this)?.parent;
    }
    Ok(false)
}

/// Spec: `entering_set`, one by one: `instance` and its ancestors up to the first that the caller is in as well. Stops
/// when `visit` answers no, and says whether it never did.
fn all_entered(
    store: &mut StoreMut<'_>,
    instance: InstanceId,
    caller: Option<InstanceId>,
    mut visit: impl FnMut(&mut StoreMut<'_>, InstanceId) -> Result<bool>,
) -> Result<bool> {
    let mut at = Some(instance);
    while let Some(this) = at {
        if is_self_or_ancestor(store.state(), this, caller)? {
            break;
        }
        if !visit(store, this)? {
            return Ok(false);
        }
        at = store.state().instances.get(this)?.parent;
    }
    Ok(true)
}

/// Spec: `entering_set`.
pub(crate) fn entering_set(
    state: &State,
    instance: InstanceId,
    caller: Option<InstanceId>,
) -> Result<Box<[InstanceId]>> {
    let mut set = Vec::new();
    let mut at = Some(instance);
    while let Some(this) = at {
        if is_self_or_ancestor(state, this, caller)? {
            break;
        }
        set.push(this);
        at = state.instances.get(this)?.parent;
    }
    Ok(set.into())
}

/// Spec: `trap_if(not may_enter_from)`, then `enter_from`, with the [`entering_set`] known.
pub(crate) fn enter_all(store: &mut StoreMut<'_>, entering: &[InstanceId]) -> Result<()> {
    for &instance in entering {
        if !replace(store, instance, MAY_ENTER, false)? {
            return Err(Trap::CannotEnter.into());
        }
    }
    Ok(())
}

/// Spec: `leave_to` of one instance of the [`entering_set`].
pub(crate) fn leave_one(store: &mut StoreMut<'_>, instance: InstanceId) -> Result<()> {
    replace(store, instance, MAY_ENTER, true).map(drop)
}

/// Spec: `may_enter_from`.
pub(crate) fn may_enter_from(
    store: &mut StoreMut<'_>,
    instance: InstanceId,
    caller: Option<InstanceId>,
) -> Result<bool> {
    all_entered(store, instance, caller, |store, entered| may(store, entered, MAY_ENTER))
}

/// Spec: `enter_from`.
pub(crate) fn enter_from(store: &mut StoreMut<'_>, instance: InstanceId, caller: Option<InstanceId>) -> Result<()> {
    let could = all_entered(store, instance, caller, |store, entered| replace(store, entered, MAY_ENTER, false))?;
    if could { Ok(()) } else { Err(bug!("an instance is entered twice")) }
}

/// Spec: `leave_to`.
pub(crate) fn leave_to(store: &mut StoreMut<'_>, instance: InstanceId, caller: Option<InstanceId>) -> Result<()> {
    let leave = |store: &mut StoreMut<'_>, left| replace(store, left, MAY_ENTER, true).map(|_| true);
    all_entered(store, instance, caller, leave).map(drop)
}
