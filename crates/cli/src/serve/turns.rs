//! The turns of an instance: its task gives them to it, or who gives it a request does, and the task sees to what is left.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::task::spawn_local;
use tokio::time::sleep;

use super::app::{App, Running};
use super::bell::Bell;
use super::pool::Alive;
use super::worker::Pulse;

/// An instance while it runs.
pub struct Turns {
    /// None while it has a turn, and at its end.
    runs: RefCell<Option<Runs>>,
    bell: Arc<Bell>,
    waker: Waker,
    pulse: Arc<Pulse>,
    /// Whether there is a task that gives it turns.
    has_task: Cell<bool>,
    /// How long it may still go on; none while there may be requests for it.
    rest: Cell<Option<Duration>>,
    /// Hears what it ended with.
    ended: Box<dyn Fn(thalweg::Result<()>)>,
}

/// What an instance is made of. It needs its `App`, which has the clock that interrupts it.
struct Runs {
    running: Running,
    _alive: Alive,
    _app: Arc<App>,
}

impl Turns {
    /// Those of the instance that `running` is; `ended` hears what it ended with, unless it was broken off.
    pub fn new(
        running: Running,
        (alive, app): (Alive, Arc<App>),
        pulse: &Arc<Pulse>,
        ended: impl Fn(thalweg::Result<()>) + 'static,
    ) -> Rc<Turns> {
        let bell = Arc::new(Bell::default());
        Rc::new(Turns {
            runs: RefCell::new(Some(Runs { running, _alive: alive, _app: app })),
            waker: bell.clone().into(),
            bell,
            pulse: pulse.clone(),
            has_task: Cell::new(false),
            rest: Cell::new(None),
            ended: Box::new(ended),
        })
    }

    /// Does `what`, which gives the instance something to do, and lets it do that at once as far as it can without waiting.
    /// If that is not all, it has to [go on](Self::go_on).
    pub fn now<R>(self: &Rc<Self>, what: impl FnOnce() -> R) -> R {
        self.bell.hold();
        let done = what();
        self.bell.forget();
        self.turn();
        if self.is_over() {
            // The task, if there is one, has to hear of it.
            self.waker.wake_by_ref();
        }
        self.bell.let_go();
        done
    }

    /// Has a task see to what it still has to do.
    pub fn go_on(self: &Rc<Self>) {
        if !self.is_over() {
            self.have_task();
        }
    }

    /// Does `what`, which gives the instance something to do, and leaves that to its task.
    pub fn later<R>(self: &Rc<Self>, what: impl FnOnce() -> R) -> R {
        self.have_task();
        what()
    }

    /// There are no more requests for it: it may go on for `rest`. One without a task has nothing to go on with.
    pub fn end_after(&self, rest: Duration) {
        self.rest.set(Some(rest));
        self.waker.wake_by_ref();
    }

    fn have_task(self: &Rc<Self>) {
        if !self.has_task.replace(true) {
            spawn_local(self.clone().see_to());
        }
    }

    fn is_over(&self) -> bool {
        self.runs.borrow().is_none()
    }

    /// Lets it run until it waits or ends. Nothing happens in the midst of a turn: it hears the bell.
    fn turn(&self) {
        let Some(mut runs) = self.runs.take() else { return };
        let polled = self.pulse.watch(|| runs.running.as_mut().poll(&mut Context::from_waker(&self.waker)));
        match polled {
            Poll::Pending => *self.runs.borrow_mut() = Some(runs),
            Poll::Ready(outcome) => {
                drop(runs);
                (self.ended)(outcome);
            }
        }
    }

    /// Gives it turns until it is at its end, or goes on for too long after its last request.
    async fn see_to(self: Rc<Self>) {
        let mut time = None;
        poll_fn(|cx| {
            self.bell.wakes(cx.waker());
            self.turn();
            if self.is_over() {
                return Poll::Ready(());
            }
            let Some(rest) = self.rest.get() else { return Poll::Pending };
            time.get_or_insert_with(|| Box::pin(sleep(rest))).as_mut().poll(cx)
        })
        .await;
        // Outside of the borrow: what it is made of may ring the bell.
        drop(self.runs.take());
    }
}
