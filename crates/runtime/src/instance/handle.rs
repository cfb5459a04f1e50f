//! What a handle can stand for. Spec: the entries of `ComponentInstance.handles`.

use crate::store::ResourceTypeId;
use crate::stream::CopyEndId;
use crate::task::{ErrorContextId, SubtaskId, TaskId, WaitableRef, WaitableSetId};
use crate::{Error, Result, Trap};

/// Spec: `ResourceHandle | Waitable | WaitableSet | ErrorContext`.
#[derive(Clone, Copy)]
pub(crate) enum Handle {
    /// Spec: `ResourceHandle`.
    Resource(ResourceHandle),
    /// Spec: `Subtask`.
    Subtask(SubtaskId),
    /// Spec: `CopyEnd`.
    End(CopyEndId),
    /// Spec: `WaitableSet`.
    Set(WaitableSetId),
    /// Spec: `ErrorContext`.
    ErrorContext(ErrorContextId),
}

/// The call that a borrowed handle belongs to.
#[derive(Clone, Copy)]
pub(crate) enum BorrowScope {
    /// A task.
    Task(TaskId),
    /// A call that has an adapter: its place among those that are under way.
    Adapted(u32),
}

/// Spec: `ResourceHandle`.
#[derive(Clone, Copy)]
pub(crate) struct ResourceHandle {
    /// Spec: `rt`.
    pub(crate) ty: ResourceTypeId,
    /// Spec: `rep`.
    pub(crate) rep: u64,
    /// Spec: `own`.
    pub(crate) own: bool,
    /// Spec: `borrow_scope`.
    pub(crate) borrow_scope: Option<BorrowScope>,
    /// Spec: `num_lends`.
    pub(crate) num_lends: u32,
}

impl Handle {
    /// What it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Handle::Resource(_) => "a resource",
            Handle::Subtask(_) => "a subtask",
            Handle::End(_) => "an end of a stream or future",
            Handle::Set(_) => "a waitable set",
            Handle::ErrorContext(_) => "an error context",
        }
    }

    /// The resource handle, else a trap that says what `index` is.
    #[inline]
    pub(crate) fn resource(self, index: u32) -> Result<ResourceHandle> {
        match self {
            Handle::Resource(handle) => Ok(handle),
            other => Err(other.wrong(index, "a resource")),
        }
    }

    /// The subtask, else a trap.
    #[inline]
    pub(crate) fn subtask(self, index: u32) -> Result<SubtaskId> {
        match self {
            Handle::Subtask(id) => Ok(id),
            other => Err(other.wrong(index, "a subtask")),
        }
    }

    /// The end of a stream or future, else a trap.
    #[inline]
    pub(crate) fn end(self, index: u32) -> Result<CopyEndId> {
        match self {
            Handle::End(id) => Ok(id),
            other => Err(other.wrong(index, "an end of a stream or future")),
        }
    }

    /// The waitable set, else a trap.
    #[inline]
    pub(crate) fn set(self, index: u32) -> Result<WaitableSetId> {
        match self {
            Handle::Set(id) => Ok(id),
            other => Err(other.wrong(index, "a waitable set")),
        }
    }

    /// The waitable, else a trap.
    #[inline]
    pub(crate) fn waitable(self, index: u32) -> Result<WaitableRef> {
        match self {
            Handle::Subtask(id) => Ok(WaitableRef::Subtask(id)),
            Handle::End(id) => Ok(WaitableRef::End(id)),
            other => Err(other.wrong(index, "a waitable")),
        }
    }

    /// The error context, else a trap.
    pub(crate) fn error_context(self, index: u32) -> Result<ErrorContextId> {
        match self {
            Handle::ErrorContext(id) => Ok(id),
            other => Err(other.wrong(index, "an error context")),
        }
    }

    /// The trap that says what `index` is instead of what was expected.
    pub(crate) fn wrong(&self, index: u32, expected: &str) -> Error {
        let found = self.kind();
        let message = format!("handle index {index} used with the wrong type, expected {expected} but found {found}");
        Error::new(crate::ErrorKind::Trap(Trap::WrongHandle), message)
    }
}
