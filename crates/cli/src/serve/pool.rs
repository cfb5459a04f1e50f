//! The instances of one worker: kept ready, used by several requests at once, replaced when they are used up or broken.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use clap::Args;
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep};

use super::app::App;
use super::generation::Generation;
use super::lease::{Lease, Live};
use super::next::Next;
use super::shared::Shared;
use super::turns::Turns;
use super::worker::Pulse;
use crate::options::duration;
use crate::report::{self, Failure};
use crate::run::grants::Grants;

/// How instances are used, on the command line; the names are those of `wasmtime serve`.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Instances")]
pub struct PoolArgs {
    /// Requests that one instance answers before it is replaced (default: 128; 1 for a component of WASI 0.2)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_instance_reuse_count: Option<u32>,
    /// Requests that one instance answers at the same time (default: 16; always 1 for a component of WASI 0.2)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_instance_concurrent_reuse_count: Option<u32>,
    /// Time after which an instance without a request is dropped
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "1s")]
    idle_instance_timeout: Duration,
}

/// How instances are used.
#[derive(Debug, Clone, Copy)]
pub struct PoolPolicy {
    /// Requests in the life of an instance.
    pub reuse: u32,
    /// Whether a task can be asked to stop. The tasks of 0.2 cannot, and hold up what comes after them.
    pub cancels: bool,
    /// Requests at the same time.
    pub concurrent: u32,
    /// How long an instance is kept without a request.
    pub idle_timeout: Duration,
}

impl PoolPolicy {
    /// Whether an instance has its turn as soon as it has a request. Most guests answer without waiting, so one that takes
    /// a request at a time is free for the next one then, or can be dropped. One that takes several does them in a row.
    pub fn answers_at_once(&self) -> bool {
        self.concurrent == 1
    }
}

impl PoolArgs {
    /// What holds for components of `generation`.
    pub fn policy(&self, generation: Generation) -> PoolPolicy {
        let (reuse, concurrent) = match generation {
            Generation::Handler => (128, self.max_instance_concurrent_reuse_count.unwrap_or(16)),
            Generation::IncomingHandler => (1, 1),
        };
        PoolPolicy {
            reuse: self.max_instance_reuse_count.unwrap_or(reuse),
            concurrent,
            cancels: generation == Generation::Handler,
            idle_timeout: self.idle_instance_timeout,
        }
    }
}

/// The instances of one worker.
pub struct Pool {
    shared: Arc<Shared>,
    grants: Rc<Grants>,
    pulse: Arc<Pulse>,
    made_of: RefCell<MadeOf>,
    /// Those that take requests; the one that was used last is taken first, so that the others become idle.
    ready: RefCell<Vec<Rc<Live>>>,
    /// One that was never used, so that nobody waits for it to be made.
    spare: RefCell<Option<Rc<Live>>>,
    /// Counts the instances of all pools of the worker.
    alive: Rc<Cell<usize>>,
    closed: Cell<bool>,
}

/// What instances are made of.
struct MadeOf {
    app: Arc<App>,
    /// The server's; none for what another component hands requests on to, which is replaced together with that.
    version: Option<u64>,
    /// Where instances hand requests on to.
    next: Option<Arc<Next>>,
}

impl Pool {
    /// An empty pool.
    pub fn new(shared: Arc<Shared>, grants: Grants, pulse: Arc<Pulse>) -> Rc<Pool> {
        let (version, app) = (shared.version(), shared.app());
        Pool::of(app, Some(version), shared, Rc::new(grants), pulse, Rc::default())
    }

    fn of(
        app: Arc<App>,
        version: Option<u64>,
        shared: Arc<Shared>,
        grants: Rc<Grants>,
        pulse: Arc<Pulse>,
        alive: Rc<Cell<usize>>,
    ) -> Rc<Pool> {
        let pool = Rc::new(Pool {
            shared,
            grants,
            pulse,
            made_of: RefCell::new(MadeOf { app: app.clone(), version, next: None }),
            ready: RefCell::default(),
            spare: RefCell::default(),
            alive,
            closed: Cell::new(false),
        });
        let next = pool.next(&app);
        pool.made_of.borrow_mut().next = next;
        pool
    }

    /// Where instances of `app` hand requests on to: a pool of their own.
    fn next(&self, app: &App) -> Option<Arc<Next>> {
        let next = app.next.clone()?;
        let (shared, grants, pulse) = (self.shared.clone(), self.grants.clone(), self.pulse.clone());
        Some(Arc::new(Next::new(Pool::of(next, None, shared, grants, pulse, self.alive.clone()))))
    }

    /// An instance for a request.
    pub async fn lease(self: &Rc<Self>) -> Result<Lease, Failure> {
        self.follow_version();
        let policy = self.policy();
        let free = |live: &&Rc<Live>| live.has_room(&policy);
        let found = self.ready.borrow().iter().rfind(free).cloned();
        let live = match found {
            Some(live) => live,
            None => {
                let spare = self.spare.borrow_mut().take();
                let live = match spare {
                    Some(live) => live,
                    None => self.instantiate().await?,
                };
                self.ready.borrow_mut().push(live.clone());
                self.prepare();
                live
            }
        };
        Ok(Lease::new(live, self))
    }

