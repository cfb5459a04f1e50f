//! Every bound on what a guest may take, in one place: name, default, unit.

use crate::{Error, ErrorKind};

/// Bounds of one store. The command has a flag of the same name for each.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of all linear memories together. Default: 4 GiB.
    pub max_memory_size: u64,
    /// Elements of one core table. Default: 1,000,000.
    pub max_table_elements: u64,
    /// Core instances. Default: 10,000.
    pub max_instances: usize,
    /// Core memories. Default: 10,000.
    pub max_memories: usize,
    /// Core tables. Default: 10,000.
    pub max_tables: usize,
    /// Whether growing a memory beyond its bound traps instead of answering -1. Default: no.
    pub trap_on_grow_failure: bool,
    /// Handles in the table of one component instance, and resources of guests that the host owns. Default: 1,000,000.
    pub max_handles: usize,
    /// Tasks that exist at once. Default: 1,000,000.
    pub max_tasks: usize,
    /// Bytes that one call may bring from a guest to the host. Default: 128 MiB.
    pub max_hostcall_bytes: usize,
    /// Bytes of stack that core wasm may use in one call. Default: 512 KiB.
    pub max_wasm_stack: usize,
    /// Bytes of one suspendable stack, frames of the host included. Default: 1 MiB.
    pub async_stack_size: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_memory_size: 4 << 30,
            max_table_elements: 1_000_000,
            max_instances: 10_000,
            max_memories: 10_000,
            max_tables: 10_000,
            trap_on_grow_failure: false,
            max_handles: 1_000_000,
            max_tasks: 1_000_000,
            max_hostcall_bytes: 128 << 20,
            max_wasm_stack: 512 << 10,
            async_stack_size: 1 << 20,
        }
    }
}

impl Limits {
    /// The error that says which limit was reached, and by what.
    pub(crate) fn reached(&self, name: &str, what: String) -> Error {
        Error::new(ErrorKind::Limit, format!("the limit {name} is reached: {what}"))
            .with_hint(format!("raise it with -W{name}=N, or `Limits` in an embedding"))
    }
}
