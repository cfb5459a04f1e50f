//! Spec: `canon context.{get,set}`.

use super::Outcome;
use crate::Result;
use crate::engine::StoreMut;
use crate::error::bug;

/// Spec: `canon_context_get`.
pub(super) fn get(store: &mut StoreMut<'_>, slot: u32) -> Result<u64> {
    let state = store.state_mut();
    let storage = match state.current.leaf_storage {
        Some(storage) => storage,
        None => state.threads.get(state.current_thread()?)?.storage,
    };
    storage.get(slot as usize).copied().ok_or_else(|| bug!("no thread-local slot {slot}"))
}

/// Spec: `canon_context_set`.
pub(super) fn set(store: &mut StoreMut<'_>, slot: u32, value: u64) -> Result<Outcome> {
    let state = store.state_mut();
    let storage = match (&mut state.current.leaf_storage, state.current.thread) {
        (Some(storage), _) => storage,
        (None, Some(thread)) => &mut state.threads.get_mut(thread)?.storage,
        (None, None) => return Err(bug!("no thread runs")),
    };
    *storage.get_mut(slot as usize).ok_or_else(|| bug!("no thread-local slot {slot}"))? = value;
    Ok(Outcome::Done(0))
}
