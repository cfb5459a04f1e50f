//! Calls that do not go as planned: dropped after some turns, so that they are cancelled, or abandoned with their store.
//!
//! What comes of such a call is up to the guest. Looked for are faults of the runtime, and what it forgets to clean up. A
//! script is run again and again, with one turn more each time, until every call ends before it is disturbed.

use std::pin::pin;
use std::task::{Context, Waker};

use clap::ValueEnum;
use thalweg::{ErrorKind, Func, Live, Store, Val};

use super::session::{error_text, finish};

/// Turns after which calls are disturbed at most: a script that spins has no last turn.
pub const MAX_TURNS: usize = 300;

/// How calls are disturbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Disturb {
    /// Each call is dropped while it waits, which cancels it
    Cancel,
    /// Each call is left alone while it waits, and its store dropped
    Abandon,
}

impl std::fmt::Display for Disturb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if *self == Disturb::Cancel { "cancel" } else { "abandon" })
    }
}

/// What came of a disturbed call.
pub struct Disturbed {
    /// The store is of no use any more.
    pub over: bool,
    /// The call was under way when it was to be disturbed.
    pub met: bool,
}

/// Starts a call and disturbs it after `turns` turns.
pub fn disturb(
    how: Disturb,
    turns: usize,
    store: &mut Store<()>,
    func: &Func,
    args: Vec<Val>,
) -> Result<Disturbed, String> {
    let failed = |error: thalweg::Error, met| no_fault(&error).map(|()| Disturbed { over: true, met });
    let call = match func.start(store, args) {
        Ok(call) => call,
        Err(error) => return failed(error, false),
    };
    store.set_turns_per_poll(1);
    let mut met = true;
    {
        let mut call = pin!(store.finish(call));
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..turns {
            if let std::task::Poll::Ready(result) = call.as_mut().poll(&mut context) {
                if let Err(error) = result {
                    return failed(error, false);
                }
                met = false;
                break;
            }
        }
    }
    store.set_turns_per_poll(1024);
    if how == Disturb::Abandon {
        return Ok(Disturbed { over: true, met });
    }
    match finish(store.settle()) {
        Ok(()) => left_over(store.live()).map(|()| Disturbed { over: false, met }),
        Err(error) => failed(error, met),
    }
}

fn no_fault(error: &thalweg::Error) -> Result<(), String> {
    match error.kind() {
        ErrorKind::Bug => Err(error_text(error)),
        _ => Ok(()),
    }
}

/// When every task is over, so are its threads, their stacks, and what the host did for it; and all that is left has a
/// handle.
fn left_over(live: Live) -> Result<(), String> {
    let streams = live.streams_and_futures > live.ends;
    match (live.threads, live.stacks, live.host_tasks, live.orphans, streams) {
        (0, 0, 0, 0, false) => Ok(()),
        _ => Err(format!("something is left when every task is over: {live:?}")),
    }
}
