//! The store: everything that lives while components run, and the turn of its event loop.
//!
//! Spec: `Store`.

mod choose;
mod dump;
mod mailbox;
mod public;
mod slab;
mod state;
mod tick;

pub use choose::{Choose, Schedule};
pub(crate) use dump::sync_task_blocks;
pub(crate) use mailbox::{Command, HostSource, Mailbox, Words, source_waker};
pub use public::{DataGuard, Live, Store};
pub(crate) use slab::{Id, Slab};
pub(crate) use state::{Current, State};
pub(crate) use tick::{Progress, next_turn, tick};

/// A resource type at run time: unique in its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ResourceTypeId(pub(crate) u32);
