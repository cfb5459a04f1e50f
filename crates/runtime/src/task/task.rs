//! The callee's side of a call. Spec: `Task`.

use std::sync::Arc;

use super::{Caller, CoreCallee, ThreadId};
use crate::instance::InstanceId;
use crate::store::Id;
use crate::types::FuncType;

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
    /// Spec: `ft`.
    pub(crate) ty: Arc<FuncType>,
    /// The core function and its options. Spec: `opts`.
    pub(crate) callee: CoreCallee,
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
    /// Spec: `threads`.
    pub(crate) threads: Vec<ThreadId>,
}

impl Task {
    /// Spec: `needs_exclusive`.
    pub(crate) fn needs_exclusive(&self) -> bool {
        !self.callee.options.async_ || self.callee.options.callback.is_some()
    }
}
