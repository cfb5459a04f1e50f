//! Functions of the host that guests call.

use std::mem::MaybeUninit;
use std::sync::Arc;
use std::task::Poll;

use wasmtime::ValRaw;

use super::config::CoreEngine;
use super::convert::{bits_to_raw, into_engine, raw_to_bits, val_type};
use super::func::{CoreFunc, FEW_VALUES, MAX_VALUES};
use super::host_funcs::Seam;
use super::store::StoreMut;
use crate::Result;
use crate::error::bug;
use crate::store::State;
use crate::types::FlatType;

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
    let CoreFuncType { ty: engines, params, result } = ty;
    // SAFETY: `entry` reads parameters and writes the result as `ty` says.
    let func = unsafe { wasmtime::Func::new_unchecked(&mut store.context, engines.clone(), entry(ty, body)) };
    CoreFunc { func, params: params.len() as u8, result: *result }
}

/// [`host_func`] of three numbers of 32 bits: what it finds out from the type in each call is known to the compiler here.
pub(crate) fn host_func_3<R: wasmtime::WasmRet>(
    store: &mut StoreMut<'_>,
    body: impl Fn(&mut StoreMut<'_>, u32, u32, u32) -> Result<R> + Send + Sync + 'static,
) -> CoreFunc {
    let body = move |caller: wasmtime::Caller<'_, State>, first: u32, second: u32, third: u32| {
        enter(caller, |store| body(store, first, second, third))
    };
    let func = wasmtime::Func::wrap(&mut store.context, body);
    CoreFunc::new(&store.context, func)
}

/// Adds a function to those of a linker, which are no store's. `names` are as modules import it.
pub(super) fn define(
    linker: &mut wasmtime::Linker<State>,
    names: [&str; 2],
    ty: &CoreFuncType,
    body: impl Fn(StoreMut<'_>, &[u64]) -> Result<u64> + Send + Sync + 'static,
) -> wasmtime::Result<()> {
    // SAFETY: `entry` reads parameters and writes the result as `ty` says.
    unsafe { linker.func_new_unchecked(names[0], names[1], ty.ty.clone(), entry(ty, body)) }.map(drop)
}

/// [`host_func`] of a number of 64 bits that has to see to [`StoreMut::host_runs`] itself.
pub(crate) fn host_func_late(
    store: &mut StoreMut<'_>,
    body: impl Fn(&mut StoreMut<'_>, u64) -> Result<u64> + Send + Sync + 'static,
) -> CoreFunc {
    let body = move |caller: wasmtime::Caller<'_, State>, bits: u64| enter_late(caller, |store| body(store, bits));
    let func = wasmtime::Func::wrap(&mut store.context, body);
    CoreFunc::new(&store.context, func)
}

/// What a function of the host does for its caller, through whom it finds its store.
#[inline]
pub(super) fn enter<R>(
    caller: wasmtime::Caller<'_, State>,
    body: impl FnOnce(&mut StoreMut<'_>) -> Result<R>,
) -> wasmtime::Result<R> {
    enter_late(caller, |store| {
        store.host_runs()?;
        body(store)
    })
}

/// [`enter`] of a body that sees to [`StoreMut::host_runs`] itself.
#[inline]
pub(super) fn enter_late<R>(
    mut caller: wasmtime::Caller<'_, State>,
    body: impl FnOnce(&mut StoreMut<'_>) -> Result<R>,
) -> wasmtime::Result<R> {
    let Seam(Some(handle)) = caller.data().seam else { return Err(into_engine(bug!("a store without a seam"))) };
    let mut store = StoreMut { context: wasmtime::AsContextMut::as_context_mut(&mut caller), handle };
    body(&mut store).map_err(into_engine)
}

/// What the engine calls for a host function of type `ty`.
fn entry(
    ty: &CoreFuncType,
    body: impl Fn(StoreMut<'_>, &[u64]) -> Result<u64> + Send + Sync + 'static,
) -> impl Fn(wasmtime::Caller<'_, State>, &mut [MaybeUninit<ValRaw>]) -> wasmtime::Result<()> + Send + Sync + 'static {
    let (types, result) = (ty.params.clone(), ty.result);
    move |caller, values| {
        let few = &mut [0; FEW_VALUES];
        let args: &mut [u64] = if types.len() <= FEW_VALUES { few } else { &mut [0; MAX_VALUES] };
        let args = &mut args[..types.len()];
        for ((arg, value), &ty) in args.iter_mut().zip(values.iter()).zip(types.iter()) {
            // SAFETY: the engine initialises a value for each parameter of the type that the function was made with, whose
            // parameters `types` are.
            *arg = raw_to_bits(unsafe { value.assume_init_ref() }, ty);
        }
        let bits = enter(caller, |store| body(store.reborrow(), args))?;
        if let Some(ty) = result {
            values[0] = MaybeUninit::new(bits_to_raw(bits, ty));
        }
        Ok(())
    }
}

/// The only function that suspends: it gives control back to whoever resumed the continuation, once.
///
/// It may be called only where [`StoreMut::can_park`] says yes.
pub(crate) fn park_func(store: &mut StoreMut<'_>) -> CoreFunc {
    store.handle.turn().suspends.set(true);
    let func = wasmtime::Func::wrap_async(&mut store.context, |caller, ()| park(&caller));
    CoreFunc { func, params: 0, result: None }
}

/// The body of [`park_func`].
pub(super) fn park(caller: &wasmtime::Caller<'_, State>) -> Box<dyn Future<Output = wasmtime::Result<()>> + Send> {
    // `caller` is not captured: nothing borrowed from the store lives across the suspension (contract 2).
    let seam = caller.data().seam;
    let mut parked = false;
    Box::new(std::future::poll_fn(move |_| {
        let Seam(Some(handle)) = seam else { return Poll::Ready(Err(into_engine(bug!("a store without a seam")))) };
        if parked {
            Poll::Ready(Ok(()))
        } else {
            parked = true;
            handle.turn().parked.set(true);
            Poll::Pending
        }
    }))
}
