//! Streams and futures: a copy is a rendezvous of two buffers, guest or host, with at most one end pending.
//!
//! Spec: "Buffer State", "Stream State", "Future State".

mod buffer;
mod copy;
mod end;
mod shared;

pub(crate) use buffer::{Buffer, GuestBuffer};
pub(crate) use copy::{cancel_pending, drop_shared_end, rendezvous, turn_host_ends};
pub(crate) use end::{CopyEnd, CopyEndId, CopyResult, CopyState};
pub(crate) use shared::{HostEnd, Shared, SharedId};

/// A `stream` as a value: its readable end, on its way from one place to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamAny(pub(crate) SharedId);

/// A `future` as a value: its readable end, on its way from one place to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FutureAny(pub(crate) SharedId);
