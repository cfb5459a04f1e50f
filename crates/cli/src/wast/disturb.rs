//! Calls that do not go as planned: asked to stop as soon as they wait, or abandoned together with their store.
//!
//! What comes of such a call is up to the guest. Looked for are faults of the runtime, and what it forgets to clean up.

use clap::ValueEnum;
use thalweg::{ErrorKind, Func, Live, Store, Val};

use super::session::{error_text, finish};

/// How calls are disturbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Disturb {
    /// Each call is asked to stop as soon as it waits
    Cancel,
    /// Each call is left alone as soon as it waits, and its store dropped
    Abandon,
}

/// Starts a call and disturbs it; says whether the store is to be dropped.
pub fn disturb(how: Disturb, store: &mut Store<()>, func: &Func, args: Vec<Val>) -> Result<bool, String> {
    let call = match func.start(store, args) {
        Ok(call) => call,
        Err(error) => return no_fault(&error).map(|()| true),
    };
    if how == Disturb::Abandon {
        return Ok(true);
    }
    if let Err(error) = store.cancel(&call) {
        return no_fault(&error).map(|()| true);
    }
    match finish(store.finish(call)) {
        // The embedder's own wish.
        Err(error) if error.kind() == ErrorKind::Host => {}
        Err(error) => return no_fault(&error).map(|()| true),
        Ok(_) => {}
    }
    match finish(store.settle()) {
        Ok(()) => left_over(store.live()).map(|()| false),
        Err(error) => no_fault(&error).map(|()| true),
    }
}

fn no_fault(error: &thalweg::Error) -> Result<(), String> {
    match error.kind() {
        ErrorKind::Bug => Err(error_text(error)),
        _ => Ok(()),
    }
}

/// When every task is over, so are its threads and what the host did for it.
fn left_over(live: Live) -> Result<(), String> {
    match (live.threads, live.host_tasks) {
        (0, 0) => Ok(()),
        _ => Err(format!("something is left when every task is over: {live:?}")),
    }
}
