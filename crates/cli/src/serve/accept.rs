//! Accepts connections and gives each to a worker.
//!
//! One thread accepts for all: it knows which worker has the fewest connections, and which one is held up by a guest that
//! computes. A socket for each worker would let the kernel give connections to such a one.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::sleep;

use super::listen::Listener;
use super::shared::Shared;
use super::worker::{Accepted, Place, Worker};

/// Time after which a system that has no room for a connection may have some.
pub const NO_ROOM: Duration = Duration::from_millis(50);

/// Accepts until it is dropped.
pub async fn accept(listener: Listener, workers: Rc<[Worker]>, places: Arc<Semaphore>, shared: Arc<Shared>) {
    loop {
        let Ok(accepted) = listener.accept().await else {
            // The system is short of something, or the client is gone already.
            sleep(NO_ROOM).await;
            continue;
        };
        let Ok(permit) = places.clone().acquire_owned().await else { return };
        let (stream, peer) = accepted;
        let quietest = |worker: &&Worker| (worker.pulse.is_held_up(), worker.pulse.connections.load(Ordering::Relaxed));
        let Some(worker) = workers.iter().min_by_key(quietest) else { return };
        let accepted = Accepted { stream, peer, place: Place::new(&worker.pulse, permit, &shared) };
        // A worker that is gone is noticed elsewhere.
        let _ = worker.connections.send(accepted);
    }
}
