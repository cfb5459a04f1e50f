//! Stacks for continuations where there is no pool: the engine maps each of its own.

use super::config::EngineOptions;

/// Leaves `config` as it is.
pub(super) fn install(_config: &mut wasmtime::Config, _options: &EngineOptions) {}
