//! Streams and futures: a copy is a rendezvous of two buffers, guest or host, with at most one end pending.
//!
//! Spec: "Buffer State", "Stream State", "Future State".

mod buffer;
mod copier;
mod copy;
mod end;
mod forward;
mod habit;
mod hand_over;
mod host_copy;
mod host_end;
mod item;
pub(crate) mod lane;
mod numbers;
mod shared;
mod transfer;
pub(crate) mod window;
#[cfg(test)]
mod window_tests;

pub(crate) use buffer::{Buffer, CopyPlace, GuestBuffer, MAX_LENGTH};
pub(crate) use copier::COPIERS;
pub(crate) use copy::{
    cancel_completed, cancel_pending, copied_at_once, copy_event, drop_shared_end, notify_dropped, rendezvous,
    start_copying, take_copy_event,
};
pub(crate) use end::{CopyEnd, CopyEndId, CopyResult, CopyState, FoundEnd};
pub(crate) use forward::forward;
pub(crate) use host_copy::copy_with_host;
pub(crate) use host_end::poll as poll_host_ends;
pub(crate) use item::Item;
pub(crate) use numbers::{NumbersCopy, Short, copy_numbers};
pub(crate) use shared::{HostEnd, Shared, SharedId};

/// A `stream` as a value: its readable end, on its way from one place to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamAny(pub(crate) SharedId);

/// A `future` as a value: its readable end, on its way from one place to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FutureAny(pub(crate) SharedId);
