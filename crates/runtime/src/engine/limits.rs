//! Bounds on what core instances may take, counted over the whole store.

use crate::{Error, ErrorKind, Limits};

/// What the engine says when it refuses to instantiate for a limit, and the limit's name. Its errors have no types.
const LIMIT_TEXTS: &[(&str, &str)] = &[
    ("exceeds memory limits", "max-memory-size"),
    ("exceeds table limits", "max-table-elements"),
    ("instance count too high", "max-instances"),
    ("memory count too high", "max-memories"),
    ("table count too high", "max-tables"),
];

/// Counts and bounds memories, tables and instances of one store.
pub(crate) struct CoreLimits {
    limits: Limits,
    memory_bytes: u64,
}

impl CoreLimits {
    /// Nothing taken yet.
    pub(crate) fn new(limits: &Limits) -> Self {
        CoreLimits { limits: limits.clone(), memory_bytes: 0 }
    }

    /// The engine's refusal to instantiate as the limit that it means; any other error as it was.
    pub(super) fn explain(&self, error: Error) -> Error {
        let limit =
            LIMIT_TEXTS.iter().find(|(text, _)| error.kind() == ErrorKind::Host && error.message().contains(text));
        match limit {
            Some((_, name)) => self.limits.reached(name, error.message().to_string()),
            None => error,
        }
    }
}

impl wasmtime::ResourceLimiter for CoreLimits {
    fn memory_growing(&mut self, current: usize, desired: usize, max: Option<usize>) -> wasmtime::Result<bool> {
        // The engine will refuse this, so it takes nothing: counting it would let a guest use up its own bound.
        if max.is_some_and(|max| desired > max) {
            return Ok(false);
        }
        let total = self.memory_bytes.saturating_add(desired.saturating_sub(current) as u64);
        if total > self.limits.max_memory_size {
            if self.limits.trap_on_grow_failure {
                let message = format!("the guest's memories would take {total} bytes");
                return Err(super::convert::into_engine(self.limits.reached("max-memory-size", message)));
            }
            return Ok(false);
        }
        self.memory_bytes = total;
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _max: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired as u64 <= self.limits.max_table_elements)
    }

    fn instances(&self) -> usize {
        self.limits.max_instances
    }

    fn memories(&self) -> usize {
        self.limits.max_memories
    }

    fn tables(&self) -> usize {
        self.limits.max_tables
    }
}
