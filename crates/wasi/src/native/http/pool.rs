//! Connections that wait for the next request to the same server.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;

use super::connection::{Connection, SentAll};

/// How long a connection waits.
const MAX_IDLE: Duration = Duration::from_secs(20);
/// How many wait for one server.
const MAX_IDLE_PER_SERVER: usize = 8;
/// How many wait in all.
const MAX_IDLE_IN_ALL: usize = 128;

/// Which server, and how it is spoken to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) tls: bool,
    /// Host and port, as they were written.
    pub(super) authority: String,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

/// See the page.
#[derive(Default)]
pub(super) struct Pool {
    servers: Mutex<HashMap<Key, Vec<Idle>>>,
    /// Somebody will close what waited too long.
    swept: AtomicBool,
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Vec<Idle>>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection to the server of `key` whose address is `granted`.
    pub(super) fn take(&self, key: &Key, granted: impl Fn(SocketAddr) -> bool) -> Option<Connection> {
        let mut servers = self.lock();
        let waiting = servers.get_mut(key)?;
        waiting.retain(|idle| !idle.connection.is_closed() && idle.since.elapsed() < MAX_IDLE);
        let at = waiting.iter().rposition(|idle| granted(idle.connection.address()))?;
        let taken = waiting.swap_remove(at).connection;
        if waiting.is_empty() {
            servers.remove(key);
        }
        Some(taken)
    }

    /// Lets `connection`, if there is one, wait. When there are enough it is closed.
    pub(super) fn put(self: &Arc<Self>, key: Key, connection: Option<Connection>) {
        let Some(connection) = connection else { return };
        let mut servers = self.lock();
        let all: usize = servers.values().map(Vec::len).sum();
        let waiting = servers.entry(key).or_default();
        if all >= MAX_IDLE_IN_ALL || waiting.len() >= MAX_IDLE_PER_SERVER {
            return;
        }
        waiting.push(Idle { connection, since: Instant::now() });
        drop(servers);
        if !self.swept.swap(true, Ordering::AcqRel) {
            tokio::spawn(sweep(Sweeper(Arc::downgrade(self))));
        }
    }
}

/// Whoever sweeps; the next connection that waits finds another.
struct Sweeper(Weak<Pool>);

impl Drop for Sweeper {
    fn drop(&mut self) {
        if let Some(pool) = self.0.upgrade() {
            pool.swept.store(false, Ordering::Release);
        }
    }
}

/// Closes what waited too long, until nothing waits.
async fn sweep(sweeper: Sweeper) {
    loop {
        tokio::time::sleep(MAX_IDLE / 2).await;
        let Some(pool) = sweeper.0.upgrade() else { return };
        let mut servers = pool.lock();
        servers.retain(|_, waiting| {
            waiting.retain(|idle| !idle.connection.is_closed() && idle.since.elapsed() < MAX_IDLE);
            !waiting.is_empty()
        });
        if servers.is_empty() {
            pool.swept.store(false, Ordering::Release);
            return;
        }
    }
}

/// A connection during an exchange. Dropping it closes the connection, or ends the exchange of a shared one.
pub(super) struct Lease {
    pool: Weak<Pool>,
    key: Key,
    connection: Connection,
    sent_all: SentAll,
}

impl Lease {
    pub(super) fn new(pool: &Arc<Pool>, key: Key, connection: Connection, sent_all: SentAll) -> Self {
        Lease { pool: Arc::downgrade(pool), key, connection, sent_all }
    }

    /// The response was read to its end. While the request is still being sent, nothing else can be.
    pub(super) fn end(self) {
        if let Some(pool) = self.pool.upgrade()
            && self.sent_all.get()
            && !self.connection.is_shared()
        {
            pool.put(self.key, Some(self.connection));
        }
    }
}
