//! Core functions, and calling them.
//!
//! Values cross as bits in `u64`: an `i32` or `f32` uses the low half. Which type is meant is known to both sides from
//! the flattened function type.

use wasmtime::{AsContext, StoreContextMut, ValRaw};

use super::continuation::{Continuation, Step};
use super::convert::{bits_to_val, error, flat_type, into_engine, raw_to_bits, val_to_bits};
use super::store::StoreMut;
use crate::error::bug;
use crate::store::State;
use crate::types::{FlatType, PtrType};
use crate::{Error, Result, Trap};

/// More than any flat signature has: 16 parameters and an out-pointer.
pub(super) const MAX_VALUES: usize = 17;

/// Most calls have no more values than this.
pub(super) const FEW_VALUES: usize = 4;

/// Said instead of a number of parameters of a function that takes or gives other things than at most [`MAX_VALUES`]
/// numbers and one number. No call has as many arguments.
const NOT_NUMBERS: u8 = u8::MAX;

/// A core function of a store; a number and its type, cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct CoreFunc {
    pub(super) func: wasmtime::Func,
    /// How many parameters it has.
    pub(super) params: u8,
    /// Its result.
    pub(super) result: Option<FlatType>,
}

/// What a [`CoreFunc`] knows of its type. It is looked up once for an export of a module, not for each of its instances.
#[derive(Clone, Copy)]
pub(super) struct Numbers {
    /// How many parameters there are.
    params: u8,
    /// The result.
    result: Option<FlatType>,
}

impl Numbers {
    /// As far as the type is of numbers.
    pub(super) fn of(ty: &wasmtime::FuncType) -> Self {
        let numbers = ty.params().chain(ty.results()).all(|ty| flat_type(&ty).is_some());
        let few = ty.params().len() <= MAX_VALUES && ty.results().len() <= 1;
        let params = if numbers && few { ty.params().len() as u8 } else { NOT_NUMBERS };
        let result = ty.results().next().and_then(|ty| flat_type(&ty));
        Numbers { params, result }
    }
}

impl CoreFunc {
    /// A function with its type, as far as it is of numbers.
    pub(super) fn new(context: impl AsContext, func: wasmtime::Func) -> Self {
        Self::of(func, Numbers::of(&func.ty(context)))
    }

    /// A function of a type that was looked at before.
    pub(super) fn of(func: wasmtime::Func, Numbers { params, result }: Numbers) -> Self {
        CoreFunc { func, params, result }
    }

    /// Calls a function that must not park; gives its result's bits, 0 when it has none.
    ///
    /// # Errors
    ///
    /// The guest's trap, or the error of a host function it called; a trap when it parks.
    #[inline]
    pub(crate) fn call(self, store: &mut StoreMut<'_>, args: &[u64]) -> Result<u64> {
        if store.handle.turn().has_room() {
            return self.call_here(store, args);
        }
        match Continuation::alone(store, self, args).resume(store)? {
            Step::Returned(bits) => Ok(bits),
            Step::Parked => Err(Error::trap(Trap::CannotBlockSyncTask)),
        }
    }

    /// Calls a function on the stack of whoever executes the store. What it calls cannot park:
    /// [`StoreMut::can_park`] says no.
    #[inline]
    fn call_here(self, store: &mut StoreMut<'_>, args: &[u64]) -> Result<u64> {
        let result = self.call_until_host(store, args);
        let closed = store.host_runs();
        let bits = result?;
        closed.map(|()| bits)
    }

    /// [`call`](Self::call) of a function where [there is room](StoreMut::has_room). What is to be done
    /// [before the host goes on](StoreMut::host_runs) is left to the caller, who sees to it, whatever this gives.
    #[inline]
    pub(crate) fn call_until_host(self, store: &mut StoreMut<'_>, args: &[u64]) -> Result<u64> {
        let turn = store.handle.turn();
        let outer = turn.plain.replace(true);
        let result = self.call_raw(&mut store.context, args);
        turn.plain.set(outer);
        result.map_err(error)
    }

    /// The call itself.
    #[inline]
    pub(super) fn call_raw(self, context: &mut StoreContextMut<'_, State>, args: &[u64]) -> wasmtime::Result<u64> {
        if args.len() != usize::from(self.params) {
            return Err(into_engine(bug!("a core function of {} parameters gets {}", self.params, args.len())));
        }
        if args.len() <= FEW_VALUES {
            self.call_with(context, args, &mut [ValRaw::u64(0); FEW_VALUES])
        } else {
            self.call_with(context, args, &mut [ValRaw::u64(0); MAX_VALUES])
        }
    }

    /// The call itself, on a stack of its own. Slow: the engine checks the types of what it is given.
    pub(super) async fn call_async(
        self,
        context: impl wasmtime::AsContextMut<Data = State>,
        args: &[u64],
    ) -> wasmtime::Result<u64> {
        let mut context = context;
        let ty = self.func.ty(&context);
        let params: Vec<_> = ty.params().zip(args).map(|(ty, &bits)| bits_to_val(bits, &ty)).collect();
        let mut results = [wasmtime::Val::I32(0)];
        let results = &mut results[..ty.results().len().min(1)];
        self.func.call_async(&mut context, &params, results).await?;
        Ok(results.first().map_or(0, val_to_bits))
    }

