//! One component instance. Spec: `ComponentInstance`.

use super::{Flags, Handle, RootId, Table};
use crate::store::Id;
use crate::task::ThreadId;
use crate::task::noted::Gate;

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
    exclusive_thread: Option<ThreadId>,
    /// What generated code sees of this instance.
    pub(crate) gate: Gate,
}

impl ComponentInstance {
    /// A new instance of the component `root`.
    pub(super) fn new(root: RootId, max_handles: usize, flags: Flags) -> Self {
        ComponentInstance {
            root,
            handles: Table::new(max_handles),
            threads: Table::new(max_handles),
            flags,
            backpressure: 0,
            waiting_to_enter: Vec::new(),
            waiting_for_exclusive: Vec::new(),
            exclusive_thread: None,
            gate: Gate::default(),
        }
    }

    /// Spec: `exclusive_thread`.
    #[inline]
    pub(crate) fn exclusive_thread(&self) -> Option<ThreadId> {
        self.exclusive_thread
    }

    /// Spec: `exclusive_thread`.
    #[inline(always)]
    pub(crate) fn set_exclusive_thread(&mut self, thread: Option<ThreadId>) {
        self.exclusive_thread = thread;
        self.show();
    }

    /// Whether a thread waits to enter it, or for its exclusive lock.
    #[inline]
    pub(crate) fn is_waited_for(&self) -> bool {
        !self.waiting_for_exclusive.is_empty() || !self.waiting_to_enter.is_empty()
    }

    /// Shows generated code what has changed: of `backpressure`, `waiting_to_enter`, `flags`.
    #[inline]
    pub(crate) fn show(&self) {
        if self.gate.is_seen() {
            let closed = self.backpressure > 0 || self.exclusive_thread.is_some() || !self.waiting_to_enter.is_empty();
            self.gate.show(closed, self.flags);
        }
    }
}