    /// Makes the spare instance, if there is none, when nothing else is to be done.
    fn prepare(self: &Rc<Self>) {
        let pool = self.clone();
        spawn_local(async move {
            // An error is told to the request that needs an instance.
            let _ = pool.fill_spare().await;
        });
    }

    /// Makes the spare instance, if there is none.
    pub async fn fill_spare(self: &Rc<Self>) -> Result<(), Failure> {
        if self.spare.borrow().is_none() && !self.closed.get() {
            let live = self.instantiate().await?;
            if self.spare.borrow().is_none() && !self.closed.get() {
                *self.spare.borrow_mut() = Some(live);
            }
        }
        Ok(())
    }

    /// How its instances are used.
    pub fn policy(&self) -> PoolPolicy {
        self.made_of.borrow().app.policy
    }

    async fn instantiate(self: &Rc<Self>) -> Result<Rc<Live>, Failure> {
        let (app, next) = {
            let made_of = self.made_of.borrow();
            (made_of.app.clone(), made_of.next.clone())
        };
        let (running, handle) = app.instantiate(&self.grants, next).await?;
        let made = (Alive::new(self), app);
        let rest = self.shared.limits.request_timeout;
        Ok(Rc::new_cyclic(|live: &Weak<Live>| {
            let (pool, live) = (Rc::downgrade(self), live.clone());
            let ended = move |outcome| {
                if let (Err(error), Some(pool)) = (outcome, pool.upgrade()) {
                    pool.trapped(live.upgrade(), error);
                }
            };
            Live::new(handle, Turns::new(running, made, &self.pulse, ended), rest)
        }))
    }

    /// Takes an instance out of use. It ends when its requests have.
    pub fn remove(&self, live: &Rc<Live>) {
        self.ready.borrow_mut().retain(|other| !Rc::ptr_eq(other, live));
    }

    /// Takes an instance out of use that is at its end; none if nobody uses it.
    fn trapped(&self, live: Option<Rc<Live>>, error: thalweg::Error) {
        self.shared.metrics.traps.fetch_add(1, Relaxed);
        if let Some(live) = live {
            self.remove(&live);
            self.spare.borrow_mut().take_if(|spare| Rc::ptr_eq(spare, &live));
        }
        report::fail(&Failure::from(error));
    }

    /// Uses what is served now, and lets go of what was served before.
    fn follow_version(self: &Rc<Self>) {
        let version = self.shared.version();
        if self.made_of.borrow().version.is_some_and(|made| made != version) {
            let app = self.shared.app();
            let next = self.next(&app);
            *self.made_of.borrow_mut() = MadeOf { app, version: Some(version), next };
            self.retire_all();
            self.prepare();
        }
    }

    fn retire_all(&self) {
        let spare = self.spare.borrow_mut().take();
        let ready = std::mem::take(&mut *self.ready.borrow_mut());
        drop((spare, ready));
    }

    /// Drops instances that had no request for a while, again and again.
    pub async fn sweep(self: Rc<Self>) {
        loop {
            sleep((self.policy().idle_timeout / 2).clamp(Duration::from_millis(10), Duration::from_secs(10))).await;
            self.drop_idle();
        }
    }

    fn drop_idle(&self) {
        let timeout = self.policy().idle_timeout;
        let now = Instant::now();
        // They end outside of the borrow.
        let idle: Vec<_> = self.ready.borrow_mut().extract_if(.., |live| live.is_idle(now, timeout)).collect();
        drop(idle);
    }

    /// Lets every instance end when its requests have.
    pub fn close(&self) {
        self.closed.set(true);
        self.made_of.borrow_mut().next = None;
        self.retire_all();
    }

    /// Whether the worker has one open connection at most: there is nobody else's request to do in a row with its own.
    pub fn has_one_client(&self) -> bool {
        self.pulse.connections.load(Relaxed) <= 1
    }

    /// How long a request may take.
    pub fn request_timeout(&self) -> Duration {
        self.shared.limits.request_timeout
    }

    /// Instances that are not at their end, those included that requests are handed on to.
    pub fn alive(&self) -> usize {
        self.alive.get()
    }
}

/// Counts an instance while it lives.
pub struct Alive {
    of_worker: Rc<Cell<usize>>,
    shared: Arc<Shared>,
}

impl Alive {
    fn new(pool: &Pool) -> Alive {
        pool.alive.set(pool.alive.get() + 1);
        pool.shared.metrics.instances.fetch_add(1, Relaxed);
        pool.shared.metrics.instances_alive.fetch_add(1, Relaxed);
        Alive { of_worker: pool.alive.clone(), shared: pool.shared.clone() }
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.of_worker.set(self.of_worker.get() - 1);
        self.shared.metrics.instances_alive.fetch_sub(1, Relaxed);
    }
}
