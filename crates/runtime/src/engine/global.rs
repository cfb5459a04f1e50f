//! A core global that the runtime and generated code share.

use super::convert::error;
use super::store::StoreMut;
use crate::Result;

/// A mutable `i32` global of a store; a number, cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct CoreGlobal(pub(super) wasmtime::Global);

impl CoreGlobal {
    /// A new global that is `value`.
    ///
    /// # Errors
    ///
    /// A fault of the engine.
    pub(crate) fn new(store: &mut StoreMut<'_>, value: u32) -> Result<Self> {
        let ty = wasmtime::GlobalType::new(wasmtime::ValType::I32, wasmtime::Mutability::Var);
        let value = wasmtime::Val::I32(value.cast_signed());
        wasmtime::Global::new(&mut store.context, ty, value).map(CoreGlobal).map_err(error)
    }

    /// Its value.
    pub(crate) fn get(self, store: &mut StoreMut<'_>) -> u32 {
        match self.0.get(&mut store.context) {
            wasmtime::Val::I32(value) => value.cast_unsigned(),
            _ => 0,
        }
    }

    /// Changes its value.
    ///
    /// # Errors
    ///
    /// A fault of the engine.
    pub(crate) fn set(self, store: &mut StoreMut<'_>, value: u32) -> Result<()> {
        self.0.set(&mut store.context, wasmtime::Val::I32(value.cast_signed())).map_err(error)
    }
}
