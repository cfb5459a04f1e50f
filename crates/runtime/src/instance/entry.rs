//! Reentrance: which instances may be entered.
//!
//! Spec: `may_enter_from`, `enter_from`, `leave_to`, `entering_set`.

use super::InstanceId;
use super::flags::{MAY_ENTER, may, replace};
use crate::Result;
use crate::engine::StoreMut;
use crate::error::bug;
use crate::store::State;

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
