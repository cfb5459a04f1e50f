//! A thread that answers requests: its reactor, its connections, its instances.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::sleep;

use super::connection;
use super::pool::Pool;
use super::shared::{Phase, Shared};
use super::stream::{Peer, Stream};
use crate::load::io_text;
use crate::report::Failure;
use crate::run::grants::Grants;

/// A guest that computes for longer holds its worker up.
const HELD_UP: Duration = Duration::from_millis(50);
/// How often a worker at its end looks whether its instances are.
const ENDING: Duration = Duration::from_millis(5);

/// A connection on its way to a worker.
pub struct Accepted {
    /// The connection.
    pub stream: Stream,
    /// The other side.
    pub peer: Peer,
    /// Its place among the connections that are open.
    pub place: Place,
}

/// The place of a connection among those that are open, of the worker and of all.
pub struct Place {
    pulse: Arc<Pulse>,
    shared: Arc<Shared>,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    /// A place at the worker of `pulse`.
    pub fn new(pulse: &Arc<Pulse>, permit: OwnedSemaphorePermit, shared: &Arc<Shared>) -> Place {
        pulse.connections.fetch_add(1, Ordering::Relaxed);
        shared.metrics.connections.fetch_add(1, Ordering::Relaxed);
        shared.metrics.connections_open.fetch_add(1, Ordering::Relaxed);
        Place { pulse: pulse.clone(), shared: shared.clone(), _permit: permit }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.pulse.connections.fetch_sub(1, Ordering::Relaxed);
        self.shared.metrics.connections_open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Whether a worker's thread is with a guest, for other threads to see.
pub struct Pulse {
    begun: Instant,
    /// Nanoseconds from `begun` to when the guest that runs now was entered; 0 when none runs.
    entered: AtomicU64,
    /// Connections that are open.
    pub connections: AtomicUsize,
}

impl Pulse {
    /// Of a worker that does nothing yet.
    pub fn new() -> Arc<Pulse> {
        Arc::new(Pulse { begun: Instant::now(), entered: AtomicU64::new(0), connections: AtomicUsize::new(0) })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX).max(1)
    }

    /// Whether the worker can't see to its connections because a guest computes.
    pub fn is_held_up(&self) -> bool {
        let entered = self.entered.load(Ordering::Relaxed);
        entered != 0 && u128::from(self.now().saturating_sub(entered)) > HELD_UP.as_nanos()
    }

    /// Runs a guest.
    pub fn watch<R>(&self, guest: impl FnOnce() -> R) -> R {
        self.entered.store(self.now(), Ordering::Relaxed);
        let left = guest();
        self.entered.store(0, Ordering::Relaxed);
        left
    }
}

/// A worker, as the main thread sees it.
pub struct Worker {
    /// Where its connections go.
    pub connections: UnboundedSender<Accepted>,
    /// What it does.
    pub pulse: Arc<Pulse>,
}

/// What a thread needs to be a worker.
pub struct Task {
    /// The server.
    pub shared: Arc<Shared>,
    /// What its guests are given.
    pub grants: Grants,
    /// What it does.
    pub pulse: Arc<Pulse>,
    /// Its connections; the end of these is the worker's.
    pub connections: UnboundedReceiver<Accepted>,
    /// Hears when the first instance is there, or that there will be none.
    pub ready: oneshot::Sender<Result<(), Failure>>,
}

impl Task {
    /// Answers requests until no connections come any more and those that came are done.
    pub fn run(self) {
        let reactor = match runtime::Builder::new_current_thread().enable_all().build() {
            Ok(reactor) => reactor,
            Err(error) => {
                let failure = Failure::new(format!("can't start the reactor of a worker: {}", io_text(&error)));
                let _ = self.ready.send(Err(failure));
                return;
            }
        };
        LocalSet::new().block_on(&reactor, self.work());
        // A thread that reads standard input never ends by itself.
        reactor.shutdown_background();
    }

    async fn work(self) {
        let Task { shared, grants, pulse, mut connections, ready } = self;
        let pool = Pool::new(shared.clone(), grants, pulse.clone());
        // Nobody listens when the server could not start.
        let _ = ready.send(pool.fill_spare().await);
        let sweeping = spawn_local(pool.clone().sweep());
        while let Some(accepted) = connections.recv().await {
            spawn_local(serve(accepted, shared.clone(), pool.clone()));
        }
        while pulse.connections.load(Ordering::Relaxed) > 0 {
            sleep(ENDING).await;
        }
        sweeping.abort();
        pool.close();
        while pool.alive() > 0 && *shared.phase.borrow() != Phase::Ending {
            sleep(ENDING).await;
        }
    }
}

async fn serve(accepted: Accepted, shared: Arc<Shared>, pool: Rc<Pool>) {
    let Accepted { stream, peer, place } = accepted;
    connection::serve(stream, peer, &shared, &pool).await;
    drop(place);
}
