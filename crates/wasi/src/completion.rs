//! How a stream ended, for the future beside it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::sys::Result;

#[derive(Default)]
struct State {
    outcome: Option<Result<()>>,
    waker: Option<Waker>,
}

/// The side that knows how the stream ended. Dropping it without a word says that all went well: the other end of the
/// stream was dropped before anything could go wrong.
pub(crate) struct Completer(Arc<Mutex<State>>);

/// The side that waits for it.
pub(crate) struct Completion(Arc<Mutex<State>>);

/// Both sides.
pub(crate) fn completion() -> (Completer, Completion) {
    let state = Arc::<Mutex<State>>::default();
    (Completer(state.clone()), Completion(state))
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Completer {
    /// Says how the stream ended; the first word counts.
    pub(crate) fn complete(&self, outcome: Result<()>) {
        let mut state = lock(&self.0);
        state.outcome.get_or_insert(outcome);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }
}

impl Drop for Completer {
    fn drop(&mut self) {
        self.complete(Ok(()));
    }
}

impl Future for Completion {
    type Output = Result<()>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let mut state = lock(&self.0);
        match &state.outcome {
            Some(outcome) => Poll::Ready(outcome.clone()),
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Code;

    fn poll(completion: &mut Completion) -> Poll<Result<()>> {
        Pin::new(completion).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn the_first_word_counts() {
        let (completer, mut completion) = completion();
        assert!(poll(&mut completion).is_pending());
        completer.complete(Err(Code::Pipe.into()));
        completer.complete(Ok(()));
        drop(completer);
        assert_eq!(poll(&mut completion), Poll::Ready(Err(Code::Pipe.into())));
    }

    #[test]
    fn silence_means_that_all_went_well() {
        let (completer, mut completion) = completion();
        drop(completer);
        assert_eq!(poll(&mut completion), Poll::Ready(Ok(())));
    }
}
