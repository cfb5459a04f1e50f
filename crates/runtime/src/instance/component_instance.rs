//! One component instance. Spec: `ComponentInstance`.

use super::{Flags, Handle, RootId, Table};
use crate::store::Id;
use crate::task::ThreadId;

/// A component instance of the store.
pub(crate) type InstanceId = Id<ComponentInstance>;

/// Spec: `ComponentInstance`.
pub(crate) struct ComponentInstance {
    /// The instantiated component it is part of.
    pub(crate) root: RootId,
    /// Spec: `handles`.
    pub(crate) handles: Table<Handle>,
    /// Spec: `threads`.
    pub(crate) threads: Table<ThreadId>,
    /// Spec: `may_leave`.
    pub(crate) flags: Flags,
    /// Spec: `backpressure`.
    pub(crate) backpressure: u32,
    /// Threads that wait to enter, first come first. Spec: `num_waiting_to_enter` counts them.
    pub(crate) waiting_to_enter: Vec<ThreadId>,
    /// Threads that wait for the exclusive lock between callbacks.
    pub(crate) waiting_for_exclusive: Vec<ThreadId>,
    /// Spec: `exclusive_thread`.
    pub(crate) exclusive_thread: Option<ThreadId>,
}
