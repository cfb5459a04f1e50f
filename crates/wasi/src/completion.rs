//! How a stream ended, for the future beside it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::sys::Result;

struct State<R> {
    outcome: Option<R>,
    waker: Option<Waker>,
}

/// The side that knows how the stream ended. Dropping it without a word says what was agreed on.
pub(crate) struct Completer<R: Clone = Result<()>> {
    state: Arc<Mutex<State<R>>>,
    silence: Option<R>,
}

/// The side that waits for it.
pub(crate) struct Completion<R = Result<()>>(Arc<Mutex<State<R>>>);

/// Both sides. Silence says that all went well: the other end of the stream was dropped before anything could go wrong.
pub(crate) fn completion() -> (Completer, Completion) {
    completion_or(Ok(()))
}

/// Both sides, where silence says `silence`.
pub(crate) fn completion_or<R: Clone>(silence: R) -> (Completer<R>, Completion<R>) {
    let state = Arc::new(Mutex::new(State { outcome: None, waker: None }));
    (Completer { state: state.clone(), silence: Some(silence) }, Completion(state))
}

fn lock<R>(state: &Mutex<State<R>>) -> MutexGuard<'_, State<R>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<R: Clone> Completer<R> {
    /// Says how the stream ended; the first word counts.
    pub(crate) fn complete(&self, outcome: R) {
        let mut state = lock(&self.state);
        state.outcome.get_or_insert(outcome);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }
}

impl<R: Clone> Drop for Completer<R> {
    fn drop(&mut self) {
        if let Some(silence) = self.silence.take() {
            self.complete(silence);
        }
    }
}

impl<R: Clone> Future for Completion<R> {
    type Output = R;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
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
