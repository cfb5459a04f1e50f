//! A core call on a stack of its own, that can suspend and be resumed in any order among others.
//!
//! Spec: `Continuation`, `cont_new`, `resume`, `block`.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::convert::{bits_to_val, error, val_to_bits};
use super::func::CoreFunc;
use super::store::StoreMut;
use crate::Result;

/// What a resume came to.
#[derive(Debug)]
pub(crate) enum Step {
    /// The call gave control back (through [`park_func`](super::park_func)) and can be resumed.
    Parked,
    /// The call is over; its result's bits, 0 when it has none.
    Returned(u64),
}

/// A suspended (or not yet started) core call. Dropping it unwinds its stack without running guest code.
pub(crate) struct Continuation(Pin<Box<dyn Future<Output = Result<u64>> + Send>>);

impl Continuation {
    /// A call of `func` with `args` that starts at the first resume.
    pub(crate) fn new(store: &StoreMut<'_>, func: CoreFunc, args: &[u64]) -> Self {
        let mut handle = store.handle;
        let ty = func.0.ty(&store.context);
        let params: Vec<_> = ty.params().zip(args).map(|(ty, &bits)| bits_to_val(bits, &ty)).collect();
        let count = ty.results().len().min(1);
        Continuation(Box::pin(async move {
            let mut results = [wasmtime::Val::I32(0)];
            func.0.call_async(&mut handle, &params, &mut results[..count]).await.map_err(error)?;
            Ok(if count == 0 { 0 } else { val_to_bits(&results[0]) })
        }))
    }

    /// Runs the call until it parks, returns or traps.
    ///
    /// The caller gives up everything borrowed from the store for the time of the resume (contract 1); `_store` is the
    /// witness that it is the one who executes.
    ///
    /// # Errors
    ///
    /// The guest's trap, or the error of a host function it called; the continuation is spent then.
    pub(crate) fn resume(&mut self, _store: &mut StoreMut<'_>) -> Result<Step> {
        match self.0.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => Ok(Step::Parked),
            Poll::Ready(Ok(bits)) => Ok(Step::Returned(bits)),
            Poll::Ready(Err(error)) => Err(error),
        }
    }
}