    /// `values` has a place for each of `args`, and one for a result.
    #[inline]
    fn call_with(
        self,
        context: &mut StoreContextMut<'_, State>,
        args: &[u64],
        values: &mut [ValRaw],
    ) -> wasmtime::Result<u64> {
        for (value, &bits) in values.iter_mut().zip(args) {
            *value = ValRaw::u64(bits);
        }
        // SAFETY: the engine asserts that the function is one of this store. Its type was looked at when `self` was made:
        // it takes exactly these numbers (one of 32 bits is looked for in the low half of its place), and gives one number
        // at most, for which there is a place. The engine forbids such a call while a call on an own stack is under way,
        // for three reasons: wasm would be limited as if the whole stack were free, which `Turn::has_room` rules out; it
        // might call the suspending function, which `StoreMut::can_park` rules out; and the engine might suspend and let
        // another thread poll, which `drive` does not.
        unsafe { self.func.call_unchecked(context, values) }?;
        Ok(self.result.map_or(0, |ty| raw_to_bits(&values[0], ty)))
    }

    /// Whether the function has no parameters.
    #[inline]
    pub(crate) fn takes_nothing(self) -> bool {
        self.params == 0
    }

    /// Whether the function takes one `context` and gives nothing: what a thread starts with.
    pub(crate) fn is_thread_start(self, store: &StoreMut<'_>, context: PtrType) -> bool {
        let ty = self.func.ty(&store.context);
        ty.results().len() == 0
            && ty.params().len() == 1
            && ty.params().all(|ty| match context {
                PtrType::I32 => ty.is_i32(),
                PtrType::I64 => ty.is_i64(),
            })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::engine::{
        CoreEngine, CoreExterns, CoreInstance, CoreModule, EngineOptions, EngineStore, host_func, park_func,
    };
    use crate::store::State;

    const GUEST: &str = r#"(module
        (import "" "again" (func $again (param i32) (result i32)))
        (import "" "mix" (func $mix (param i32 i64 f32 f64) (result f32)))
        (func (export "down") (param $n i32) (result i32)
            (if (result i32) (local.get $n)
                (then (i32.add (i32.const 1) (call $again (i32.sub (local.get $n) (i32.const 1)))))
                (else (i32.const -100))))
        (func (export "mix") (param i32 i64 f32 f64) (result f32)
            (call $mix (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
        (func (export "start") (param i32)))"#;

    struct World {
        engine: CoreEngine,
        store: EngineStore,
        instance: CoreInstance,
    }

    /// A guest whose `down` is called again by the host function that it calls.
    fn world() -> World {
        let engine = CoreEngine::new(&EngineOptions::default()).unwrap();
        let module = CoreModule::compile(&engine, &wat::parse_str(GUEST).unwrap()).unwrap();
        let mut store = EngineStore::new(&engine, State::for_tests());
        let down = Arc::new(Mutex::new(None::<CoreFunc>));
        let again = {
            let down = down.clone();
            let body = move |mut store: StoreMut<'_>, args: &[u64]| {
                let down = down.lock().unwrap().unwrap();
                down.call(&mut store, args)
            };
            host_func(&mut store.as_mut(), &[FlatType::I32], Some(FlatType::I32), Arc::new(body))
        };
        let all = [FlatType::I32, FlatType::I64, FlatType::F32, FlatType::F64];
        let mix = host_func(&mut store.as_mut(), &all, Some(FlatType::F32), Arc::new(mix));
        let instance =
            CoreInstance::new(&mut store.as_mut(), &module, &CoreExterns::from([again.into(), mix.into()])).unwrap();
        *down.lock().unwrap() = instance.func(&mut store.as_mut(), "down");
        super::super::stress::make_runner(&mut store.as_mut(), &engine);
        World { engine, store, instance }
    }

    /// Bits of each type come in whole, those of 32 bits in the low half.
    fn mix(_: StoreMut<'_>, args: &[u64]) -> Result<u64> {
        assert_eq!(args, [0xffff_ffff, u64::MAX, u64::from(1.5f32.to_bits()), (-2.5f64).to_bits()]);
        Ok(u64::from(0.25f32.to_bits()))
    }

    impl World {
        fn func(&mut self, name: &str) -> CoreFunc {
            self.instance.func(&mut self.store.as_mut(), name).unwrap()
        }
    }

    #[test]
    fn host_functions_call_guests_again_on_any_stack() {
        let mut world = world();
        let down = world.func("down");
        let expected = u64::from((20i32 - 100) as u32);
        assert_eq!(down.call(&mut world.store.as_mut(), &[20]).unwrap(), expected);
        let mut continuation = Continuation::new(&mut world.store.as_mut(), down, &[20]);
        assert!(matches!(continuation.resume(&mut world.store.as_mut()), Ok(Step::Returned(bits)) if bits == expected));
        park_func(&mut world.store.as_mut());
        assert_eq!(down.call(&mut world.store.as_mut(), &[20]).unwrap(), expected);
    }

    #[test]
    fn values_of_each_type_cross_as_bits() {
        let mut world = world();
        let args = [u64::MAX, u64::MAX, u64::from(1.5f32.to_bits()), (-2.5f64).to_bits()];
        let result = world.func("mix").call(&mut world.store.as_mut(), &args).unwrap();
        assert_eq!(result, u64::from(0.25f32.to_bits()));
    }

    #[test]
    fn a_call_with_frames_of_the_host_below_it_cannot_park() {
        let mut world = world();
        let store = &mut world.store.as_mut();
        let down = Arc::new(Mutex::new(None::<CoreFunc>));
        let inner = down.clone();
        // Notes whether it can park; called with 1, it calls the guest again, which calls it with 0.
        let note = move |mut store: StoreMut<'_>, args: &[u64]| {
            let can_park = store.can_park();
            store.state_mut().engine_test.log.push(u64::from(can_park));
            let again = inner.lock().unwrap().filter(|_| args == [1]);
            again.map_or(Ok(0), |again| again.call(&mut store, &[1]))
        };
        let note = host_func(store, &[FlatType::I32], Some(FlatType::I32), Arc::new(note));
        let wat = r#"(module
            (import "" "note" (func $note (param i32) (result i32)))
            (func (export "down") (param i32) (result i32) (call $note (i32.sub (local.get 0) (i32.const 1)))))"#;
        let module = CoreModule::compile(&world.engine, &wat::parse_str(wat).unwrap()).unwrap();
        let instance = CoreInstance::new(store, &module, &CoreExterns::from([note.into()])).unwrap();
        let func = instance.func(store, "down").unwrap();
        *down.lock().unwrap() = Some(func);
        func.call(store, &[1]).unwrap();
        Continuation::new(store, func, &[2]).resume(store).unwrap();
        assert_eq!(std::mem::take(&mut store.state_mut().engine_test.log), [0, 1, 0]);
        assert!(!store.can_park());
    }

