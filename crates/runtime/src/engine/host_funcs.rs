//! Functions of the host that no store owns: made once, given to any number of stores, and modules prepared with them.

use super::CoreEngine;
use super::continuation::{Continuation, run};
use super::convert::error;
use super::host_func::{CoreFuncType, define, enter, enter_late, park};
use super::instance::{CoreExtern, CoreInstance, CoreInstanceToBe};
use super::module::CoreModule;
use super::store::{StoreHandle, StoreMut};
use crate::Result;
use crate::store::State;

/// How a host function finds the rest of the store that calls it: part of the store's state.
#[derive(Default, Clone, Copy)]
pub(crate) struct Seam(pub(super) Option<StoreHandle>);

/// A parameter of 32 bits.
macro_rules! word {
    ($name:ident) => {
        u32
    };
}

/// Ways to add a function whose parameters are numbers of 32 bits.
macro_rules! words {
    ($($(#[$doc:meta])* $define:ident($($param:ident),*);)*) => {$(
        $(#[$doc])*
        pub(crate) fn $define<R: wasmtime::WasmRet>(
            &mut self,
            [module, name]: [&str; 2],
            body: impl Fn(&mut StoreMut<'_>, $(word!($param)),*) -> Result<R> + Send + Sync + 'static,
        ) -> Result<()> {
            let body = move |caller: wasmtime::Caller<'_, State>, $($param: word!($param)),*| {
                enter(caller, |store| body(store, $($param),*))
            };
            self.linker.func_wrap(module, name, body).map(drop).map_err(error)
        }
    )*};
}

/// Functions of the host by two names, as modules import them.
pub(crate) struct HostFuncs {
    linker: wasmtime::Linker<State>,
    /// Whether one of them suspends.
    suspend: bool,
}

/// A module with all that it imports, checked: instantiating it makes the instance and nothing else.
pub(crate) struct CorePrepared {
    module: wasmtime::InstancePre<State>,
    /// Whether what it imports suspends.
    suspends: bool,
}

impl HostFuncs {
    /// None yet.
    pub(crate) fn new(engine: &CoreEngine) -> Self {
        let mut linker = wasmtime::Linker::new(engine.inner());
        // A module may import the same twice, and is given the same then.
        linker.allow_shadowing(true);
        HostFuncs { linker, suspend: false }
    }

    /// Adds `body` as a function of type `ty`.
    pub(crate) fn define(
        &mut self,
        [module, name]: [&str; 2],
        ty: &CoreFuncType,
        body: impl Fn(StoreMut<'_>, &[u64]) -> Result<u64> + Send + Sync + 'static,
    ) -> Result<()> {
        define(&mut self.linker, [module, name], ty, body).map_err(error)
    }

    words! {
        /// Adds a function without parameters. What [`define`](Self::define) finds out from the type in each call is
        /// known to the compiler here.
        define_0();
        /// The same, of one `i32`.
        define_1(first);
        /// The same, of two.
        define_2(first, second);
        /// The same, of three.
        define_3(first, second, third);
    }

    /// Adds a function of a number of 64 bits that has to see to [`StoreMut::host_runs`] itself.
    pub(crate) fn define_late(
        &mut self,
        [module, name]: [&str; 2],
        body: impl Fn(&mut StoreMut<'_>, u64) -> Result<u64> + Send + Sync + 'static,
    ) -> Result<()> {
        let body = move |caller: wasmtime::Caller<'_, State>, bits: u64| enter_late(caller, |store| body(store, bits));
        self.linker.func_wrap(module, name, body).map(drop).map_err(error)
    }

    /// Adds the function that suspends: see [`park_func`](super::park_func).
    pub(crate) fn define_park(&mut self, [module, name]: [&str; 2]) -> Result<()> {
        self.suspend = true;
        self.linker.func_wrap_async(module, name, |caller, ()| park(&caller)).map(drop).map_err(error)
    }

    /// Adds the function that stacks begin with: see [`run_func`](super::run_func).
    pub(crate) fn define_run(&mut self, [module, name]: [&str; 2]) -> Result<()> {
        self.linker.func_wrap(module, name, run).map(drop).map_err(error)
    }

    /// All of them in a store, by their second name; no name is looked for.
    pub(crate) fn all<'a>(&'a self, store: &'a mut StoreMut<'_>) -> impl Iterator<Item = (&'a str, CoreExtern)> + 'a {
        self.linker.iter(&mut store.context).map(|(_, name, func)| (name, CoreExtern(func)))
    }

    /// `module` with these functions.
    ///
    /// # Errors
    ///
    /// When it imports anything else, or with another type.
    pub(crate) fn prepare(&self, module: &CoreModule) -> Result<CorePrepared> {
        let module = self.linker.instantiate_pre(&module.0).map_err(error)?;
        Ok(CorePrepared { module, suspends: self.suspend })
    }
}

impl CorePrepared {
    /// [`CoreInstance::new`] of what is prepared.
    ///
    /// # Errors
    ///
    /// A trap of the start function, or a reached limit.
    pub(crate) fn instantiate(&self, store: &mut StoreMut<'_>) -> Result<CoreInstance> {
        self.mark(store);
        CoreInstance::of(store, &self.module)
    }

    /// [`CoreInstance::begin`] of what is prepared.
    pub(crate) fn begin(&self, store: &StoreMut<'_>) -> (Continuation, CoreInstanceToBe) {
        self.mark(store);
        CoreInstance::begin_prepared(store, &self.module)
    }

    fn mark(&self, store: &StoreMut<'_>) {
        if self.suspends {
            store.handle.turn().suspends.set(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Trap;
    use crate::engine::{Continuation, CoreExterns, EngineOptions, EngineStore, Step, park_func};
    use crate::types::FlatType;

    /// `run` tells the host a number, waits if it can, and gives what the host answers.
    const GUEST: &str = r#"(module
        (import "a" "tell" (func $tell (param i32 i64 f32 f64 i32) (result i32)))
        (import "a" "tell" (func $again (param i32 i64 f32 f64 i32) (result i32)))
        (global $answer (mut i32) (i32.const 0))
        (func $start (global.set $answer
            (call $tell (i32.const 1) (i64.const -1) (f32.const 1.5) (f64.const -2.5) (i32.const 7))))
        (start $start)
        (func (export "run") (param i32) (result i32)
            (if (i32.eqz (local.get 0)) (then unreachable))
            (i32.add (global.get $answer)
                (call $again (local.get 0) (i64.const -1) (f32.const 1.5) (f64.const -2.5) (i32.const 7)))))"#;

    const PARAMS: [FlatType; 5] = [FlatType::I32, FlatType::I64, FlatType::F32, FlatType::F64, FlatType::I32];

    /// What the host does: it notes the first number in the store that calls, and answers how many it has.
    fn tell(mut store: StoreMut<'_>, args: &[u64]) -> Result<u64> {
        assert_eq!(args[1..], [u64::MAX, u64::from(1.5f32.to_bits()), (-2.5f64).to_bits(), 7]);
        let log = &mut store.state_mut().engine_test.log;
        log.push(args[0]);
        Ok(log.len() as u64)
    }

    fn engine() -> (CoreEngine, CoreModule, CorePrepared) {
        let engine = CoreEngine::new(&EngineOptions::default()).unwrap();
        let module = CoreModule::compile(&engine, &wat::parse_str(GUEST).unwrap()).unwrap();
        let mut funcs = HostFuncs::new(&engine);
        let ty = CoreFuncType::new(&engine, &PARAMS, Some(FlatType::I32));
        funcs.define(["a", "tell"], &ty, tell).unwrap();
        let prepared = funcs.prepare(&module).unwrap();
        let mut store = EngineStore::new(&engine, State::for_tests());
        let store = &mut store.as_mut();
        let all: Vec<_> = funcs.all(store).map(|(name, func)| (name.to_owned(), func)).collect();
        assert!(matches!(&all[..], [(name, func)] if name == "tell" && func.func(store).is_some()));
        (engine, module, prepared)
    }

    /// Instantiates and calls, in a store that can suspend or cannot; what the host noted there.
    fn outcome(store: &mut StoreMut<'_>, instance: Result<CoreInstance>) -> Vec<u64> {
        let run = instance.unwrap().func(store, "run").unwrap();
        assert_eq!(run.call(store, &[20]).unwrap(), 1 + 2);
        assert_eq!(run.call(store, &[0]).unwrap_err().as_trap(), Some(Trap::Unreachable));
        let mut continuation = Continuation::new(store, run, &[30]);
        assert!(matches!(continuation.resume(store), Ok(Step::Returned(4))));
        store.state().engine_test.log.clone()
    }

    #[test]
    fn stores_share_functions_and_nothing_else() {
        let (engine, module, prepared) = engine();
        let mut stores: Vec<_> = (0..20).map(|_| EngineStore::new(&engine, State::for_tests())).collect();
        for (n, owner) in stores.iter_mut().enumerate() {
            let store = &mut owner.as_mut();
            if n % 3 == 0 {
                park_func(store);
            }
            // Every other store has the plain twin: a function of its own.
            let instance = if n % 2 == 0 {
                prepared.instantiate(store)
            } else {
                let ty = CoreFuncType::new(&engine, &PARAMS, Some(FlatType::I32));
                let tell = crate::engine::host_func_of(store, &ty, tell);
                CoreInstance::new(store, &module, &CoreExterns::from([tell.into(), tell.into()]))
            };
            assert_eq!(outcome(store, instance), [1, 20, 30]);
        }
        // Stores end in any order, and before or after what they share.
        stores.swap_remove(3);
        let mut late = stores.swap_remove(7);
        drop((stores, prepared, module));
        late.as_mut().state_mut().engine_test.log.clear();
        drop((engine, late));
    }

    #[test]
    fn an_instance_calls_when_all_else_is_gone() {
        let (engine, module, prepared) = engine();
        let mut store = EngineStore::new(&engine, State::for_tests());
        let instance = prepared.instantiate(&mut store.as_mut());
        drop((prepared, module, engine));
        assert_eq!(outcome(&mut store.as_mut(), instance), [1, 20, 30]);
    }

    /// Calls functions of no to three words, with the numbers from its parameter on; the last one fails for 7.
    const WORDS: &str = r#"(module
        (import "" "0" (func $none (result i64)))
        (import "" "1" (func $one (param i32)))
        (import "" "2" (func $two (param i32 i32) (result i32)))
        (import "" "3" (func $three (param i32 i32 i32) (result i32)))
        (func (export "run") (param i32) (result i32)
            (call $one (local.get 0))
            (drop (call $two (i32.wrap_i64 (call $none)) (i32.const -1)))
            (call $three (local.get 0) (i32.const 2) (i32.const 0x80000000))))"#;

    #[test]
    fn functions_of_words_do_what_those_of_any_type_do() {
        fn note<R>(store: &mut StoreMut<'_>, words: &[u32], answer: R) -> Result<R> {
            store.state_mut().engine_test.log.extend(words.iter().map(|&word| u64::from(word)));
            Ok(answer)
        }
        let fails = |word: u32| if word == 7 { Err(Trap::UnknownHandle(word).into()) } else { Ok(word) };
        let engine = CoreEngine::new(&EngineOptions::default()).unwrap();
        let module = CoreModule::compile(&engine, &wat::parse_str(WORDS).unwrap()).unwrap();
        let mut known = HostFuncs::new(&engine);
        known.define_0(["", "0"], |_| Ok(u64::MAX - 1)).unwrap();
        known.define_1(["", "1"], |store, a| note(store, &[a], ())).unwrap();
        known.define_2(["", "2"], |store, a, b| note(store, &[a, b], 0u32)).unwrap();
        known.define_3(["", "3"], move |store, a, b, c| fails(note(store, &[a, b, c], a)?)).unwrap();
        let mut any = HostFuncs::new(&engine);
        for (count, result) in [(0, Some(FlatType::I64)), (1, None), (2, Some(FlatType::I32)), (3, Some(FlatType::I32))]
        {
            let ty = CoreFuncType::new(&engine, &[FlatType::I32; 3][..count], result);
            let body = move |mut store: StoreMut<'_>, args: &[u64]| {
                store.state_mut().engine_test.log.extend(args);
                match args {
                    [] => Ok(u64::MAX - 1),
                    [a, _, _] => fails(*a as u32).map(u64::from),
                    _ => Ok(0),
                }
            };
            any.define(["", &count.to_string()], &ty, body).unwrap();
        }
        let outcomes = [known, any].map(|funcs| {
            let mut store = EngineStore::new(&engine, State::for_tests());
            let store = &mut store.as_mut();
            let instance = funcs.prepare(&module).unwrap().instantiate(store).unwrap();
            let run = instance.func(store, "run").unwrap();
            let answer = run.call(store, &[9]).unwrap();
            let trap = run.call(store, &[7]).unwrap_err().as_trap();
            (answer, trap, store.state().engine_test.log.clone())
        });
        assert_eq!(outcomes[0], outcomes[1]);
        let (below, top) = (u64::from(u32::MAX), 0x8000_0000);
        let log = [9, below - 1, below, 9, 2, top, 7, below - 1, below, 7, 2, top];
        assert_eq!(outcomes[0], (9, Some(Trap::UnknownHandle(7)), log.to_vec()));
    }

    #[test]
    fn what_a_module_does_not_import_so_is_refused() {
        let (engine, module, _) = engine();
        let mut funcs = HostFuncs::new(&engine);
        assert!(funcs.prepare(&module).is_err());
        let ty = CoreFuncType::new(&engine, &PARAMS[1..], Some(FlatType::I32));
        funcs.define(["a", "tell"], &ty, tell).unwrap();
        assert!(funcs.prepare(&module).is_err());
    }
}
