//! A core instance and what it exports.

use std::sync::{Arc, OnceLock};

use super::continuation::{Continuation, ready};
use super::convert::error;
use super::func::CoreFunc;
use super::global::CoreGlobal;
use super::memory::CoreMemory;
use super::module::{CoreExport, CoreModule};
use super::store::StoreMut;
use crate::Result;
use crate::error::bug;
use crate::store::State;

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
        self.0.set(&mut store.context, u64::from(index), func.func.into()).map_err(error)
    }

    /// The function at `index`: `None` beyond the end, `Some(None)` for a null entry.
    pub(crate) fn func(self, store: &mut StoreMut<'_>, index: u64) -> Option<Option<CoreFunc>> {
        match self.0.get(&mut store.context, index)? {
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

/// What an instance is given, in the order of its module's imports.
#[derive(Default)]
pub(crate) struct CoreExterns(Vec<wasmtime::Extern>);

impl CoreExterns {
    /// Adds the next one.
    pub(crate) fn push(&mut self, next: impl Into<CoreExtern>) {
        self.0.push(next.into().0);
    }

    /// Forgets them, and keeps the room they took.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

impl<const N: usize> From<[CoreExtern; N]> for CoreExterns {
    fn from(all: [CoreExtern; N]) -> Self {
        CoreExterns(all.map(|one| one.0).into())
    }
}

/// That a start function runs on the stack of whoever executes the store, as a plain call does.
struct Plain {
    /// What was so before.
    outer: bool,
}

impl Plain {
    /// None where the engine insists on a stack of its own.
    fn begin(store: &StoreMut<'_>) -> Option<Plain> {
        let turn = store.handle.turn();
        let here = store.on_embedders_stack() && !turn.suspends.get();
        here.then(|| Plain { outer: turn.plain.replace(true) })
    }

    fn end(self, store: &StoreMut<'_>, result: wasmtime::Result<wasmtime::Instance>) -> Result<CoreInstance> {
        store.handle.turn().plain.set(self.outer);
        CoreInstance::from(store, result.map_err(error))
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
    pub(crate) fn new(store: &mut StoreMut<'_>, module: &CoreModule, args: &CoreExterns) -> Result<Self> {
        let CoreExterns(args) = args;
        if let Some(plain) = Plain::begin(store) {
            let result = wasmtime::Instance::new(&mut store.context, &module.0, args);
            return plain.end(store, result);
        }
        let result = ready(store.handle, wasmtime::Instance::new_async(&mut store.context, &module.0, args));
        CoreInstance::from(store, result)
    }

    /// [`new`](Self::new) of a module that is prepared.
    pub(super) fn of(store: &mut StoreMut<'_>, prepared: &wasmtime::InstancePre<State>) -> Result<Self> {
        if let Some(plain) = Plain::begin(store) {
            let result = prepared.instantiate(&mut store.context);
            return plain.end(store, result);
        }
        let result = ready(store.handle, prepared.instantiate_async(&mut store.context));
        CoreInstance::from(store, result)
    }

    /// [`new`](Self::new) on a stack of its own, at the first resume: the start function may park. The instance is there
    /// when the call has returned.
    pub(crate) fn begin(
        store: &StoreMut<'_>,
        module: &CoreModule,
        args: &CoreExterns,
    ) -> (Continuation, CoreInstanceToBe) {
        let (module, CoreExterns(args)) = (module.0.clone(), args);
        let (args, made) = (args.clone(), CoreInstanceToBe::default());
        let place = made.clone();
        let call = Continuation::of_instantiation(store, move |mut keeper| async move {
            place.fill(wasmtime::Instance::new_async(&mut keeper, &module, &args).await.map_err(error)?)
        });
        (call, made)
    }

    /// [`begin`](Self::begin) of a module that is prepared.
    pub(super) fn begin_prepared(
        store: &StoreMut<'_>,
        prepared: &wasmtime::InstancePre<State>,
    ) -> (Continuation, CoreInstanceToBe) {
        let (prepared, made) = (prepared.clone(), CoreInstanceToBe::default());
        let place = made.clone();
        let call = Continuation::of_instantiation(store, move |mut keeper| async move {
            place.fill(prepared.instantiate_async(&mut keeper).await.map_err(error)?)
        });
        (call, made)
    }

    fn from(store: &StoreMut<'_>, result: Result<wasmtime::Instance>) -> Result<Self> {
        result.map(CoreInstance).map_err(|error| store.state().core_limits.explain(error))
    }

    /// An export that was found before, in the instance's module.
    pub(crate) fn get(self, store: &mut StoreMut<'_>, export: &CoreExport) -> Option<CoreExtern> {
        self.0.get_module_export(&mut store.context, &export.export).map(CoreExtern)
    }

    /// A function that was found before, in the instance's module.
    pub(crate) fn get_func(self, store: &mut StoreMut<'_>, export: &CoreExport) -> Option<CoreFunc> {
        let func = self.get(store, export)?.0.into_func()?;
        Some(CoreFunc::of(func, export.numbers?))
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

/// An instance whose start function may be under way.
#[derive(Clone, Default)]
pub(crate) struct CoreInstanceToBe(Arc<OnceLock<wasmtime::Instance>>);

impl CoreInstanceToBe {
    fn fill(self, instance: wasmtime::Instance) -> Result<u64> {
        self.0.set(instance).map_err(|_| bug!("a core instance is made twice"))?;
        Ok(0)
    }

    /// The instance, once its start function has returned.
    pub(crate) fn get(&self) -> Result<CoreInstance> {
        self.0.get().copied().map(CoreInstance).ok_or_else(|| bug!("a core instance is used before it is made"))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Trap;
    use crate::engine::{CoreEngine, EngineOptions, EngineStore, Step, host_func, park_func};
    use crate::store::State;
    use crate::types::FlatType;

    /// The start function calls the host, which calls another guest, and then ends or traps.
    const GUEST: &str = r#"(module
        (import "" "call" (func $call (param i32) (result i32)))
        (import "" "trap" (global $trap (mut i32)))
        (global $answer (mut i32) (i32.const 0))
        (func (export "answer") (result i32) (global.get $answer))
        (func $start
            (global.set $answer (call $call (i32.const 21)))
            (if (global.get $trap) (then unreachable)))
        (start $start))"#;

    /// What `answer` gives after a start function; `suspends`: in a store that has a suspending function.
    fn start(suspends: bool, traps: bool) -> Result<u64> {
        let engine = CoreEngine::new(&EngineOptions::default())?;
        let mut store = EngineStore::new(&engine, State::for_tests());
        let store = &mut store.as_mut();
        if suspends {
            park_func(store);
        }
        let text = r#"(module (func (export "twice") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2))))"#;
        let compile = |text: &str| CoreModule::compile(&engine, &wat::parse_str(text).unwrap());
        let twice = CoreInstance::new(store, &compile(text)?, &CoreExterns::default())?.func(store, "twice").unwrap();
        let call = move |mut store: StoreMut<'_>, args: &[u64]| {
            assert!(!store.can_park());
            twice.call(&mut store, args)
        };
        let call = host_func(store, &[FlatType::I32], Some(FlatType::I32), Arc::new(call));
        let trap = CoreGlobal::new(store, u32::from(traps))?;
        let instance = CoreInstance::new(store, &compile(GUEST)?, &CoreExterns::from([call.into(), trap.into()]));
        assert!(store.on_embedders_stack() && !store.can_park());
        let answer = instance?.func(store, "answer").unwrap();
        answer.call(store, &[])
    }

    #[test]
    fn start_functions_do_the_same_on_either_stack() {
        for suspends in [false, true] {
            assert_eq!(start(suspends, false).unwrap(), 42);
            assert_eq!(start(suspends, true).unwrap_err().as_trap(), Some(Trap::Unreachable));
        }
    }

    /// Several are under way at once and go on in any order, while other guests run; some are dropped, some trap.
    #[test]
    fn start_functions_park_and_go_on_in_any_order() {
        let engine = CoreEngine::new(&EngineOptions::default()).unwrap();
        let mut store = EngineStore::new(&engine, State::for_tests());
        let store = &mut store.as_mut();
        let park = park_func(store);
        let text = r#"(module
            (import "" "park" (func $park))
            (import "" "trap" (global $trap (mut i32)))
            (global $parked (mut i32) (i32.const 0))
            (func (export "parked") (result i32) (global.get $parked))
            (func $start
                (loop $again
                    (call $park)
                    (global.set $parked (i32.add (global.get $parked) (i32.const 1)))
                    (if (global.get $trap) (then unreachable))
                    (br_if $again (i32.lt_u (global.get $parked) (i32.const 3)))))
            (start $start))"#;
        let module = CoreModule::compile(&engine, &wat::parse_str(text).unwrap()).unwrap();
        let traps = [false, true].map(|traps| CoreGlobal::new(store, u32::from(traps)).unwrap());
        let mut starting = Vec::new();
        for number in 0..30usize {
            let args = CoreExterns::from([park.into(), traps[usize::from(number % 5 == 4)].into()]);
            let (mut call, made) = CoreInstance::begin(store, &module, &args);
            assert!(matches!(call.resume(store).unwrap(), Step::Parked) && made.get().is_err());
            starting.push((number, call, made));
        }
        let mut over = 0;
        for turn in 0.. {
            let Some(last) = starting.len().checked_sub(1) else { break };
            let (number, mut call, made) = starting.swap_remove(turn * 7 % (last + 1));
            match call.resume(store) {
                _ if number % 6 == 5 => drop(call),
                Ok(Step::Parked) => starting.push((number, call, made)),
                Ok(Step::Returned(_)) => {
                    let parked = made.get().unwrap().func(store, "parked").unwrap();
                    assert_eq!(parked.call(store, &[]).unwrap(), 3);
                    over += 1;
                }
                Err(error) => assert!(number % 5 == 4 && error.as_trap() == Some(Trap::Unreachable)),
            }
        }
        // Of thirty, every sixth was dropped, and every fifth trapped; 29 is both.
        assert_eq!(over, 30 - 5 - 6 + 1);
    }

    #[test]
    fn an_export_knows_its_type() {
        let engine = CoreEngine::new(&EngineOptions::default()).unwrap();
        let text = r#"(module (memory (export "memory") 1) (func (export "f") (param i32 i64) (result f32) f32.const 1.5)
            (func (export "odd") (param externref)))"#;
        let module = CoreModule::compile(&engine, &wat::parse_str(text).unwrap()).unwrap();
        let mut store = EngineStore::new(&engine, State::for_tests());
        let store = &mut store.as_mut();
        let instance = CoreInstance::new(store, &module, &CoreExterns::default()).unwrap();
        let find = |name: &str| module.find_export(name).unwrap();
        let f = instance.get_func(store, &find("f")).unwrap();
        assert_eq!(f.call(store, &[1, 2]).unwrap(), u64::from(1.5f32.to_bits()));
        assert!(f.call(store, &[1]).is_err());
        assert!(instance.get_func(store, &find("odd")).unwrap().call(store, &[0]).is_err());
        assert!(instance.get_func(store, &find("memory")).is_none());
    }
}
