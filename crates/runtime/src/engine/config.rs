//! How the core engine is set up.

use std::sync::Arc;

use super::mapped::MappedCode;
use super::{convert, pool};
use crate::Result;

/// What an embedder may choose about core execution.
#[derive(Debug, Clone)]
pub(crate) struct EngineOptions {
    /// Whether guests can be interrupted by time (`Limits`); costs a few percent of speed.
    pub(crate) epoch_interruption: bool,
    /// Whether guests use up fuel.
    pub(crate) fuel: bool,
    /// Bytes of stack that core wasm may use.
    pub(crate) max_wasm_stack: usize,
    /// Bytes of one continuation's stack, host frames included.
    pub(crate) stack_size: usize,
    /// Whether to optimise (`false` compiles faster).
    pub(crate) optimize: bool,
    /// So many core instances, memories, tables and stacks come from a pool; 0 for no pool.
    pub(crate) pooled: u32,
    /// Bytes that one memory may have, in the pool.
    pub(crate) max_memory_size: u64,
    /// Elements that one table may have, in the pool.
    pub(crate) max_table_elements: u64,
}

impl Default for EngineOptions {
    fn default() -> Self {
        EngineOptions {
            epoch_interruption: false,
            fuel: false,
            max_wasm_stack: 512 << 10,
            stack_size: 1 << 20,
            optimize: true,
            pooled: 0,
            max_memory_size: 4 << 30,
            max_table_elements: POOLED_TABLE_ELEMENTS,
        }
    }
}

/// Elements of a table in the pool, unless the limit is lower. A pool's places are as large as the largest.
const POOLED_TABLE_ELEMENTS: u64 = 100_000;

/// Bytes of a pooled memory that keep their pages when an instance ends: to put back what they were costs less than that the
/// next instance asks the kernel for each anew.
const KEPT_OF_MEMORY: usize = 256 << 10;

/// The same for a table.
const KEPT_OF_TABLE: usize = 64 << 10;

/// The same where the kernel does not say what was written to.
const KEPT_OF_SMALL_TABLE: usize = 4 << 10;

/// The pool that `options` ask for.
fn pooling(options: &EngineOptions) -> wasmtime::PoolingAllocationConfig {
    let mut pool = wasmtime::PoolingAllocationConfig::default();
    let count = options.pooled;
    pool.total_core_instances(count)
        .total_memories(count)
        .total_tables(count)
        .total_stacks(count)
        .total_gc_heaps(count);
    pool.max_memory_size(usize::try_from(options.max_memory_size).unwrap_or(usize::MAX).min(4 << 30));
    let elements = options.max_table_elements.min(POOLED_TABLE_ELEMENTS);
    pool.table_elements(usize::try_from(elements).unwrap_or(usize::MAX));
    pool.max_core_instance_size(1 << 20).max_tables_per_module(16).max_memories_per_module(64);
    if wasmtime::PoolingAllocationConfig::is_pagemap_scan_available() {
        // The kernel says which pages were written to, and only those are put back. Elsewhere all bytes would be.
        pool.pagemap_scan(wasmtime::Enabled::Yes);
        pool.linear_memory_keep_resident(KEPT_OF_MEMORY);
        pool.table_keep_resident(KEPT_OF_TABLE);
    } else {
        pool.table_keep_resident(KEPT_OF_SMALL_TABLE);
    }
    pool
}

/// The core engine: compiles modules, makes stores. Cheap to clone.
#[derive(Clone)]
pub(crate) struct CoreEngine {
    engine: wasmtime::Engine,
    fuel: bool,
    spare_stack: usize,
    mapped: Arc<MappedCode>,
}

/// Bytes of an own stack that are left to frames of the host, whatever wasm takes.
const HOST_FRAMES: usize = 256 << 10;

impl CoreEngine {
    /// An engine with these options.
    pub(crate) fn new(options: &EngineOptions) -> Result<Self> {
        let mut config = wasmtime::Config::new();
        // Roots on suspended stacks are traced by the null collector only (contract 4).
        config.collector(wasmtime::Collector::Null);
        config.epoch_interruption(options.epoch_interruption);
        config.consume_fuel(options.fuel);
        config.max_wasm_stack(options.max_wasm_stack);
        config.async_stack_size(options.stack_size);
        match options.pooled {
            0 => pool::install(&mut config, options),
            _ => drop(config.allocation_strategy(pooling(options))),
        }
        config.wasm_backtrace_details(wasmtime::WasmBacktraceDetails::Enable);
        config.wasm_multi_memory(true);
        config.wasm_function_references(true);
        config.wasm_tail_call(true);
        config.wasm_exceptions(true);
        if !options.optimize {
            config.cranelift_opt_level(wasmtime::OptLevel::None);
        }
        // For unwinders of the system, which never go through a guest: the engine stops panics and walks stacks by itself.
        // `MappedCode` wants code without it.
        config.native_unwind_info(cfg!(windows));
        let mapped = Arc::new(MappedCode::default());
        mapped.install(&mut config);
        let engine = wasmtime::Engine::new(&config).map_err(convert::error)?;
        let spare_stack = options.stack_size.saturating_sub(options.max_wasm_stack).saturating_sub(HOST_FRAMES);
        Ok(CoreEngine { engine, fuel: options.fuel, spare_stack, mapped })
    }

    pub(super) fn inner(&self) -> &wasmtime::Engine {
        &self.engine
    }

    pub(super) fn mapped(&self) -> &MappedCode {
        &self.mapped
    }

    /// How many bytes of an own stack may be in use when a guest is called on it.
    pub(super) fn spare_stack(&self) -> usize {
        self.spare_stack
    }

    pub(super) fn counts_fuel(&self) -> bool {
        self.fuel
    }

    /// Moves every store's epoch on by one.
    pub(crate) fn increment_epoch(&self) {
        self.engine.increment_epoch();
    }

    /// What compiled code depends on besides the module: version, target, CPU features and settings.
    pub(crate) fn compatibility_hash(&self) -> u64 {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        self.engine.precompile_compatibility_hash().hash(&mut hasher);
        hasher.finish()
    }
}
