//! How host futures and host ends reach the store without holding it: they leave word here.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

use crate::host::{FutureTarget, HostConsumer};
use crate::stream::SharedId;
use crate::task::TaskId;

/// Something of the host that can be polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostSource {
    /// A host function under way, or a future that was spawned: the number of its place, so that one waker serves all that
    /// are there one after the other. To be polled once more than needed hurts no future.
    Task(u32),
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

/// What was left for a store.
#[derive(Default)]
pub(crate) struct Words {
    /// Wishes, oldest first.
    pub(crate) commands: Vec<Command>,
    /// Who wants to be polled, oldest first.
    pub(crate) woken: Vec<HostSource>,
}

#[derive(Default)]
struct Contents {
    words: Words,
    waker: Option<Waker>,
    /// The store is gone.
    closed: bool,
}

/// Commands and wake-ups for one store.
#[derive(Default)]
pub(crate) struct Mailbox {
    /// Whether there may be something to take: looked at in every turn, without the lock.
    filled: AtomicBool,
    contents: Mutex<Contents>,
}

impl Mailbox {
    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self, word: impl FnOnce(&mut Words)) {
        let waker = {
            let mut contents = self.contents();
            if contents.closed {
                drop(contents);
                return word(&mut Words::default());
            }
            word(&mut contents.words);
            self.filled.store(true, Ordering::Release);
            contents.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Leaves a command.
    pub(crate) fn send(&self, command: Command) {
        self.leave(|words| words.commands.push(command));
    }

    /// Leaves a future to be polled.
    pub(crate) fn spawn(&self, future: Pin<Box<dyn Future<Output = ()> + Send>>) {
        self.send(Command::Spawn(future));
    }

    /// Takes what there is and leaves `room`, which is empty, for what comes.
    pub(crate) fn take(&self, room: &mut Words) {
        let mut contents = self.contents();
        self.filled.store(false, Ordering::Release);
        mem::swap(&mut contents.words, room);
    }

    /// Drops what is left and what comes: the store is gone. A future that waits here may hold an `Access`, and with it this
    /// mailbox, so it would be kept for ever.
    pub(crate) fn close(&self) {
        let left = {
            let mut contents = self.contents();
            contents.closed = true;
            mem::take(&mut contents.words)
        };
        drop(left);
    }

    /// Whether there is nothing to take.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        !self.filled.load(Ordering::Acquire)
    }

    /// Whether there are commands.
    #[inline]
    pub(crate) fn has_commands(&self) -> bool {
        !self.is_empty() && !self.contents().words.commands.is_empty()
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
        self.leave(|words| words.woken.push(source));
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
