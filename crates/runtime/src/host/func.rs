//! Exported functions.

use std::marker::PhantomData;
use std::sync::Arc;

use super::call::{Outbox, StartedCall};
use crate::Result;
use crate::abi::{Flat, FlatIter, LowerCx, Params, ReturnVal, Returns, Val};
use crate::canon::core_callee;
use crate::engine::{CoreFunc, StoreMut};
use crate::instance::RootId;
use crate::plan::{LiftIndex, StringEncoding};
use crate::store::{State, Store};
use crate::task::light_host::{self, HostEnded};
use crate::task::{CoreCallee, TaskId, start_host_task};
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
        match call::<_, _, ReturnVal>(self, store, args)? {
            Called::Answer(result) => Ok(result.0),
            Called::Started(call) => store.finish(call).await.map(|result| result.0),
        }
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
        match call(&self.func, store, args)? {
            Called::Answer(result) => Ok(result),
            Called::Started(call) => store.finish(call).await,
        }
    }
}

fn start<T: Send + 'static, P: Params, R: Returns>(
    func: &Func,
    store: &mut Store<T>,
    args: P,
) -> Result<StartedCall<R>> {
    let outbox = Outbox::new();
    let lower_args = move |cx: &mut LowerCx<'_>, ty: &crate::types::TupleType, flat: &mut Flat| {
        args.lower(cx, ty, MAX_FLAT_PARAMS, flat)
    };
    let task = store.run(|store| {
        let callee = core_callee(store, func.root, func.lift)?;
        start_host_task(store, callee, outbox.place(), lower_args)
    })?;
    Ok(started(store.state(), task, outbox))
}

fn started<R>(state: &State, task: TaskId, outbox: Outbox<R>) -> StartedCall<R> {
    let goes_on = state.tasks.find(task).is_some();
    StartedCall { task, outbox, mailbox: goes_on.then(|| state.mailbox.clone()) }
}

/// The call that [`light_host::begin`] began.
fn run_light<P: Params, R: Returns>(
    store: &mut StoreMut<'_>,
    callee: &CoreCallee,
    core: CoreFunc,
    args: P,
) -> Result<HostEnded<R>> {
    let mut flat = Flat::new();
    let mut cx = LowerCx::new(store.reborrow(), &callee.options, StringEncoding::Utf8);
    args.lower(&mut cx, &callee.ty.params, MAX_FLAT_PARAMS, &mut flat)?;
    let bits = core.call(store, flat.values())?;
    light_host::end(store, callee, bits, |cx, ty, max_flat, flat| R::lift(cx, ty, max_flat, &mut FlatIter::new(flat)))
}

/// What a call came to that runs as far as it goes.
enum Called<R> {
    Answer(R),
    Started(StartedCall<R>),
}

/// Calls `func` without a task, if it can be; else starts it.
fn call<T: Send + 'static, P: Params, R: Returns>(func: &Func, store: &mut Store<T>, args: P) -> Result<Called<R>> {
    let ended = store.run(|store| {
        let callee = core_callee(store, func.root, func.lift)?;
        let Some(core) = light_host::begin(store, &callee, (func.root, func.lift), Outbox::<R>::make_place)? else {
            return Ok(Err(args));
        };
        let ended = run_light(store, &callee, core, args);
        if ended.is_err() {
            // The store is over; reports show who was at work in it.
            store.state_mut().make_current_visible()?;
        }
        ended.map(Ok)
    })?;
    let (task, outbox) = match ended {
        Ok(HostEnded::Answer(result)) => return Ok(Called::Answer(result)),
        Ok(HostEnded::GoesOn(task, place)) => (task, Outbox::of_place(place)?),
        Err(args) => return start(func, store, args).map(Called::Started),
    };
    Ok(Called::Started(started(store.state(), task, outbox)))
}
