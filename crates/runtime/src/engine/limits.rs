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
    pub(crate) fn explain(&self, error: Error) -> Error {
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

#[cfg(test)]
mod tests {
    use wasmtime::ResourceLimiter;

    use super::*;
    use crate::engine::{CoreEngine, CoreExterns, CoreInstance, CoreModule, EngineOptions, EngineStore};
    use crate::store::State;

    fn limits(change: impl FnOnce(&mut Limits)) -> CoreLimits {
        let mut limits = Limits::default();
        change(&mut limits);
        CoreLimits::new(&limits)
    }

    fn refusal(limits: CoreLimits, wat: &str) -> Error {
        let engine = CoreEngine::new(&EngineOptions::default()).unwrap();
        let module = CoreModule::compile(&engine, &wat::parse_str(wat).unwrap()).unwrap();
        let mut state = State::for_tests();
        state.core_limits = limits;
        let mut store = EngineStore::new(&engine, state);
        CoreInstance::new(&mut store.as_mut(), &module, &CoreExterns::default()).err().unwrap()
    }

    #[test]
    fn a_refused_instance_names_the_limit() {
        let refusals = [
            ("max-memory-size", refusal(limits(|limits| limits.max_memory_size = 1 << 16), "(module (memory 2))")),
            (
                "max-table-elements",
                refusal(limits(|limits| limits.max_table_elements = 9), "(module (table 10 funcref))"),
            ),
            ("max-instances", refusal(limits(|limits| limits.max_instances = 0), "(module)")),
            ("max-memories", refusal(limits(|limits| limits.max_memories = 1), "(module (memory 0) (memory 0))")),
            ("max-tables", refusal(limits(|limits| limits.max_tables = 0), "(module (table 0 funcref))")),
        ];
        for (name, error) in refusals {
            assert_eq!(error.kind(), ErrorKind::Limit, "{error:?}");
            assert!(error.message().starts_with(&format!("the limit {name} is reached: ")), "{error:?}");
        }
    }

    #[test]
    fn growth_is_counted_over_all_memories_and_only_if_it_can_succeed() {
        let mut limits = limits(|limits| limits.max_memory_size = 100);
        assert!(limits.memory_growing(0, 60, None).unwrap());
        assert!(!limits.memory_growing(0, 50, None).unwrap());
        // Beyond the memory's own maximum, which the engine refuses.
        assert!(!limits.memory_growing(60, 90, Some(80)).unwrap());
        assert!(limits.memory_growing(0, 40, Some(40)).unwrap());
    }

    #[test]
    fn growth_beyond_the_limit_traps_on_request() {
        let limits = limits(|limits| (limits.max_memory_size, limits.trap_on_grow_failure) = (1 << 16, true));
        let error =
            refusal(limits, "(module (memory 1) (func $grow (drop (memory.grow (i32.const 1)))) (start $grow))");
        assert_eq!(error.kind(), ErrorKind::Limit);
    }
}
