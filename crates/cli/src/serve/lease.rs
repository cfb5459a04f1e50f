//! An instance of a pool, and its use for one request.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use http::Request;
use thalweg_wasi::http::{Handling, HttpBody, ServiceHandle};
use tokio::time::Instant;

use super::pool::{Pool, PoolPolicy};
use super::turns::Turns;

/// Time for an instance to hear that a request is over which it did not finish.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// An instance, as long as somebody may have a request for it.
pub struct Live {
    handle: ServiceHandle,
    requests: Cell<u32>,
    active: Cell<u32>,
    idle_since: Cell<Instant>,
    turns: Rc<Turns>,
    /// How long it may go on without requests.
    rest: Cell<Duration>,
}

impl Live {
    /// The instance of `turns`, which hears of requests by `handle`, and may go on for `rest` after the last.
    pub fn new(handle: ServiceHandle, turns: Rc<Turns>, rest: Duration) -> Live {
        Live {
            handle,
            requests: Cell::new(0),
            active: Cell::new(0),
            idle_since: Cell::new(Instant::now()),
            turns,
            rest: Cell::new(rest),
        }
    }

    /// Whether it takes one more request now.
    pub fn has_room(&self, policy: &PoolPolicy) -> bool {
        self.active.get() < policy.concurrent
    }

    /// Whether it had no request for `timeout`.
    pub fn is_idle(&self, now: Instant, timeout: Duration) -> bool {
        self.active.get() == 0 && now.saturating_duration_since(self.idle_since.get()) >= timeout
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.turns.end_after(self.rest.get());
    }
}

/// The use of an instance for one request.
pub struct Lease {
    live: Rc<Live>,
    pool: Rc<Pool>,
}

impl Lease {
    /// One more use of `live`, which is of `pool`.
    pub fn new(live: Rc<Live>, pool: &Rc<Pool>) -> Lease {
        live.active.set(live.active.get() + 1);
        live.requests.set(live.requests.get() + 1);
        if live.requests.get() >= pool.policy().reuse {
            pool.remove(&live);
        }
        Lease { live, pool: pool.clone() }
    }

    /// Gives the instance the request.
    pub fn handle(&self, request: Request<HttpBody>, secure: bool) -> Handling {
        let Live { handle, turns, .. } = &*self.live;
        let give = || handle.handle(request, secure);
        if !self.pool.policy().answers_at_once() {
            return turns.later(give);
        }
        let handling = turns.now(give);
        if !handle.is_idle() {
            turns.go_on();
        }
        handling
    }

    /// Whether the instance has done everything for what it was given.
    pub fn is_served(&self) -> bool {
        self.live.handle.is_idle()
    }

    /// Lets the instance take no more requests, and end after those that it has: something in it goes on for too long.
    pub fn retire(&self) {
        self.live.rest.set(LAST_WORDS);
        self.pool.remove(&self.live);
    }

    /// Nobody waits for the request any more.
    pub fn abandon(&self) {
        if !self.pool.policy().cancels {
            self.retire();
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let live = &self.live;
        live.active.set(live.active.get() - 1);
        live.idle_since.set(Instant::now());
    }
}
