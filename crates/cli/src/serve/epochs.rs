//! The clock by which guests that compute without end are interrupted.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use thalweg::Engine;

/// How late an interruption may come, at most.
const MAX_PERIOD: Duration = Duration::from_millis(100);
const MIN_PERIOD: Duration = Duration::from_millis(1);

/// Moves the epoch of an engine on until it is dropped.
pub struct Epochs {
    thread: Option<(Sender<()>, JoinHandle<()>)>,
    ticks: u64,
}

impl Epochs {
    /// A clock fine enough to interrupt guests after `limit`.
    pub fn start(engine: &Engine, limit: Duration) -> Epochs {
        let period = (limit / 10).clamp(MIN_PERIOD, MAX_PERIOD);
        let ticks = limit.as_nanos().div_ceil(period.as_nanos()) + 1;
        let engine = engine.clone();
        let (done, is_done) = mpsc::channel();
        let thread = thread::spawn(move || {
            while is_done.recv_timeout(period) == Err(RecvTimeoutError::Timeout) {
                engine.increment_epoch();
            }
        });
        Epochs { thread: Some((done, thread)), ticks: u64::try_from(ticks).unwrap_or(u64::MAX) }
    }

    /// How many ticks make up the limit.
    pub fn ticks(&self) -> u64 {
        self.ticks
    }
}

impl Drop for Epochs {
    fn drop(&mut self) {
        if let Some((done, thread)) = self.thread.take() {
            drop(done);
            // It does nothing that can fail.
            let _ = thread.join();
        }
    }
}
