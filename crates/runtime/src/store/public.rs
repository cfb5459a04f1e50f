//! The store as embedders see it.

use std::future::poll_fn;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, ready};

use super::dump::{deadlock, waiting};
use super::{Choose, Progress, State, tick};
use crate::component::Engine;
use crate::engine::{EngineStore, StoreMut};
use crate::error::bug;
use crate::host::{Access, StartedCall, lock};
use crate::task::{TaskId, is_over, request_cancellation};
use crate::{Error, ErrorKind, Result, Trap};

/// Turns of the loop before other work of the embedder's executor gets a chance, by default.
const TURNS_PER_POLL: usize = 1024;

/// Holds everything that lives while components run, and the embedder's data `T`.
///
/// Nothing runs by itself: a store moves while [`finish`](Self::finish) or [`settle`](Self::settle) is polled.
pub struct Store<T> {
    inner: EngineStore,
    data: Arc<Mutex<T>>,
    engine: Engine,
    /// Turns of the loop in one poll.
    turns_per_poll: usize,
    /// What ended the store: after a trap nothing in it may be entered again.
    poisoned: Option<String>,
    of: PhantomData<T>,
}

impl<T> Drop for Store<T> {
    fn drop(&mut self) {
        self.inner.state().mailbox.close();
    }
}

/// The embedder's data, locked.
pub struct DataGuard<'a, T>(MutexGuard<'a, T>);

