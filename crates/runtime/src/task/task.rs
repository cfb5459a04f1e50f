//! The callee's side of a call. Spec: `Task`.

use std::sync::Arc;

use super::noted::NotedAs;
use super::{Caller, CoreCallee, ThreadId};
use crate::instance::InstanceId;
use crate::store::{Id, Slab};

/// A task of the store.
pub(crate) type TaskId = Id<Task>;

/// Spec: `Task.State`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TaskState {
    /// Not entered yet.
    Initial,
    /// Entered; its arguments were lowered.
    Started,
    /// The caller asked for cancellation; the task does not know.
    PendingCancel,
    /// The task knows.
    CancelDelivered,
    /// It returned or acknowledged its cancellation.
    Resolved,
}

/// Spec: `Task`.
pub(crate) struct Task {
    /// The core function with its type and options. Spec: `ft`, `opts`.
    pub(crate) callee: Arc<CoreCallee>,
    /// Spec: `inst`.
    pub(crate) instance: InstanceId,
    /// Who gives the arguments and takes the result. Spec: `on_start`, `on_resolve`.
    pub(crate) caller: Caller,
    /// Spec: `state`.
    pub(crate) state: TaskState,
    /// Spec: `num_borrows`.
    pub(crate) num_borrows: u32,
    /// Spec: `implicit_thread`.
    pub(crate) implicit_thread: Option<ThreadId>,
    /// Whether the implicit thread is one of the task's threads: it was entered, and is not over.
    pub(crate) entered: bool,
    /// What its call was noted as, if it was.
    pub(crate) noted_as: NotedAs,
    /// Spec: `threads`, the implicit one left out.
    pub(crate) explicit_threads: Vec<ThreadId>,
}

impl Task {
    /// A task that has not run.
    #[inline]
    pub(crate) fn new(callee: Arc<CoreCallee>, instance: InstanceId, caller: Caller) -> Self {
        Task {
            callee,
            instance,
            caller,
            state: TaskState::Initial,
            num_borrows: 0,
            implicit_thread: None,
            entered: false,
            noted_as: NotedAs::default(),
            explicit_threads: Vec::new(),
        }
    }

    /// Spec: `threads`.
    pub(crate) fn threads(&self) -> impl Iterator<Item = ThreadId> {
        self.implicit_thread.filter(|_| self.entered).into_iter().chain(self.explicit_threads.iter().copied())
    }

    /// Spec: `needs_exclusive`.
    #[inline]
    pub(crate) fn needs_exclusive(&self) -> bool {
        self.callee.needs_exclusive()
    }
}

/// Whether a task has returned or was cancelled, or is gone since then.
pub(crate) fn is_over(tasks: &Slab<Task>, task: TaskId) -> bool {
    tasks.find(task).is_none_or(|task| task.state == TaskState::Resolved)
}
