//! A linear memory.

/// A linear memory of a store; a number, cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct CoreMemory(pub(super) wasmtime::Memory);
