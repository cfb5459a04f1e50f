//! Word from the consumer of a stream: how many bytes it got, once it is gone.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// A future of the count. Clones share it.
#[derive(Clone, Default)]
pub struct Counted(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    count: Option<u64>,
    waker: Option<Waker>,
}

impl Counted {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves the word.
    pub fn finish(&self, count: u64) {
        let mut state = self.lock();
        state.count = Some(count);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    /// The count, if the consumer is gone.
    pub fn count(&self) -> Option<u64> {
        self.lock().count
    }
}

impl Future for Counted {
    type Output = u64;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u64> {
        let mut state = self.lock();
        state.waker = Some(cx.waker().clone());
        state.count.map_or(Poll::Pending, Poll::Ready)
    }
}
