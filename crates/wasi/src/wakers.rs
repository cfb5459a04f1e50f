//! Everyone who waits for one object, behind a single waker.
//!
//! A source or sink remembers one waker, but several pollables and a blocking call may wait for the same stream. They
//! leave their wakers here; the object gets the one that wakes them all.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Wakers kept at most. Waits that ended leave theirs behind until the object wakes; when there are more, everyone is
/// woken for nothing once, and those who still wait come back.
const MOST_WAKERS: usize = 64;

/// See the page.
#[derive(Debug, Default)]
pub(crate) struct Wakers {
    waiting: Mutex<Vec<Waker>>,
}

impl Wakers {
    /// Polls the object on behalf of `cx`, who is woken with all the others when that gave `Pending`.
    pub(crate) fn poll<R>(
        self: &Arc<Self>,
        cx: &Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        // Joined before the poll: a wake between poll and join would be lost.
        self.join(cx.waker());
        let waker = Waker::from(self.clone());
        let polled = poll(&mut Context::from_waker(&waker));
        if polled.is_ready() {
            self.lock().retain(|there| !there.will_wake(cx.waker()));
        }
        polled
    }

    /// Wakes everyone who waits.
    pub(crate) fn wake_all(&self) {
        let woken = std::mem::take(&mut *self.lock());
        woken.into_iter().for_each(Waker::wake);
    }

    fn join(&self, waker: &Waker) {
        if waker.will_wake(Waker::noop()) {
            return;
        }
        let mut waiting = self.lock();
        if waiting.iter().any(|there| there.will_wake(waker)) {
            return;
        }
        let full = waiting.len() >= MOST_WAKERS;
        let stale = if full { std::mem::take(&mut *waiting) } else { Vec::new() };
        waiting.push(waker.clone());
        drop(waiting);
        stale.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Wakers {
    fn wake(self: Arc<Self>) {
        self.wake_all();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn counted() -> (Arc<Count>, Waker) {
        let count = Arc::new(Count::default());
        (count.clone(), Waker::from(count))
    }

    fn join(wakers: &Arc<Wakers>, waker: &Waker) -> Waker {
        let mut given = Waker::noop().clone();
        let polled = wakers.poll(&Context::from_waker(waker), |cx| {
            given = cx.waker().clone();
            Poll::<()>::Pending
        });
        assert!(polled.is_pending());
        given
    }

    #[test]
    fn one_wake_reaches_everyone_once() {
        let wakers = Arc::new(Wakers::default());
        let ((a, wake_a), (b, wake_b)) = (counted(), counted());
        join(&wakers, &wake_a);
        join(&wakers, &wake_a);
        let object = join(&wakers, &wake_b);
        object.wake_by_ref();
        object.wake();
        assert_eq!((a.0.load(Ordering::Relaxed), b.0.load(Ordering::Relaxed)), (1, 1));
    }

    #[test]
    fn who_was_answered_waits_no_more() {
        let wakers = Arc::new(Wakers::default());
        let (count, waker) = counted();
        join(&wakers, &waker);
        assert!(wakers.poll(&Context::from_waker(&waker), |_| Poll::Ready(())).is_ready());
        wakers.wake_all();
        assert_eq!(count.0.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn waits_that_ended_do_not_pile_up() {
        let wakers = Arc::new(Wakers::default());
        for _ in 0..10 * MOST_WAKERS {
            join(&wakers, &counted().1);
        }
        assert!(wakers.lock().len() <= MOST_WAKERS);
    }
}
