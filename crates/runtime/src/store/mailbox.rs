//! How host futures and host ends reach the store without holding it: they leave word here.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

use crate::host::{FutureTarget, HostConsumer, HostTaskId};
use crate::stream::SharedId;
use crate::task::TaskId;

/// Something of the host that can be polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostSource {
    /// A host function under way, or a future that was spawned.
    Task(HostTaskId),
    /// A producer, consumer, source or target at an end of a stream or future.
    Shared(SharedId),
}

/// A wish that the store carries out in its next turn.
pub(crate) enum Command {
    /// Attaches a consumer to the readable end of a stream.
    Consume { shared: SharedId, consumer: Box<dyn HostConsumer> },
    /// Asks for the value of a future.
    ReadFuture { shared: SharedId, target: Box<dyn FutureTarget> },
    /// Drops a readable end that the host holds.
    DropReadable { shared: SharedId },
    /// Asks a call to stop.
    Cancel(TaskId),
    /// Polls a future until it is done.
    Spawn(Pin<Box<dyn Future<Output = ()> + Send>>),
}

#[derive(Default)]
struct Contents {
    commands: Vec<Command>,
    woken: Vec<HostSource>,
    waker: Option<Waker>,
}

/// Commands and wake-ups for one store.
#[derive(Default)]
pub(crate) struct Mailbox(Mutex<Contents>);

impl Mailbox {
    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves a command.
    pub(crate) fn send(&self, command: Command) {
        let waker = {
            let mut contents = self.contents();
            contents.commands.push(command);
            contents.waker.take()
        };
        if let Some(_waker) = waker {
            Waker::wake(_waker)
        }
    }

    /// Leaves a future to be polled.
    pub(crate) fn spawn(&self, future: Pin<Box<dyn Future<Output = ()> + Send>>) {
        self.send(Command::Spawn(future));
    }

    /// Takes all commands.
    pub(crate) fn take_commands(&self) -> Vec<Command> {
        mem::take(&mut self.contents().commands)
    }

    /// Takes all wake-ups.
    pub(crate) fn take_woken(&self) -> Vec<HostSource> {
        mem::take(&mut self.contents().woken)
    }

    /// Whether there is nothing to take.
    pub(crate) fn is_empty(&self) -> bool {
        let contents = self.contents();
        contents.commands.is_empty() && contents.woken.is_empty()
    }

    /// Wakes `waker` when something arrives.
    pub(crate) fn wake_when_filled(&self, waker: &Waker) {
        let mut contents = self.contents();
        if !contents.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            contents.waker = Some(waker.clone());
        }
    }

    /// Notes that `source` wants to be polled.
    pub(crate) fn wake(&self, source: HostSource) {
        let waker = {
            let mut contents = self.contents();
            contents.woken.push(source);
            contents.waker.take()
        };
        if let Some(_waker) = waker {
            Waker::wake(_waker)
        }
    }
}

struct SourceWaker {
    mailbox: Arc<Mailbox>,
    source: HostSource,
}

impl Wake for SourceWaker {
    fn wake(self: Arc<Self>) {
        self.mailbox.wake(self.source);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.mailbox.wake(self.source);
    }
}

/// A waker that notes in `mailbox` that `source` wants to be polled.
pub(crate) fn source_waker(mailbox: &Arc<Mailbox>, source: HostSource) -> Waker {
    Waker::from(Arc::new(SourceWaker { mailbox: mailbox.clone(), source }))
}
