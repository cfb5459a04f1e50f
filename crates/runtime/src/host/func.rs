//! Exported functions.

use std::marker::PhantomData;
use std::sync::Arc;

use super::call::{Outbox, StartedCall};
use crate::Result;
use crate::abi::{Params, ReturnVal, Returns, Val};
use crate::canon::core_callee;
use crate::instance::RootId;
use crate::plan::LiftIndex;
use crate::store::Store;
use crate::task::{Caller, start_task};
use crate::types::{FuncType, MAX_FLAT_PARAMS};

/// An exported function, called with [`Val`]s.
#[derive(Debug, Clone)]
pub struct Func {
    pub(crate) root: RootId,
    pub(crate) lift: LiftIndex,
    pub(crate) ty: Arc<FuncType>,
    pub(crate) name: Arc<str>,
}

/// An exported function with Rust types for its parameters and result.
#[derive(Debug, Clone)]
pub struct TypedFunc<P, R> {
    func: Func,
    of: PhantomData<fn(P) -> R>,
}

impl Func {
    /// Its type.
    #[must_use]
    pub fn ty(&self) -> &FuncType {
        &self.ty
    }

    /// Its name, as it was looked up.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Starts a call and runs it as far as it goes.
    ///
    /// # Errors
    ///
    /// A trap, or arguments that do not fit the type.
    pub fn start<T: Send + 'static>(&self, store: &mut Store<T>, args: Vec<Val>) -> Result<StartedCall<ReturnVal>> {
        start(self, store, args)
    }

    /// Starts a call and runs the store until there is a result.
    ///
    /// # Errors
    ///
    /// A trap, a deadlock, or arguments that do not fit the type.
    pub async fn call<T: Send + 'static>(&self, store: &mut Store<T>, args: Vec<Val>) -> Result<Option<Val>> {
        let call = self.start(store, args)?;
        store.finish(call).await.map(|result| result.0)
    }
}

impl<P: Params, R: Returns> TypedFunc<P, R> {
    pub(crate) fn new(func: Func) -> Self {
        TypedFunc { func, of: PhantomData }
    }

    /// Starts a call and runs it as far as it goes.
    ///
    /// # Errors
    ///
    /// A trap.
    pub fn start<T: Send + 'static>(&self, store: &mut Store<T>, args: P) -> Result<StartedCall<R>> {
        start(&self.func, store, args)
    }

    /// Starts a call and runs the store until there is a result.
    ///
    /// # Errors
    ///
    /// A trap, or a deadlock.
    pub async fn call<T: Send + 'static>(&self, store: &mut Store<T>, args: P) -> Result<R> {
        let call = self.start(store, args)?;
        store.finish(call).await
    }
}

fn start<T: Send + 'static, P: Params, R: Returns>(
    func: &Func,
    store: &mut Store<T>,
    args: P,
) -> Result<StartedCall<R>> {
    let outbox = Outbox::new();
    let lowering = move |cx: &mut crate::LowerCx<'_>, ty: &crate::types::TupleType| {
        let mut flat = crate::Flat::new();
        args.lower(cx, ty, MAX_FLAT_PARAMS, &mut flat)?;
        Ok(flat)
    };
    let inbox = outbox.clone();
    let caller = Caller::Host {
        lower_args: Some(Box::new(lowering)),
        lift_result: Some(Box::new(move |cx, ty, max_flat, flat| {
            inbox.set(R::lift(cx, ty, max_flat, &mut crate::FlatIter::new(flat))?);
            Ok(())
        })),
    };
    let task = store.run(|store| {
        let (callee, ty) = core_callee(store, func.root, func.lift)?;
        start_task(store, callee, ty, caller)
    })?;
    Ok(StartedCall { task, outbox, mailbox: Some(store.state().mailbox.clone()) })
}
