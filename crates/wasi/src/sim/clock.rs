//! Virtual time.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::sys::{BoxFuture, Instant, MonotonicClock, SystemClock};

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// A clock that goes on when it is told to; both kinds of clock at once. Clones share the time.
#[derive(Clone)]
pub struct SimClock(Arc<Mutex<State>>);

struct State {
    now: u64,
    /// The date at mark zero.
    start: Instant,
    next_id: u64,
    sleepers: BTreeMap<(u64, u64), Waker>,
}

impl SimClock {
    /// A clock at mark zero, when the date is `start`.
    #[must_use]
    pub fn new(start: Instant) -> Self {
        SimClock(Arc::new(Mutex::new(State { now: 0, start, next_id: 0, sleepers: BTreeMap::new() })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets `nanoseconds` go by, and wakes everyone whose mark has come.
    pub fn advance(&self, nanoseconds: u64) {
        let mut state = self.lock();
        state.now = state.now.saturating_add(nanoseconds);
        let first_later = (state.now, u64::MAX);
        let later = state.sleepers.split_off(&first_later);
        let due = std::mem::replace(&mut state.sleepers, later);
        drop(state);
        due.into_values().for_each(Waker::wake);
    }

    /// The next mark that somebody sleeps until.
    #[must_use]
    pub fn next_mark(&self) -> Option<u64> {
        self.lock().sleepers.keys().next().map(|(mark, _)| *mark)
    }

    /// To be called when all is idle: jumps to the next mark that somebody sleeps until. Says whether there was one.
    pub fn advance_to_next(&self) -> bool {
        let Some(mark) = self.next_mark() else { return false };
        let now = MonotonicClock::now(self);
        self.advance(mark.saturating_sub(now));
        true
    }
}

impl Default for SimClock {
    /// Starts at 2000-01-01T00:00:00Z.
    fn default() -> Self {
        SimClock::new(Instant { seconds: 946_684_800, nanoseconds: 0 })
    }
}

impl MonotonicClock for SimClock {
    fn now(&self) -> u64 {
        self.lock().now
    }

    fn resolution(&self) -> u64 {
        1
    }

    fn sleep_until(&self, mark: u64) -> BoxFuture<()> {
        Box::pin(SleepUntil { clock: self.clone(), mark, id: None })
    }
}

impl SystemClock for SimClock {
    fn now(&self) -> Instant {
        let state = self.lock();
        let nanoseconds = u64::from(state.start.nanoseconds) + state.now % NANOS_PER_SECOND;
        let seconds = state.now / NANOS_PER_SECOND + nanoseconds / NANOS_PER_SECOND;
        Instant {
            seconds: state.start.seconds.saturating_add_unsigned(seconds),
            nanoseconds: (nanoseconds % NANOS_PER_SECOND) as u32,
        }
    }

    fn resolution(&self) -> u64 {
        1
    }
}

struct SleepUntil {
    clock: SimClock,
    mark: u64,
    id: Option<u64>,
}

impl Future for SleepUntil {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.clock.lock();
        if state.now >= self.mark {
            return Poll::Ready(());
        }
        let id = self.id.unwrap_or(state.next_id);
        if self.id.is_none() {
            state.next_id += 1;
        }
        state.sleepers.insert((self.mark, id), cx.waker().clone());
        drop(state);
        self.id = Some(id);
        Poll::Pending
    }
}

impl Drop for SleepUntil {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.clock.lock().sleepers.remove(&(self.mark, id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poll(sleep: &mut BoxFuture<()>) -> Poll<()> {
        sleep.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn everyone_due_is_ready_after_one_step() {
        let clock = SimClock::default();
        let mut sleeps = [5, 3, 5, 9].map(|mark| clock.sleep_until(mark));
        assert!(sleeps.iter_mut().all(|sleep| poll(sleep).is_pending()));
        assert!(clock.advance_to_next());
        assert_eq!(MonotonicClock::now(&clock), 3);
        clock.advance(2);
        let ready = sleeps.iter_mut().map(|sleep| poll(sleep).is_ready());
        assert_eq!(ready.collect::<Vec<_>>(), [true, true, true, false]);
        assert_eq!(clock.next_mark(), Some(9));
        drop(sleeps);
        assert!(!clock.advance_to_next(), "a dropped sleep holds nobody up");
    }

    #[test]
    fn the_date_goes_on_with_the_marks() {
        let clock = SimClock::new(Instant { seconds: -1, nanoseconds: 999_999_999 });
        clock.advance(2);
        assert_eq!(SystemClock::now(&clock), Instant { seconds: 0, nanoseconds: 1 });
        clock.advance(u64::MAX);
        assert!(SystemClock::now(&clock).nanoseconds < 1_000_000_000);
    }
}
