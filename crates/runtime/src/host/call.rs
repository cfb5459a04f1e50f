//! A started call is a value.

use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Result;
use crate::abi::{FlatIter, LiftCx, Returns};
use crate::error::bug;
use crate::store::{Command, Mailbox};
use crate::task::{TakesResult, TaskId};
use crate::types::ValType;

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

    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
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
    /// A place for a result, its type hidden.
    pub(crate) fn make_place() -> Arc<dyn TakesResult> {
        Outbox::<R>::new().0
    }

    /// What [`make_place`](Self::make_place) made, its type known again.
    pub(crate) fn of_place(place: Arc<dyn TakesResult>) -> Result<Self> {
        place.as_any().downcast().map(Outbox).map_err(|_| bug!("a place for a result of another type"))
    }

    /// Where the result is put.
    pub(crate) fn place(&self) -> Arc<dyn TakesResult> {
        self.0.clone()
    }
}
