//! A core instance and what it exports.

use super::continuation::ready;
use super::func::CoreFunc;
use super::global::CoreGlobal;
use super::memory::CoreMemory;
use super::module::{CoreExport, CoreModule};
use super::store::StoreMut;
use crate::Result;

/// A table of a core instance.
#[derive(Clone, Copy)]
pub(crate) struct CoreTable(pub(super) wasmtime::Table);

impl CoreTable {
    /// Puts `func` at `index`.
    ///
    /// # Errors
    ///
    /// When the table is shorter.
    pub(crate) fn set(self, store: &mut StoreMut<'_>, index: u32, func: CoreFunc) -> Result<()> {
        self.0.set(&mut store.context, u64::from(index), func.func.into()).map_err(super::convert::error)
    }

    /// The function at `index`: `None` beyond the end, `Some(None)` for a null entry.
    pub(crate) fn func(self, store: &mut StoreMut<'_>, index: u32) -> Option<Option<CoreFunc>> {
        match self.0.get(&mut store.context, u64::from(index))? {
            wasmtime::Ref::Func(func) => Some(func.map(|func| CoreFunc::new(&store.context, func))),
            _ => Some(None),
        }
    }
}

/// Anything that a core module can import or export.
#[derive(Clone)]
pub(crate) struct CoreExtern(pub(super) wasmtime::Extern);

impl CoreExtern {
    /// The function, if it is one.
    pub(crate) fn func(&self, store: &StoreMut<'_>) -> Option<CoreFunc> {
        self.0.clone().into_func().map(|func| CoreFunc::new(&store.context, func))
    }

    /// Whether it is a function.
    pub(crate) fn is_func(&self) -> bool {
        matches!(self.0, wasmtime::Extern::Func(_))
    }

    /// The memory, if it is one.
    pub(crate) fn memory(&self) -> Option<CoreMemory> {
        self.0.clone().into_memory().map(CoreMemory)
    }

    /// The table, if it is one.
    pub(crate) fn table(&self) -> Option<CoreTable> {
        self.0.clone().into_table().map(CoreTable)
    }
}

impl From<CoreFunc> for CoreExtern {
    fn from(func: CoreFunc) -> Self {
        CoreExtern(func.func.into())
    }
}

impl From<CoreMemory> for CoreExtern {
    fn from(memory: CoreMemory) -> Self {
        CoreExtern(memory.0.into())
    }
}

impl From<CoreGlobal> for CoreExtern {
    fn from(global: CoreGlobal) -> Self {
        CoreExtern(global.0.into())
    }
}

/// An instantiated core module.
#[derive(Clone, Copy)]
pub(crate) struct CoreInstance(wasmtime::Instance);

impl CoreInstance {
    /// Instantiates `module` and runs its start function, which must not park.
    ///
    /// # Errors
    ///
    /// A trap of the start function, an extern that does not fit, or a reached limit.
    pub(crate) fn new(store: &mut StoreMut<'_>, module: &CoreModule, args: &[CoreExtern]) -> Result<Self> {
        let externs: Vec<wasmtime::Extern> = args.iter().map(|arg| arg.0.clone()).collect();
        let future = wasmtime::Instance::new_async(&mut store.context, &module.0, &externs);
        let result = ready(store.handle, future);
        result.map(CoreInstance).map_err(|error| store.state().core_limits.explain(error))
    }

    /// An export that was found before, in the instance's module.
    pub(crate) fn get(self, store: &mut StoreMut<'_>, export: &CoreExport) -> Option<CoreExtern> {
        self.0.get_module_export(&mut store.context, &export.0).map(CoreExtern)
    }

    /// The export `name`.
    pub(crate) fn export(self, store: &mut StoreMut<'_>, name: &str) -> Option<CoreExtern> {
        self.0.get_export(&mut store.context, name).map(CoreExtern)
    }

    /// The exported function `name`.
    #[cfg(test)]
    pub(crate) fn func(self, store: &mut StoreMut<'_>, name: &str) -> Option<CoreFunc> {
        self.export(store, name)?.func(store)
    }
}
