//! The main thread of a server: its sockets, its workers, its end.

use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::{JoinHandle, LocalSet, spawn_local};
use tokio::time::timeout;

use super::accept::accept;
use super::admin::administer;
use super::app::Loader;
use super::args::ServeArgs;
use super::first::{First, first};
use super::listen::tcp;
use super::shared::{Phase, Shared};
use super::watch::watch;
use super::worker::{Pulse, Task, Worker};
use crate::load::io_text;
use crate::report::{self, Failure, HeldNotes};
use crate::run::grants::Grants;

/// Time for the workers to reset connections.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Serves until a signal ends it, with a worker for each of `grants`. `loader` loads the component again.
/// Notes are held back by `notes` until the server has said where it serves.
pub fn supervise(
    args: &ServeArgs,
    shared: Shared,
    loader: Loader,
    grants: Vec<Grants>,
    notes: HeldNotes,
) -> Result<ExitCode, Failure> {
    let shared = Arc::new(shared);
    let reactor = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("can't start the reactor: {}", io_text(&error))))?;
    let served = LocalSet::new().block_on(&reactor, serve(args, shared, loader, grants, notes));
    reactor.shutdown_background();
    served
}

async fn serve(
    args: &ServeArgs,
    shared: Arc<Shared>,
    loader: Loader,
    grants: Vec<Grants>,
    notes: HeldNotes,
) -> Result<ExitCode, Failure> {
    let mut signals = Signals::new()?;
    let listeners = args.listen.listen().await?;
    let admin = match args.admin_addr {
        Some(addr) => Some(tcp(addr).await?),
        None => None,
    };
    for listener in &listeners {
        report::line(&format!("Serving HTTP on {}", listener.url(shared.tls.is_some())));
    }
    if let Some((listener, addr)) = admin {
        report::line(&format!("Administration on http://{addr}/"));
        spawn_local(administer(listener, shared.clone()));
    }
    drop(notes);
    let (workers, mut ended) = start(&shared, grants).await?;
    shared.phase.send_replace(Phase::Serving);
    if args.watch {
        let (files, shared) = (loader.files(), shared.clone());
        spawn_local(async move { watch(&files, move || loader.load(), shared).await });
    }
    let places = Arc::new(Semaphore::new(shared.limits.max_concurrent_connections));
    let accepting: Vec<JoinHandle<()>> = listeners
        .into_iter()
        .map(|listener| spawn_local(accept(listener, workers.clone(), places.clone(), shared.clone())))
        .collect();
    if let First::Right(_) = first(signals.next(), ended.recv()).await {
        return Err(Failure::new("a worker of the server ended"));
    }
    for accepting in accepting {
        accepting.abort();
        // It is over when the socket is closed.
        let _ = accepting.await;
    }
    shared.phase.send_replace(Phase::Draining);
    drop(workers);
    drain(&mut signals, &mut ended, &shared).await
}

async fn all_end(workers: &mut mpsc::Receiver<()>) {
    while workers.recv().await.is_some() {}
}

/// Waits until every worker has finished what it began.
async fn drain(signals: &mut Signals, ended: &mut mpsc::Receiver<()>, shared: &Shared) -> Result<ExitCode, Failure> {
    let limit = shared.limits.shutdown_timeout;
    let failure = match first(timeout(limit, all_end(ended)), signals.next()).await {
        First::Left(Ok(())) => return Ok(ExitCode::SUCCESS),
        First::Left(Err(_)) => {
            Failure::new(format!("requests were cut off: they did not end within {} s", limit.as_secs_f64()))
                .with_help("--shutdown-timeout gives them more time")
        }
        First::Right(()) => Failure::new("requests were cut off by a second signal"),
    };
    shared.phase.send_replace(Phase::Ending);
    // Connections are reset. A worker that is with a guest that computes does not hear of it.
    let _ = timeout(LAST_WORDS, all_end(ended)).await;
    Err(failure)
}

/// Starts the workers and waits until each has an instance. The receiver hears of every worker that ends.
async fn start(shared: &Arc<Shared>, grants: Vec<Grants>) -> Result<(Rc<[Worker]>, mpsc::Receiver<()>), Failure> {
    let (end, ended) = mpsc::channel(1);
    let (mut workers, mut starting) = (Vec::new(), Vec::new());
    for (number, grants) in grants.into_iter().enumerate() {
        let (connections, taken) = mpsc::unbounded_channel();
        let (ready, is_ready) = oneshot::channel();
        let pulse = Pulse::new();
        let task = Task { shared: shared.clone(), grants, pulse: pulse.clone(), connections: taken, ready };
        let end = end.clone();
        thread::Builder::new()
            .name(format!("worker-{number}"))
            .spawn(move || {
                let _end = Ending(end);
                task.run();
            })
            .map_err(|error| Failure::new(format!("can't start a worker: {}", io_text(&error))))?;
        workers.push(Worker { connections, pulse });
        starting.push(is_ready);
    }
    for is_ready in starting {
        is_ready.await.unwrap_or_else(|_| Err(Failure::new("a worker of the server ended")))?;
    }
    Ok((workers.into(), ended))
}

/// Tells that a worker ended, also when it panicked.
struct Ending(mpsc::Sender<()>);

impl Drop for Ending {
    fn drop(&mut self) {
        // One word is enough: while there is work, none is expected.
        let _ = self.0.try_send(());
    }
}

/// The signals that end a server.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> Result<Signals, Failure> {
        let hear =
            |kind| signal(kind).map_err(|error| Failure::new(format!("can't hear signals: {}", io_text(&error))));
        Ok(Signals { interrupt: hear(SignalKind::interrupt())?, terminate: hear(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        first(self.interrupt.recv(), self.terminate.recv()).await;
    }
}
