//! A core call on a stack of its own, that can suspend and be resumed in any order among others.
//!
//! Spec: `Continuation`, `cont_new`, `resume`, `block`.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::convert::{error, into_engine};
use super::func::CoreFunc;
use super::host_funcs::Seam;
use super::store::{STARTING_STACK, StoreHandle, StoreKeeper, StoreMut, UNKNOWN_STACK};
use crate::abi::Args;
use crate::error::bug;
use crate::store::State;
use crate::{Error, Result, Trap};

/// What a resume came to.
#[derive(Debug)]
pub(crate) enum Step {
    /// The call gave control back (through [`park_func`](super::park_func)) and can be resumed.
    Parked,
    /// The call is over; its result's bits, 0 when it has none.
    Returned(u64),
}

/// A suspended (or not yet started) core call.
///
/// Dropping it unwinds its stack without running guest code. That uses the store, so it may happen only where a resume
/// could: with nothing borrowed from the store.
pub(crate) struct Continuation {
    /// `None` once the call is over.
    call: Option<Pin<Box<dyn Future<Output = Result<u64>> + Send>>>,
    store: StoreHandle,
    /// Where its stack begins, once it has run.
    stack: usize,
}

/// A call that waits for its stack.
pub(super) struct Job {
    func: CoreFunc,
    args: Args,
    /// Whether its stack takes more jobs when it is over.
    goes_on: bool,
}

impl Continuation {
    /// A call of `func` with `args` that starts at the first resume.
    pub(crate) fn new(store: &mut StoreMut<'_>, func: CoreFunc, args: &[u64]) -> Self {
        Continuation::of(store, Job { func, args: Args::new(args), goes_on: true })
    }

    /// The same, for a call in the midst of another: nothing else comes to its stack.
    pub(super) fn alone(store: &mut StoreMut<'_>, func: CoreFunc, args: &[u64]) -> Self {
        Continuation::of(store, Job { func, args: Args::new(args), goes_on: false })
    }

    fn of(store: &mut StoreMut<'_>, job: Job) -> Self {
        let handle = store.handle;
        let mut keeper = handle.keep();
        let func = job.func;
        if handle.runner().is_none() {
            let call = Box::pin(async move { func.call_async(&mut keeper, job.args.values()).await.map_err(error) });
            return Continuation { call: Some(call), store: handle, stack: UNKNOWN_STACK };
        }
        let call = Box::pin(async move {
            handle.turn().job.set(Some(job));
            let Some(runner) = handle.runner() else { return Err(bug!("a store without a runner")) };
            runner.call_async(&mut keeper, ()).await.map_err(error)?;
            Ok(handle.turn().answer.get())
        });
        Continuation { call: Some(call), store: handle, stack: UNKNOWN_STACK }
    }

