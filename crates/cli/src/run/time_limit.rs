//! `-Wtimeout`: stops a guest that computes and one that waits.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use thalweg::{Engine, Error, Result, Trap};

/// Stops guest code once; dropped before, it never does.
struct Watchdog {
    thread: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Watchdog {
    fn start(engine: &Engine, limit: Duration) -> Watchdog {
        let engine = engine.clone();
        let (done, is_done) = mpsc::channel();
        let thread = thread::spawn(move || {
            if is_done.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                engine.increment_epoch();
            }
        });
        Watchdog { thread: Some((done, thread)) }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        if let Some((done, thread)) = self.thread.take() {
            drop(done);
            // It does nothing that can fail.
            let _ = thread.join();
        }
    }
}

/// `work`, for as long as `limit`. Code that runs is interrupted from another thread, waiting is given up here.
pub async fn limited<T>(engine: &Engine, limit: Option<Duration>, work: impl Future<Output = Result<T>>) -> Result<T> {
    let Some(limit) = limit else { return work.await };
    let _watchdog = Watchdog::start(engine, limit);
    match tokio::time::timeout(limit, work).await {
        Ok(done) => done,
        Err(_) => Err(Error::trap(Trap::Interrupt)),
    }
}
