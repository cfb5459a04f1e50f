//! A compiled core module.

use super::config::CoreEngine;
use super::convert;
use crate::Result;

/// A compiled core module. Cheap to clone.
#[derive(Clone)]
pub(crate) struct CoreModule(pub(super) wasmtime::Module);

impl CoreModule {
    /// Compiles a core module's bytes.
    pub(crate) fn compile(engine: &CoreEngine, bytes: &[u8]) -> Result<Self> {
        wasmtime::Module::from_binary(engine.inner(), bytes).map(CoreModule).map_err(convert::error)
    }

    /// The compiled code as bytes for [`deserialize`](Self::deserialize).
    pub(crate) fn serialize(&self) -> Result<Vec<u8>> {
        self.0.serialize().map_err(convert::error)
    }

    /// Compiled code from bytes.
    ///
    /// # Safety
    ///
    /// The bytes must come from [`serialize`](Self::serialize) and be unchanged: they become machine code.
    pub(crate) unsafe fn deserialize(engine: &CoreEngine, bytes: &[u8]) -> Result<Self> {
        // SAFETY: the caller's promise.
        unsafe { wasmtime::Module::deserialize(engine.inner(), bytes) }.map(CoreModule).map_err(convert::error)
    }
}
