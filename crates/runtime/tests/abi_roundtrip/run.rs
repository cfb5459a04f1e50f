//! An engine with every gate open, and a way to wait without an executor.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use thalweg::{Config, Engine, Features};

pub fn engine() -> Engine {
    Engine::new(Config::new().features(Features::all())).expect("an engine")
}

/// The output of a future that needs nobody else to get on.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("waits for something outside of the store"),
    }
}