    #[test]
    fn a_deep_own_stack_is_not_called_upon() {
        let mut world = world();
        let down = world.func("down");
        // Every level calls the host, which calls the guest: more than one stack has room for, however large their frames.
        let mut store = world.store.as_mut();
        let mut continuation = Continuation::new(&mut store, down, &[5_000]);
        let expected = u64::from((5_000i32 - 100) as u32);
        assert!(matches!(continuation.resume(&mut store), Ok(Step::Returned(bits)) if bits == expected));
    }

    #[test]
    fn deep_guests_overflow_nothing_but_their_own_limit() {
        let engine = CoreEngine::new(&EngineOptions::default()).unwrap();
        let mut store = EngineStore::new(&engine, State::for_tests());
        let store = &mut store.as_mut();
        let forever = Arc::new(Mutex::new(None::<CoreFunc>));
        let inner = forever.clone();
        let overflow = move |mut store: StoreMut<'_>, _: &[u64]| {
            let forever = inner.lock().unwrap().unwrap();
            let error = forever.call(&mut store, &[]).unwrap_err();
            assert_eq!(error.as_trap(), Some(Trap::StackOverflow));
            Ok(7)
        };
        let overflow = host_func(store, &[], Some(FlatType::I32), Arc::new(overflow));
        let wat = r#"(module
            (import "" "overflow" (func $overflow (result i32)))
            (func $deep (export "deep") (param i32) (result i32)
                (if (result i32) (local.get 0)
                    (then (i32.sub (call $deep (i32.sub (local.get 0) (i32.const 1))) (i32.const 0)))
                    (else (call $overflow))))
            (func $forever (export "forever") (result i32) (i32.add (call $forever) (i32.const 1))))"#;
        let module = CoreModule::compile(&engine, &wat::parse_str(wat).unwrap()).unwrap();
        let instance = CoreInstance::new(store, &module, &CoreExterns::from([overflow.into()])).unwrap();
        *forever.lock().unwrap() = instance.func(store, "forever");
        let deep = instance.func(store, "deep").unwrap();
        super::super::stress::make_runner(store, &engine);
        let mut overflows = 0;
        for depth in (0..40_000).step_by(2_000) {
            match Continuation::new(store, deep, &[depth]).resume(store) {
                Ok(Step::Returned(7)) => {}
                Err(error) if error.as_trap() == Some(Trap::StackOverflow) => overflows += 1,
                other => panic!("at depth {depth}: {other:?}"),
            }
        }
        assert!((1..20).contains(&overflows), "{overflows} depths are too deep by themselves");
    }

    #[test]
    fn a_thread_starts_with_one_number_and_no_result() {
        let mut world = world();
        let starts = ["start", "down", "mix"].map(|name| {
            let func = world.func(name);
            PtrType::ALL.map(|context| func.is_thread_start(&world.store.as_mut(), context))
        });
        assert_eq!(starts, [[true, false], [false; 2], [false; 2]]);
    }
}
