//! Core functions: calling them, and offering host functions to guests.
//!
//! Values cross as bits in `u64`: an `i32` or `f32` uses the low half. Which type is meant is known to both sides from
//! the flattened function type.

use std::mem::MaybeUninit;
use std::sync::Arc;
use std::task::Poll;

use wasmtime::ValRaw;

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

/// Offers `body` to guests as a core function.
pub(crate) fn host_func(
    store: &mut StoreMut<'_>,
    params: &[FlatType],
    result: Option<FlatType>,
    body: Arc<HostBody>,
) -> CoreFunc {
    assert!(params.len() <= MAX_VALUES, "no flat signature has {} parameters", params.len());
    let handle = store.handle;
    let engine = store.context.engine().clone();
    let types: Box<[FlatType]> = params.into();
    let ty = wasmtime::FuncType::new(&engine, params.iter().map(|&ty| val_type(ty)), result.map(val_type));
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
