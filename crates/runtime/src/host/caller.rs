//! What a synchronous host function is handed.

use std::sync::{Arc, Mutex, MutexGuard};

use super::Access;
use super::access::lock;
use crate::store::Mailbox;

/// The embedder's state during a synchronous host function.
pub struct Caller<'a, T> {
    pub(crate) data: &'a Arc<Mutex<T>>,
    pub(crate) mailbox: &'a Arc<Mailbox>,
}

impl<T> Caller<'_, T> {
    /// The state, for reading and changing. Let go of the guard before asking again.
    pub fn data(&self) -> MutexGuard<'_, T> {
        lock(self.data)
    }

    /// The same as [`data`](Self::data), for symmetry with `Store`.
    pub fn data_mut(&mut self) -> MutexGuard<'_, T> {
        lock(self.data)
    }

    /// A handle that outlives this call, for futures, producers and consumers.
    #[must_use]
    pub fn access(&self) -> Access<T> {
        Access { data: self.data.clone(), mailbox: self.mailbox.clone() }
    }
}
