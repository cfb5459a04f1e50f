//! What all threads of a server see.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{Semaphore, watch};

use super::app::App;
use super::limits::Limits;
use super::pool::PoolPolicy;

/// Whether new work is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It is.
    Serving,
    /// What has begun is finished.
    Draining,
}

/// A server, as its threads share it.
pub struct Shared {
    /// The limits.
    pub limits: Limits,
    /// How instances are used.
    pub policy: PoolPolicy,
    /// One permit for each request that may be answered now.
    pub requests: Arc<Semaphore>,
    /// Changes once.
    pub phase: watch::Sender<Phase>,
    app: RwLock<Arc<App>>,
    version: AtomicU64,
}

impl Shared {
    /// A server of `app`.
    pub fn new(limits: Limits, policy: PoolPolicy, app: App) -> Shared {
        Shared {
            requests: Arc::new(Semaphore::new(limits.max_concurrent_requests)),
            phase: watch::Sender::new(Phase::Serving),
            limits,
            policy,
            app: RwLock::new(Arc::new(app)),
            version: AtomicU64::new(0),
        }
    }

    /// What is served now.
    pub fn app(&self) -> Arc<App> {
        self.app.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Grows with each replacement.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }
}
