//! Calls into a guest that must not call out: `realloc` and `post-return`.

use super::InstanceId;
use super::flags::{MAY_LEAVE, replace};
use crate::Result;
use crate::engine::{CoreFunc, StoreMut};

/// Calls `realloc`. It runs as a thread of its own, so its thread-local storage starts at zero.
///
/// Spec: `LiftLowerContext.reallocate`.
pub(crate) fn call_leaf(store: &mut StoreMut<'_>, instance: InstanceId, func: CoreFunc, args: &[u64]) -> Result<u64> {
    let storage = store.state_mut().current.leaf_storage.replace([0, 0]);
    let result = call_without_leaving(store, instance, func, args);
    store.state_mut().current.leaf_storage = storage;
    result
}

/// Calls `post-return` on the task's own thread with the flat result, if it takes one. Spec: `canon_lift`.
pub(crate) fn call_post_return(
    store: &mut StoreMut<'_>,
    instance: InstanceId,
    func: CoreFunc,
    bits: u64,
) -> Result<()> {
    let result = [bits];
    let args = if func.takes_nothing() { &result[..0] } else { &result[..] };
    call_without_leaving(store, instance, func, args).map(drop)
}

fn call_without_leaving(store: &mut StoreMut<'_>, instance: InstanceId, func: CoreFunc, args: &[u64]) -> Result<u64> {
    let before = replace(store, instance, MAY_LEAVE, false)?;
    let result = func.call(store, args);
    replace(store, instance, MAY_LEAVE, before)?;
    result
}
