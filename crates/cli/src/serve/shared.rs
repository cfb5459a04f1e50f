//! What all threads of a server see.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use super::access_log::AccessLog;
use super::app::App;
use super::args::ServeArgs;
use super::limits::Limits;
use super::metrics::Metrics;
use super::request_headers::RequestHeaders;

/// Whether new work is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// There are no instances yet.
    Starting,
    /// It is.
    Serving,
    /// What has begun is finished.
    Draining,
    /// What has begun is broken off.
    Ending,
}

/// A server, as its threads share it.
pub struct Shared {
    /// The limits.
    pub limits: Limits,
    /// What makes HTTPS of a connection.
    pub tls: Option<TlsAcceptor>,
    /// What every request has when a component gets it.
    pub headers: RequestHeaders,
    /// What is counted.
    pub metrics: Metrics,
    /// What is written of each request.
    pub access_log: AccessLog,
    /// One permit for each request that may be answered now.
    pub requests: Arc<Semaphore>,
    /// Goes from one to the next.
    pub phase: watch::Sender<Phase>,
    app: RwLock<Arc<App>>,
    version: AtomicU64,
}

impl Shared {
    /// A server of `app`.
    pub fn new(args: &ServeArgs, limits: Limits, tls: Option<TlsAcceptor>, app: App) -> Shared {
        Shared {
            requests: Arc::new(Semaphore::new(limits.max_concurrent_requests)),
            phase: watch::Sender::new(Phase::Starting),
            limits,
            tls,
            headers: args.headers.fields(),
            metrics: Metrics::default(),
            access_log: AccessLog::start(args.access_log),
            app: RwLock::new(Arc::new(app)),
            version: AtomicU64::new(0),
        }
    }

    /// Waits until it is in `phase`, or past it.
    pub async fn reaches(&self, phase: Phase) {
        // The sender is part of this.
        let _ = self.phase.subscribe().wait_for(|now| *now >= phase).await;
    }

    /// What is served now.
    pub fn app(&self) -> Arc<App> {
        self.app.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Serves `app` from now on; requests that have begun stay where they are.
    pub fn replace(&self, app: App) {
        *self.app.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(app);
        self.version.fetch_add(1, Ordering::Release);
    }

    /// Grows with each replacement.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }
}
