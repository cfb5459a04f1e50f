//! A core call on a stack of its own, that can suspend and be resumed in any order among others.
//!
//! Spec: `Continuation`, `cont_new`, `resume`, `block`.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::convert::{bits_to_val, error, val_to_bits};
use super::func::CoreFunc;
use super::store::{StoreHandle, StoreMut};
use crate::error::bug;
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
/// could: with nothing borrowed from the store ([`Continuation::cancel`] says so with types).
pub(crate) struct Continuation {
    /// `None` once the call is over.
    call: Option<Pin<Box<dyn Future<Output = Result<u64>> + Send>>>,
    store: StoreHandle,
}

impl Continuation {
    /// A call of `func` with `args` that starts at the first resume.
    pub(crate) fn new(store: &StoreMut<'_>, func: CoreFunc, args: &[u64]) -> Self {
        let ty = func.0.ty(&store.context);
        let params: Vec<_> = ty.params().zip(args).map(|(ty, &bits)| bits_to_val(bits, &ty)).collect();
        let count = ty.results().len().min(1);
        let mut keeper = store.handle.keep();
        let call = Box::pin(async move {
            let mut results = [wasmtime::Val::I32(0)];
            func.0.call_async(&mut keeper, &params, &mut results[..count]).await.map_err(error)?;
            Ok(if count == 0 { 0 } else { val_to_bits(&results[0]) })
        });
        Continuation { call: Some(call), store: store.handle }
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
        let Poll::Ready(result) = drive(self.store, call.as_mut()) else { return Ok(Step::Parked) };
        self.call = None;
        result.map(Step::Returned)
    }

    /// Unwinds the stack without running guest code.
    #[cfg(test)]
    pub(crate) fn cancel(self, _store: &mut StoreMut<'_>) {
        drop(self);
    }
}

/// Polls a future of the engine until it is ready or the guest parks.
///
/// The engine may suspend for reasons of its own (its collectors yield between steps) while it uses the store: such a
/// future is polled again at once, for nobody else may have the store then (contract 2).
fn drive<F: Future + ?Sized>(store: StoreHandle, mut future: Pin<&mut F>) -> Poll<F::Output> {
    let turn = store.turn();
    // A panic that leaves the mark set costs nothing but the shortcut of plain calls.
    let outer = turn.on_own_stack.replace(true);
    let mut context = Context::from_waker(Waker::noop());
    let result = loop {
        turn.parked.set(false);
        match future.as_mut().poll(&mut context) {
            Poll::Pending if !turn.parked.take() => {}
            result => break result,
        }
    };
    turn.on_own_stack.set(outer);
    result
}

/// Runs a future of the engine that must not park.
///
/// # Errors
///
/// The future's own error; a trap when the guest parks.
pub(super) fn ready<R>(store: StoreHandle, future: impl Future<Output = wasmtime::Result<R>>) -> Result<R> {
    match drive(store, std::pin::pin!(future)) {
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
        assert!(!handle.turn().on_own_stack.get());
    }
}
