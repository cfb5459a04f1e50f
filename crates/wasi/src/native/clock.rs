//! The OS's clocks, and timers by tokio.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant as OsInstant};

use rustix::time::{ClockId, Timespec, clock_getres, clock_gettime};
use tokio::time::Sleep;

use crate::sys::{BoxFuture, Instant, MonotonicClock, SystemClock};

/// The OS's monotonic clock, counted from when this was made: how long the machine is up is no guest's business.
#[derive(Debug, Clone, Copy)]
pub struct OsMonotonicClock {
    start: OsInstant,
}

impl OsMonotonicClock {
    /// A clock that starts at zero.
    #[must_use]
    pub fn new() -> Self {
        OsMonotonicClock { start: OsInstant::now() }
    }
}

impl Default for OsMonotonicClock {
    fn default() -> Self {
        OsMonotonicClock::new()
    }
}

impl MonotonicClock for OsMonotonicClock {
    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn resolution(&self) -> u64 {
        resolution_of(ClockId::Monotonic)
    }

    fn sleep_until(&self, mark: u64) -> BoxFuture<()> {
        Box::pin(SleepUntil { clock: *self, mark, sleep: None })
    }
}

/// Looks at the clock before at the timer: a mark that has passed is ready, whether or not its timer has fired.
struct SleepUntil {
    clock: OsMonotonicClock,
    mark: u64,
    /// Made at the first poll that has to wait, since it needs a runtime around it.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Future for SleepUntil {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let left = self.mark.saturating_sub(self.clock.now());
            if left == 0 {
                return Poll::Ready(());
            }
            let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(Duration::from_nanos(left))));
            ready!(sleep.as_mut().poll(cx));
            // Timers have a longest wait; beyond it the rest is slept in another one.
            self.sleep = None;
        }
    }
}

/// The OS's date.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsSystemClock;

impl SystemClock for OsSystemClock {
    fn now(&self) -> Instant {
        let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::Realtime);
        Instant { seconds: tv_sec, nanoseconds: u32::try_from(tv_nsec).unwrap_or(0) }
    }

    fn resolution(&self) -> u64 {
        resolution_of(ClockId::Realtime)
    }
}

fn resolution_of(clock: ClockId) -> u64 {
    let Timespec { tv_sec, tv_nsec } = clock_getres(clock);
    let nanoseconds = i128::from(tv_sec) * 1_000_000_000 + i128::from(tv_nsec);
    u64::try_from(nanoseconds).unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;

    #[test]
    fn a_passed_mark_is_ready_without_a_runtime() {
        let clock = OsMonotonicClock::new();
        let mut sleep = clock.sleep_until(0);
        assert!(sleep.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
    }

    #[test]
    fn resolutions_are_positive() {
        assert!(OsMonotonicClock::new().resolution() > 0);
        assert!(OsSystemClock.resolution() > 0);
        assert!(SystemClock::now(&OsSystemClock).seconds > 0);
    }
}
