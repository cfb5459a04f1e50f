//! Futures run by hand: no executor, no thread, nothing that happens by itself.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// Polls of [`finish`]: what has not ended by then does not end.
const MAX_POLLS: usize = 100_000;

/// One poll, of which nobody hears later.
pub fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// The output of a future that needs nobody else to get on.
pub fn wait<F: Future>(future: F) -> F::Output {
    match poll(pin!(future)) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("waits for something outside of the store"),
    }
}

/// The output of a future that waits for itself only, as it does after [`yield_once`].
pub fn finish<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    (0..MAX_POLLS)
        .find_map(|_| match poll(future.as_mut()) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
        .expect("it does not end")
}

/// Is pending once, and at once woken.
pub async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Polls `future`, at most `polls` times. Whenever it waits and nothing has woken it, `idle` makes something happen; that
/// it cannot (`false`) is a panic. None if the polls did not suffice.
pub fn drive<F: Future>(future: F, polls: usize, mut idle: impl FnMut() -> bool) -> Option<F::Output> {
    let mut future = pin!(future);
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    for _ in 0..polls {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(output);
        }
        if !woken.0.swap(false, Ordering::SeqCst) {
            assert!(idle(), "everybody waits, and nothing is to come");
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_wakes_itself_ends() {
        let twice = || async {
            yield_once().await;
            yield_once().await;
            7
        };
        assert_eq!(finish(twice()), 7);
        assert!(poll(pin!(twice())).is_pending());
        assert_eq!(drive(twice(), 3, || false), Some(7));
        assert_eq!(drive(twice(), 2, || false), None);
    }

    #[test]
    fn what_waits_is_helped() {
        let ready = AtomicBool::new(false);
        let future = std::future::poll_fn(|_| match ready.load(Ordering::Relaxed) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        });
        assert_eq!(drive(future, 2, || !ready.swap(true, Ordering::Relaxed)), Some(()));
    }
}
