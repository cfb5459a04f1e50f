//! A started call is a value.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Result;
use crate::abi::{FlatIter, LiftCx, Returns};
use crate::task::{TakesResult, TaskId};
use crate::types::ValType;

/// A call of an exported function that was started: finish it with [`Store::finish`](crate::Store::finish), or ask it
/// to stop with [`Store::cancel`](crate::Store::cancel).
#[derive(Debug)]
pub struct StartedCall<R> {
    pub(crate) task: TaskId,
    pub(crate) outbox: Outbox<R>,
}

/// Where a task leaves its result for the host.
#[derive(Debug)]
pub(crate) struct Outbox<R>(Arc<Place<R>>);

#[derive(Debug)]
struct Place<R>(Mutex<Option<R>>);

impl<R> Place<R> {
    fn lock(&self) -> MutexGuard<'_, Option<R>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: Returns> TakesResult for Place<R> {
    fn take_result(&self, cx: &mut LiftCx<'_>, ty: Option<&ValType>, max_flat: usize, flat: &[u64]) -> Result<()> {
        let result = R::lift(cx, ty, max_flat, &mut FlatIter::new(flat))?;
        *self.lock() = Some(result);
        Ok(())
    }
}

impl<R> Outbox<R> {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Outbox(Arc::new(Place(Mutex::new(None))))
    }

    /// Takes the result, if it is there.
    pub(crate) fn take(&self) -> Option<R> {
        self.0.lock().take()
    }
}

impl<R: Returns> Outbox<R> {
    /// Where the result is put.
    pub(crate) fn place(&self) -> Arc<dyn TakesResult> {
        self.0.clone()
    }
}
