//! Core functions: calling them, and offering host functions to guests.
//!
//! Values cross as bits in `u64`: an `i32` or `f32` uses the low half. Which type is meant is known to both sides from
//! the flattened function type.

use std::mem::MaybeUninit;
use std::sync::Arc;
use std::task::Poll;

use wasmtime::ValRaw;

use super::config::CoreEngine;
use super::continuation::ready;
use super::convert::{bits_to_raw, bits_to_val, error, into_engine, raw_to_bits, val_to_bits, val_type};
use super::store::StoreMut;
use crate::Result;
use crate::types::FlatType;

/// More than any flat signature has: 16 parameters and an out-pointer.
pub(super) const MAX_VALUES: usize = 17;

/// A core function of a store; a number, cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct CoreFunc(pub(super) wasmtime::Func);

impl CoreFunc {
    /// Calls a function that must not park; gives its result's bits, 0 when it has none.
    ///
    /// # Errors
    ///
    /// The guest's trap, or the error of a host function it called; a trap when it parks.
    pub(crate) fn call(self, store: &mut StoreMut<'_>, args: &[u64]) -> Result<u64> {
        let ty = self.0.ty(&store.context);
        let params: Vec<_> = ty.params().zip(args).map(|(ty, &bits)| bits_to_val(bits, &ty)).collect();
        let mut results = [wasmtime::Val::I32(0)];
        let results = &mut results[..ty.results().len().min(1)];
        let turn = store.handle.turn();
        if turn.can_park.get() || turn.on_own_stack.get() {
            ready(store.handle, self.0.call_async(&mut store.context, &params, results))?;
        } else {
            self.0.call(&mut store.context, &params, results).map_err(error)?;
        }
        Ok(results.first().map_or(0, val_to_bits))
    }

    /// Whether the function takes one `i32` and gives nothing: what a thread starts with.
    pub(crate) fn is_thread_start(self, store: &StoreMut<'_>) -> bool {
        let ty = self.0.ty(&store.context);
        ty.results().len() == 0 && ty.params().len() == 1 && ty.params().all(|ty| ty.is_i32())
    }
}

/// What a host function does: arguments in, the result's bits out (ignored when the type has no result).
pub(crate) type HostBody = dyn Fn(StoreMut<'_>, &[u64]) -> Result<u64> + Send + Sync;

/// The type of a host function, known to the engine.
#[derive(Clone)]
pub(crate) struct CoreFuncType {
    ty: wasmtime::FuncType,
    params: Arc<[FlatType]>,
    result: Option<FlatType>,
}

impl CoreFuncType {
    /// The type of these parameters and this result.
    pub(crate) fn new(engine: &CoreEngine, params: &[FlatType], result: Option<FlatType>) -> Self {
        Self::of(engine.inner(), params, result)
    }

    fn of(engine: &wasmtime::Engine, params: &[FlatType], result: Option<FlatType>) -> Self {
        assert!(params.len() <= MAX_VALUES, "no flat signature has {} parameters", params.len());
        let ty = wasmtime::FuncType::new(engine, params.iter().map(|&ty| val_type(ty)), result.map(val_type));
        CoreFuncType { ty, params: params.into(), result }
    }
}

/// Offers `body` to guests as a core function.
pub(crate) fn host_func(
    store: &mut StoreMut<'_>,
    params: &[FlatType],
    result: Option<FlatType>,
    body: Arc<HostBody>,
) -> CoreFunc {
    let ty = CoreFuncType::of(store.context.engine(), params, result);
    host_func_of(store, &ty, move |store, args| body(store, args))
}

/// [`host_func`] of a type that was made before.
pub(crate) fn host_func_of(
    store: &mut StoreMut<'_>,
    ty: &CoreFuncType,
    body: impl Fn(StoreMut<'_>, &[u64]) -> Result<u64> + Send + Sync + 'static,
) -> CoreFunc {
    let handle = store.handle;
    let CoreFuncType { ty, params: types, result } = ty.clone();
    let call = move |mut caller: wasmtime::Caller<'_, crate::store::State>, values: &mut [MaybeUninit<ValRaw>]| {
        let mut args = [0; MAX_VALUES];
        for (i, &ty) in types.iter().enumerate() {
            // SAFETY: the engine initialises a value for each parameter of `ty`, which was made from `types`.
            args[i] = raw_to_bits(unsafe { values[i].assume_init_ref() }, ty);
        }
        let store = StoreMut { context: wasmtime::AsContextMut::as_context_mut(&mut caller), handle };
        let bits = body(store, &args[..types.len()]).map_err(into_engine)?;
        if let Some(ty) = result {
            values[0] = MaybeUninit::new(bits_to_raw(bits, ty));
        }
        Ok(())
    };
    // SAFETY: parameters are read and the result is written as `ty` says, above.
    CoreFunc(unsafe { wasmtime::Func::new_unchecked(&mut store.context, ty, call) })
}

/// The only function that suspends: it gives control back to whoever resumed the continuation, once.
pub(crate) fn park_func(store: &mut StoreMut<'_>) -> CoreFunc {
    let handle = store.handle;
    handle.turn().can_park.set(true);
    CoreFunc(wasmtime::Func::wrap_async(&mut store.context, move |_caller, (): ()| {
        // `_caller` is not captured: nothing borrowed from the store lives across the suspension (contract 2).
        let mut parked = false;
        Box::new(std::future::poll_fn(move |_| {
            if parked {
                Poll::Ready(())
            } else {
                parked = true;
                handle.turn().parked.set(true);
                Poll::Pending
            }
        }))
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::Trap;
    use crate::engine::{Continuation, CoreEngine, CoreInstance, CoreModule, EngineOptions, EngineStore, Step};
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
        let instance = CoreInstance::new(&mut store.as_mut(), &module, &[again.into(), mix.into()]).unwrap();
        *down.lock().unwrap() = instance.export(&mut store.as_mut(), "down").unwrap().func();
        World { store, instance }
    }

    /// Bits of each type come in whole, those of 32 bits in the low half.
    fn mix(_: StoreMut<'_>, args: &[u64]) -> Result<u64> {
        assert_eq!(args, [0xffff_ffff, u64::MAX, u64::from(1.5f32.to_bits()), (-2.5f64).to_bits()]);
        Ok(u64::from(0.25f32.to_bits()))
    }

    impl World {
        fn func(&mut self, name: &str) -> CoreFunc {
            self.instance.export(&mut self.store.as_mut(), name).unwrap().func().unwrap()
        }
    }

    #[test]
    fn host_functions_call_guests_again_on_any_stack() {
        let mut world = world();
        let down = world.func("down");
        let expected = u64::from((20i32 - 100) as u32);
        assert_eq!(down.call(&mut world.store.as_mut(), &[20]).unwrap(), expected);
        let mut continuation = Continuation::new(&world.store.as_mut(), down, &[20]);
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
    fn a_call_that_parks_traps() {
        let mut world = world();
        let park = park_func(&mut world.store.as_mut());
        let error = park.call(&mut world.store.as_mut(), &[]).unwrap_err();
        assert_eq!(error.as_trap(), Some(Trap::CannotBlockSyncTask));
    }

    #[test]
    fn a_thread_starts_with_one_number_and_no_result() {
        let mut world = world();
        let starts = ["start", "down", "mix"].map(|name| {
            let func = world.func(name);
            func.is_thread_start(&world.store.as_mut())
        });
        assert_eq!(starts, [true, false, false]);
    }
}
