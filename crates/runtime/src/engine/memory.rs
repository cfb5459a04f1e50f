//! A linear memory.

use super::store::StoreMut;
use crate::{Result, Trap};

/// A linear memory of a store; a number, cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct CoreMemory(pub(super) wasmtime::Memory);

/// Copies `length` bytes from one memory to another, or within one.
///
/// # Errors
///
/// A trap when either range is outside of its memory.
pub(crate) fn copy_memory(
    store: &mut StoreMut<'_>,
    (from, from_ptr): (CoreMemory, u32),
    (to, to_ptr): (CoreMemory, u32),
    length: u32,
) -> Result<()> {
    let (from_ptr, to_ptr, length) = (from_ptr as usize, to_ptr as usize, length as usize);
    let source = store.memory(from).get(from_ptr..from_ptr + length).ok_or(Trap::PointerOutOfBounds)?.as_ptr();
    let target = store.memory_mut(to).get_mut(to_ptr..to_ptr + length).ok_or(Trap::PointerOutOfBounds)?;
    // SAFETY: both ranges were just found inside of their memories, nothing ran in between that could move them, and
    // `copy` allows that they overlap when the two memories are one.
    unsafe { std::ptr::copy(source, target.as_mut_ptr(), length) };
    Ok(())
}
