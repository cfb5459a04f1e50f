//! What an async host function holds on to while it waits.

use std::any::Any;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Result;
use crate::store::Mailbox;

/// The embedder's state from within an async host function; `'static`, so it can live across awaits.
///
/// The state is behind a lock that is held only inside of [`with`](Self::with).
pub struct Access<T> {
    pub(crate) data: Arc<Mutex<T>>,
    pub(crate) mailbox: Arc<Mailbox>,
}

impl<T> Clone for Access<T> {
    fn clone(&self) -> Self {
        Access { data: self.data.clone(), mailbox: self.mailbox.clone() }
    }
}

impl<T> Access<T> {
    /// Reads or changes the state. Do not call it again from inside of `f`: the state is locked meanwhile.
    pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut lock(&self.data))
    }

    /// Runs `future` on behalf of the store: it is polled when the store is, and dropped with the store. While it is under
    /// way, waiting is no deadlock; [`Store::settle`](crate::Store::settle) does not wait for it.
    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.mailbox.spawn(Box::pin(future));
    }
}

/// Locks the embedder's state; a panic of a host function elsewhere does not make it unusable.
#[inline]
pub(crate) fn lock<T>(data: &Mutex<T>) -> MutexGuard<'_, T> {
    data.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The embedder's state behind its hidden type.
#[inline]
pub(crate) fn data_of<T: Send + 'static>(data: &(dyn Any + Send + Sync)) -> Result<&Arc<Mutex<T>>> {
    data.downcast_ref().ok_or_else(|| crate::error::bug!("a host function of another store's type"))
}
