//! A line of execution of a task. Spec: `Thread`.

use super::{SubtaskId, TaskId, WaitFor, WaitableRef, WaitableSetId};
use crate::engine::{Continuation, CoreMemory};
use crate::store::Id;
use crate::stream::CopyEndId;

/// A thread of the store.
pub(crate) type ThreadId = Id<Thread>;

/// What a thread runs when it is resumed the next time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The implicit thread before its task was entered.
    Enter,
    /// A core call is under way: the callee, a callback, or an explicit thread's function.
    Running,
    /// The implicit thread between callbacks; it has no stack. Spec: the event loop of `canon_lift`.
    EventLoop,
    /// Over.
    Done,
}

/// What a parked built-in does when its thread goes on, to compute what it answers to the guest.
#[derive(Clone, Copy)]
pub(crate) enum Resumption {
    /// Nothing is owed.
    None,
    /// The answer is there.
    Ready(u64),
    /// Delivers an event of a set into memory. Spec: `canon_waitable_set_wait`.
    SetEvent { set: WaitableSetId, memory: CoreMemory, ptr: u64, cancellable: bool },
    /// Answers whether the thread was cancelled, which it can be.
    WhetherCancelled,
    /// Delivers the pending event of a waitable; answers its payload. Spec: `wait_for_pending_event`.
    WaitableEvent(WaitableRef),
    /// Takes the flat result of a lowered call. Spec: `canon_lower`, not async.
    SubtaskResult(SubtaskId),
}

/// Spec: `Thread`.
pub(crate) struct Thread {
    /// Spec: `task`.
    pub(crate) task: TaskId,
    /// Spec: `cont`: none while running, and none for a thread that needs no stack.
    pub(crate) continuation: Option<Continuation>,
    /// Whether it runs on a stack of its own, so that it can wait in a core call.
    pub(crate) has_stack: bool,
    /// What it runs next.
    pub(crate) stage: Stage,
    /// What it waits for. Spec: `ready_func`. None: running, or suspended.
    pub(crate) wait_for: Option<WaitFor>,
    /// Whether it runs now.
    pub(crate) running: bool,
    /// Whether it is one of the store's `maybe_ready`.
    pub(crate) maybe_ready: bool,
    /// How the last wait ended. Spec: the result of `block`.
    pub(crate) cancelled: bool,
    /// What the parked built-in does when the thread goes on.
    pub(crate) resumption: Resumption,
    /// Spec: `index`, in the instance's table of threads.
    pub(crate) index: Option<u32>,
    /// Spec: `storage`.
    pub(crate) storage: [u64; 2],
    /// When it stopped running or began to wait, by the store's count: who stopped first goes on first.
    pub(crate) stopped: u64,
    /// The ends that its callbacks were told of last, the last one first.
    pub(crate) told_of: [Option<CopyEndId>; 2],
    /// What the event loop waits for, kept while it waits and when it is cancelled.
    pub(crate) loop_wait: Option<WaitFor>,
}

impl Thread {
    /// A thread of `task` that has not run.
    #[inline]
    pub(crate) fn new(task: TaskId, stage: Stage) -> Self {
        Thread {
            task,
            continuation: None,
            has_stack: stage != Stage::Running,
            stage,
            wait_for: None,
            running: false,
            maybe_ready: false,
            cancelled: false,
            resumption: Resumption::None,
            index: None,
            storage: [0, 0],
            stopped: 0,
            told_of: [None; 2],
            loop_wait: None,
        }
    }

    /// Whether it waits in a built-in that is `cancellable`. Spec: `cancellable`.
    pub(crate) fn is_cancellable(&self) -> bool {
        let cancellable =
            matches!(self.resumption, Resumption::WhetherCancelled | Resumption::SetEvent { cancellable: true, .. });
        cancellable && !self.running
    }

    /// Spec: `suspended`.
    pub(crate) fn suspended(&self) -> bool {
        !self.running && self.wait_for.is_none() && self.stage != Stage::Done
    }
}
