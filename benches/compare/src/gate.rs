//! What many tasks wait for: it opens when all of them are there, and notes what they cost until then.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::figure::thread_cpu;

/// Clones share it.
#[derive(Clone)]
pub struct Gate(Arc<Mutex<State>>);

struct State {
    /// Who is still missing.
    missing: usize,
    waiting: Vec<Waker>,
    /// When the last one came: bytes of memory in use, nanoseconds of CPU.
    opened: Option<(u64, f64)>,
}

impl Gate {
    pub fn new(tasks: usize) -> Gate {
        Gate(Arc::new(Mutex::new(State { missing: tasks, waiting: Vec::new(), opened: None })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Comes to the gate. Never ready at once, even for the last.
    pub fn pass(&self) -> impl Future<Output = ()> + Send + use<> {
        Passing { gate: self.clone(), came: false }
    }

    /// Bytes of memory in use and nanoseconds of CPU when it opened.
    pub fn opened(&self) -> Option<(u64, f64)> {
        self.lock().opened
    }
}

struct Passing {
    gate: Gate,
    came: bool,
}

impl Future for Passing {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let came = std::mem::replace(&mut self.came, true);
        let mut state = self.gate.lock();
        if came && state.opened.is_some() {
            return Poll::Ready(());
        }
        state.waiting.push(cx.waker().clone());
        if !came {
            state.missing = state.missing.saturating_sub(1);
            if state.missing == 0 {
                state.opened = Some((memory_in_use(), thread_cpu()));
                let waiting = std::mem::take(&mut state.waiting);
                drop(state);
                waiting.iter().for_each(Waker::wake_by_ref);
            }
        }
        Poll::Pending
    }
}

/// Bytes of memory this process has, from `/proc`.
pub fn memory_in_use() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
}
