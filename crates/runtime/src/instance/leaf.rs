//! Calls into a guest that must not call out: `realloc` and `post-return`.

use super::InstanceId;
use super::flags::{MAY_LEAVE, replace};
use crate::Result;
use crate::engine::{CoreFunc, StoreMut};

/// A function that must not call out.
#[derive(Clone, Copy)]
pub(crate) struct Leaf {
    /// The function.
    pub(crate) func: CoreFunc,
    /// Whether its code reaches an import of the component instance. Where it does not, nobody can tell whether the instance
    /// may be left meanwhile, nor whose thread this is.
    pub(crate) calls_out: bool,
}

/// Calls `realloc`. It runs as a thread of its own, so its thread-local storage starts at zero.
///
/// Spec: `LiftLowerContext.reallocate`.
pub(crate) fn call_leaf(store: &mut StoreMut<'_>, instance: InstanceId, leaf: Leaf, args: &[u64]) -> Result<u64> {
    if !leaf.calls_out {
        return leaf.func.call(store, args);
    }
    let storage = store.state_mut().current.leaf_storage.replace([0, 0]);
    let result = call_without_leaving(store, instance, leaf, args);
    store.state_mut().current.leaf_storage = storage;
    result
}

/// Calls `post-return` on the task's own thread with the flat result, if it takes one. Spec: `canon_lift`.
pub(crate) fn call_post_return(store: &mut StoreMut<'_>, instance: InstanceId, leaf: Leaf, bits: u64) -> Result<()> {
    let result = [bits];
    let args = if leaf.func.takes_nothing() { &result[..0] } else { &result[..] };
    call_without_leaving(store, instance, leaf, args).map(drop)
}

/// `realloc` of `instance` begins, called by generated code.
pub(crate) fn enter_leaf(store: &mut StoreMut<'_>, instance: InstanceId) -> Result<()> {
    store.state_mut().enter_storage();
    replace(store, instance, MAY_LEAVE, false).map(drop)
}

/// It is over. An instance that was entered may be left.
pub(crate) fn leave_leaf(store: &mut StoreMut<'_>, instance: InstanceId) -> Result<()> {
    replace(store, instance, MAY_LEAVE, true)?;
    store.state_mut().leave_storage()
}

fn call_without_leaving(store: &mut StoreMut<'_>, instance: InstanceId, leaf: Leaf, args: &[u64]) -> Result<u64> {
    if !leaf.calls_out {
        return leaf.func.call(store, args);
    }
    let before = replace(store, instance, MAY_LEAVE, false)?;
    let result = leaf.func.call(store, args);
    replace(store, instance, MAY_LEAVE, before)?;
    result
}
