//! Runs what hyper spawns on the thread that it belongs to.

use std::future::Future;

use hyper::rt::Executor;
use tokio::task::spawn_local;

/// The local task set of a worker.
#[derive(Clone, Copy)]
pub struct Local;

impl<F: Future<Output = ()> + 'static> Executor<F> for Local {
    fn execute(&self, future: F) {
        spawn_local(future);
    }
}