    /// An instantiation by the engine, `making`, whose start function may park.
    pub(super) fn of_instantiation<F>(store: &StoreMut<'_>, making: impl FnOnce(StoreKeeper) -> F) -> Self
    where
        F: Future<Output = Result<u64>> + Send + 'static,
    {
        let handle = store.handle;
        Continuation { call: Some(Box::pin(making(handle.keep()))), store: handle, stack: STARTING_STACK }
    }

    /// Runs the call until it parks, returns or traps.
    ///
    /// The caller gives up everything borrowed from the store for the time of the resume (contract 1); `store` is the
    /// witness that it is the one who executes.
    ///
    /// # Errors
    ///
    /// The guest's trap, or the error of a host function it called; the continuation is spent then.
    pub(crate) fn resume(&mut self, store: &mut StoreMut<'_>) -> Result<Step> {
        if self.store != store.handle {
            return Err(bug!("a continuation is resumed with another store than its own"));
        }
        let Some(call) = &mut self.call else { return Err(bug!("a finished continuation is resumed")) };
        let Poll::Ready(result) = drive(self.store, &mut self.stack, call.as_mut()) else { return Ok(Step::Parked) };
        self.call = None;
        result.map(Step::Returned)
    }
}

/// Asked when a call on a stack of its own has returned, with its result's bits: the next call for this stack, if there is
/// one. Then the stack need not end, and another begin.
pub(crate) type GoOn = fn(&mut StoreMut<'_>, u64) -> Result<Option<(CoreFunc, Args)>>;

/// What a runner calls: it takes the job that was left for a stack that begins, and leaves the answer. It takes more jobs
/// as long as [`GoOn`] has some; no guest is on the stack while that is asked.
///
/// A runner is a function of generated wasm without parameters and results that calls this one. Calling it is the
/// cheapest call that the engine makes on an own stack. It must be wasm: the engine finds its way from the guest's frames
/// down to it when it walks the stack.
pub(crate) fn run_func(store: &mut StoreMut<'_>) -> CoreFunc {
    let run = wasmtime::Func::wrap(&mut store.context, run);
    CoreFunc::new(&store.context, run)
}

/// The body of [`run_func`].
pub(super) fn run(mut caller: wasmtime::Caller<'_, State>) -> wasmtime::Result<()> {
    let Seam(Some(handle)) = caller.data().seam else { return Err(into_engine(bug!("a store without a seam"))) };
    let turn = handle.turn();
    let here = 0u8;
    turn.stack.set((&raw const here).addr());
    let Some(mut job) = turn.job.take() else { return Err(into_engine(bug!("a stack without a job"))) };
    loop {
        let context = &mut wasmtime::AsContextMut::as_context_mut(&mut caller);
        let bits = job.func.call_raw(context, job.args.values())?;
        turn.answer.set(bits);
        let context = wasmtime::AsContextMut::as_context_mut(&mut caller);
        let mut store = StoreMut { context, handle };
        store.host_runs().map_err(into_engine)?;
        if !job.goes_on {
            return Ok(());
        }
        let go_on = store.state().go_on;
        match go_on(&mut store, bits).map_err(into_engine)? {
            Some((func, args)) => job = Job { func, args, goes_on: true },
            None => return Ok(()),
        }
    }
}

/// Lets `runner`, which calls [`run_func`], begin the stacks of this store, if none does.
pub(crate) fn set_runner(store: &mut StoreMut<'_>, runner: CoreFunc) {
    if let Ok(runner) = runner.func.typed::<(), ()>(&store.context) {
        let _ = store.handle.turn().runner.set(runner);
    }
}

/// Polls a future of the engine, whose stack begins at `stack`, until it is ready or the guest parks.
///
/// The engine may suspend for reasons of its own (its collectors yield between steps) while it uses the store: such a
/// future is polled again at once, for nobody else may have the store then (contract 2).
fn drive<F: Future + ?Sized>(store: StoreHandle, stack: &mut usize, mut future: Pin<&mut F>) -> Poll<F::Output> {
    let turn = store.turn();
    // A panic that leaves the marks set costs nothing but the shortcut of plain calls.
    let (outer_stack, outer_plain) = (turn.stack.replace(*stack), turn.plain.replace(false));
    let mut context = Context::from_waker(Waker::noop());
    let result = loop {
        turn.parked.set(false);
        match future.as_mut().poll(&mut context) {
            Poll::Pending if !turn.parked.take() => {}
            result => break result,
        }
    };
    *stack = turn.stack.replace(outer_stack);
    turn.plain.set(outer_plain);
    result
}

/// Runs a future of the engine that must not park.
///
/// # Errors
///
/// The future's own error; a trap when the guest parks.
pub(super) fn ready<R>(store: StoreHandle, future: impl Future<Output = wasmtime::Result<R>>) -> Result<R> {
    match drive(store, &mut { UNKNOWN_STACK }, std::pin::pin!(future)) {
        Poll::Ready(result) => result.map_err(error),
        Poll::Pending => Err(Error::trap(Trap::CannotBlockSyncTask)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{CoreEngine, EngineOptions, EngineStore};
    use crate::store::State;

    /// A future that is pending `left` times, the last time by a park if `parks`.
    async fn pending(store: StoreHandle, mut left: u32, parks: bool) -> wasmtime::Result<u32> {
        std::future::poll_fn(|_| match left {
            0 => Poll::Ready(Ok(7)),
            _ => {
                left -= 1;
                store.turn().parked.set(parks && left == 0);
                Poll::Pending
            }
        })
        .await
    }

    #[test]
    fn a_suspension_of_the_engine_itself_is_resumed_at_once() {
        let engine = CoreEngine::new(&EngineOptions::default()).unwrap();
        let mut store = EngineStore::new(&engine, State::for_tests());
        let handle = store.as_mut().handle;
        assert_eq!(ready(handle, pending(handle, 5, false)).unwrap(), 7);
        let parked = ready(handle, pending(handle, 5, true));
        assert_eq!(parked.unwrap_err().as_trap(), Some(Trap::CannotBlockSyncTask));
        assert!(handle.turn().has_room());
    }
}