impl<T> Deref for DataGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for DataGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Send + 'static> Store<T> {
    /// An empty store with the engine's limits.
    #[must_use]
    pub fn new(engine: &Engine, data: T) -> Self {
        let data = Arc::new(Mutex::new(data));
        let mut state = State::new(engine.limits().clone(), Choose::first(), Arc::new(data.clone()));
        state.rules = engine.features().async_rules();
        let inner = EngineStore::new(engine.core(), state);
        let (engine, turns_per_poll) = (engine.clone(), TURNS_PER_POLL);
        let mut store = Store { inner, data, engine, turns_per_poll, poisoned: None, of: PhantomData };
        // Without a deadline of its own a store is never interrupted.
        store.inner.as_mut().set_epoch_deadline(u64::MAX / 2);
        store
    }

    /// The embedder's data, for reading. Let go of it before running guests.
    pub fn data(&self) -> DataGuard<'_, T> {
        DataGuard(lock(&self.data))
    }

    /// The embedder's data, to change. Let go of it before running guests.
    pub fn data_mut(&mut self) -> DataGuard<'_, T> {
        DataGuard(lock(&self.data))
    }

    /// A handle to the data for futures of the embedder.
    #[must_use]
    pub fn access(&self) -> Access<T> {
        Access { data: self.data.clone(), mailbox: self.state().mailbox.clone() }
    }

    /// The engine it belongs to.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// How open choices are made from now on.
    pub fn set_choose(&mut self, choose: Choose) {
        self.inner.as_mut().state_mut().choose = choose;
    }

    /// How many turns the store makes in one poll of [`finish`](Self::finish) or [`settle`](Self::settle) before it lets
    /// other work of the executor go on; at least 1. Default: 1024.
    pub fn set_turns_per_poll(&mut self, turns: usize) {
        self.turns_per_poll = turns.max(1);
    }

    /// Interrupts guests after `ticks` calls of [`Engine::increment_epoch`]. Needs `Config::epoch_interruption`.
    pub fn set_epoch_deadline(&mut self, ticks: u64) {
        self.inner.as_mut().set_epoch_deadline(ticks);
    }

    /// Sets how much fuel guests have. Needs `Config::fuel`.
    ///
    /// # Errors
    ///
    /// When the engine does not count fuel.
    pub fn set_fuel(&mut self, fuel: u64) -> Result<()> {
        self.inner.as_mut().set_fuel(fuel)
    }

    pub(crate) fn state(&self) -> &State {
        self.inner.state()
    }

    /// Runs `body`; an error of it poisons the store, as every guest's trap does.
    pub(crate) fn run<R>(&mut self, body: impl FnOnce(&mut StoreMut<'_>) -> Result<R>) -> Result<R> {
        if let Some(why) = &self.poisoned {
            let error = Error::new(ErrorKind::Trap(Trap::CannotEnter), Trap::CannotEnter.to_string());
            return Err(error.with_have(format!("an earlier error ended this store: {why}")));
        }
        let result = body(&mut self.inner.as_mut());
        if let Err(error) = &result {
            self.poisoned = Some(error.message().to_string());
        }
        result
    }

    /// Runs the store until `call` has its result. Other calls go on meanwhile.
    ///
    /// Dropping the future cancels the call, as dropping `call` does; the store stands still until it is polled again.
    ///
    /// # Errors
    ///
    /// A trap anywhere in the store; a deadlock, with who waits for what; a call that was cancelled.
    pub async fn finish<R>(&mut self, mut call: StartedCall<R>) -> Result<R> {
        poll_fn(|cx| self.poll(cx, |store| store.result_of(&mut call))).await
    }

    /// Runs the store until `task` is over.
    pub(crate) async fn finish_task(&mut self, task: TaskId) -> Result<()> {
        poll_fn(|cx| self.poll(cx, |store| is_over(&store.state().tasks, task).then_some(Ok(())))).await
    }

    /// Runs the store until no task is left in it: what guests do after they returned.
    ///
    /// # Errors
    ///
    /// A trap anywhere in the store, or a deadlock.
    pub async fn settle(&mut self) -> Result<()> {
        poll_fn(|cx| self.poll(cx, |store| (store.state().tasks.len() == 0).then_some(Ok(())))).await
    }

    /// Moves the store as far as it goes now, for whoever drives several calls at once: start them with
    /// [`TypedFunc::start`](crate::TypedFunc::start), poll this, look with [`result_of`](Self::result_of).
    ///
    /// `Pending`: it waits for the host, and `cx` will be woken. `Ready(Ok)`: nothing of the host is under way, so only
    /// another call would move it; the waker is kept for that case, too. That tasks are left then is no error here.
    ///
    /// # Errors
    ///
    /// A trap anywhere in the store.
    pub fn poll_progress(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let mut left = self.turns_per_poll;
        while left > 0 {
            match self.tick(&mut left) {
                Err(error) => return Poll::Ready(Err(error)),
                Ok(Progress::Made) => {}
                Ok(Progress::None) => return self.idle(cx).map(Ok),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// The result of `call`, once, when it is there. It is an error when the call ended without one.
    pub fn result_of<R>(&self, call: &mut StartedCall<R>) -> Option<Result<R>> {
        if !is_over(&self.state().tasks, call.task) {
            return None;
        }
        let result = call.outbox.take().ok_or_else(|| Error::host("the call was cancelled"));
        call.mailbox = None;
        Some(result)
    }

    /// Asks a call to stop. Spec: `request_cancellation`. It may still return; if it does not, finishing it is an error.
    ///
    /// # Errors
    ///
    /// A trap of the callee when it hears of it.
    pub fn cancel<R>(&mut self, call: &StartedCall<R>) -> Result<()> {
        let task = call.task;
        self.run(|store| request_cancellation(store, task))
    }

    /// Who waits for what, in words, if there are tasks: for a call that takes too long. The store cannot know whether what
    /// the host does will ever end; when nothing of the host is under way, [`finish`](Self::finish) reports a deadlock
    /// itself.
    #[must_use]
    pub fn waiting(&self) -> Option<String> {
        (self.state().tasks.len() > 0).then(|| waiting(self.state()))
    }

    /// How many tasks, handles of the host and copies are alive: what a leak would raise.
    #[must_use]
    pub fn live(&self) -> Live {
        let state = self.state();
        Live {
            tasks: state.tasks.len(),
            threads: state.threads.len(),
            stacks: state.threads.iter().filter(|(_, thread)| thread.continuation.is_some()).count(),
            subtasks: state.subtasks.len(),
            host_tasks: state.host_tasks.len(),
            streams_and_futures: state.shared.len(),
            waitable_sets: state.sets.len(),
            ends: state.ends.len(),
            handles: state.instances.iter().map(|(_, instance)| instance.handles.len()).sum(),
            resources: state.held.len(),
            orphans: state.orphans(),
        }
    }

    fn poll<R>(&mut self, cx: &mut Context<'_>, mut done: impl FnMut(&Self) -> Option<Result<R>>) -> Poll<Result<R>> {
        let mut left = self.turns_per_poll;
        while left > 0 {
            if let Some(result) = done(self) {
                return Poll::Ready(result);
            }
            match self.tick(&mut left) {
                Err(error) => return Poll::Ready(Err(error)),
                Ok(Progress::Made) => {}
                Ok(Progress::None) => return self.wait(cx),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// One turn, or several of the turns that are `left` where one stack goes on from turn to turn; none after a call of the
    /// host has ended.
    fn tick(&mut self, left: &mut usize) -> Result<Progress> {
        let turns = *left - 1;
        let made = self.run(|store| {
            let state = store.state_mut();
            (state.turns_left, state.host_called) = (turns, false);
            tick(store)
        });
        *left = self.state().turns_left;
        made
    }

    /// Nothing moves: the host will wake us, or nobody will (`Ready`).
    fn idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mailbox = self.state().mailbox.clone();
        mailbox.wake_when_filled(cx.waker());
        if !mailbox.is_empty() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.state().host_is_busy() { Poll::Pending } else { Poll::Ready(()) }
    }

    fn wait<R>(&mut self, cx: &mut Context<'_>) -> Poll<Result<R>> {
        ready!(self.idle(cx));
        let error = deadlock(self.state()).unwrap_or_else(|| bug!("a store waits for nothing"));
        Poll::Ready(self.run(|_| Err(error)))
    }
}

/// What is alive in a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Live {
    /// Spec: `Task`.
    pub tasks: usize,
    /// Spec: `Thread`.
    pub threads: usize,
    /// Stacks of threads that wait.
    pub stacks: usize,
    /// Spec: `Subtask`.
    pub subtasks: usize,
    /// Host functions and spawned futures under way.
    pub host_tasks: usize,
    /// Spec: `SharedStreamImpl`, `SharedFutureImpl`.
    pub streams_and_futures: usize,
    /// Spec: `WaitableSet`.
    pub waitable_sets: usize,
    /// Spec: `CopyEnd`.
    pub ends: usize,
    /// Handles in the tables of all component instances.
    pub handles: usize,
    /// Resources of guests that the host owns: it got them, and has not passed them on or dropped them.
    pub resources: usize,
    /// Subtasks, sets and ends that no handle stands for and no thread waits for. Always 0, or the runtime leaks.
    pub orphans: usize,
}
