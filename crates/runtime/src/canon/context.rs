//! Spec: `canon context.{get,set}`.

use crate::Result;
use crate::engine::StoreMut;
use crate::error::bug;
use crate::store::State;

/// Spec: `current_thread().storage`.
#[inline]
fn storage(state: &mut State) -> Result<&mut [u64; 2]> {
    let light = if state.current.light { state.light.last_mut() } else { None };
    match (&mut state.current.leaf_storage, light, state.current.thread) {
        (Some(storage), _, _) => Ok(storage),
        (None, Some(call), _) => Ok(&mut call.storage),
        (None, None, Some(thread)) => Ok(&mut state.threads.get_mut(thread)?.storage),
        (None, None, None) => Err(bug!("no thread runs")),
    }
}

/// Spec: `canon_context_get`.
#[inline]
pub(super) fn get(store: &mut StoreMut<'_>, slot: u32) -> Result<u64> {
    storage(store.state_mut())?.get(slot as usize).copied().ok_or_else(|| bug!("no thread-local slot {slot}"))
}

/// Spec: `canon_context_set`.
#[inline]
pub(super) fn set(store: &mut StoreMut<'_>, slot: u32, value: u64) -> Result<()> {
    *storage(store.state_mut())?.get_mut(slot as usize).ok_or_else(|| bug!("no thread-local slot {slot}"))? = value;
    Ok(())
}
