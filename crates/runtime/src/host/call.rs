//! A started call is a value.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::store::{Command, Mailbox};
use crate::task::TaskId;

/// A call of an exported function that was started: finish it with [`Store::finish`](crate::Store::finish).
///
/// Dropping it before its result was taken asks the call to stop, as [`Store::cancel`](crate::Store::cancel) does, when the
/// store moves next. What the callee has started, it cancels in its turn.
#[must_use = "dropping it cancels the call"]
pub struct StartedCall<R> {
    pub(crate) task: TaskId,
    pub(crate) outbox: Outbox<R>,
    /// Where word is left that nobody waits for it any more; none once it is over.
    pub(crate) mailbox: Option<Arc<Mailbox>>,
}

impl<R> Drop for StartedCall<R> {
    fn drop(&mut self) {
        if let Some(mailbox) = self.mailbox.take() {
            mailbox.send(Command::Cancel(self.task));
        }
    }
}

impl<R> std::fmt::Debug for StartedCall<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StartedCall({})", self.task.number())
    }
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
