//! A started call is a value.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::task::TaskId;

/// A call of an exported function that was started: finish it with [`Store::finish`](crate::Store::finish), or ask it
/// to stop with [`Store::cancel`](crate::Store::cancel).
#[derive(Debug)]
pub struct StartedCall<R> {
    pub(crate) task: TaskId,
    pub(crate) outbox: Outbox<R>,
}

/// Where a task leaves its result for the host.
#[derive(Debug)]
pub(crate) struct Outbox<R>(Arc<Mutex<Option<R>>>);

impl<R> Clone for Outbox<R> {
    fn clone(&self) -> Self {
        Outbox(self.0.clone())
    }
}

impl<R> Outbox<R> {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Outbox(Arc::new(Mutex::new(None)))
    }

    fn lock(&self) -> MutexGuard<'_, Option<R>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves the result.
    pub(crate) fn set(&self, result: R) {
        *self.lock() = Some(result);
    }

    /// Takes the result, if it is there.
    pub(crate) fn take(&self) -> Option<R> {
        self.lock().take()
    }
}
