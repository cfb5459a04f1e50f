//! What the two ends of a stream or future share. Spec: `SharedStreamImpl`, `SharedFutureImpl`.

use std::task::Waker;

use super::hand_over::HandOver;
use super::{CopyEndId, Item};
use crate::host::{FutureSource, FutureTarget, HostConsumer, HostProducer};
use crate::instance::RootId;
use crate::plan::End;
use crate::store::Id;
use crate::types::ValType;

/// The shared part of a stream or future of the store.
pub(crate) type SharedId = Id<Shared>;

/// What the host does at its end.
pub(crate) enum HostEnd {
    /// Writes a stream.
    Producer(Box<dyn HostProducer>),
    /// Writes a future.
    Source(Box<dyn FutureSource>),
    /// Reads a stream.
    Consumer(Box<dyn HostConsumer>),
    /// Reads a future.
    Target(Box<dyn FutureTarget>),
}

/// Spec: `SharedStreamImpl`, `SharedFutureImpl`.
pub(crate) struct Shared {
    /// Spec: `t`, in the words of the component `home`.
    pub(crate) payload: Option<ValType>,
    /// The component whose numbers of resources are in `payload`.
    pub(crate) home: RootId,
    /// The same in short.
    pub(crate) item: Item,
    /// Spec: `dropped`: one of the ends is gone.
    pub(crate) dropped: bool,
    /// The guest's end whose copy waits. Spec: `pending_buffer`.
    pub(crate) pending: Option<CopyEndId>,
    /// The readable end, if a guest has it in its table.
    pub(crate) readable: Option<CopyEndId>,
    /// The writable end, if a guest has it in its table.
    pub(crate) writable: Option<CopyEndId>,
    /// The host's writable end, if the writer is the host.
    pub(crate) writer: Option<HostEnd>,
    /// The host's readable end, if the reader is the host and does something.
    pub(crate) reader: Option<HostEnd>,
    /// Whether a host end is being polled right now (it is taken out meanwhile).
    pub(crate) polling: bool,
    /// Wakes the store to poll the host ends; made when first needed.
    pub(crate) waker: Option<Waker>,
    /// What is on its way when both ends are the host's.
    pub(crate) hand_over: Option<Box<HandOver>>,
    /// How many ends exist: in tables, in transit, or in the host's hands.
    pub(crate) ends: u8,
}

impl Shared {
    /// A stream or future of two ends.
    pub(crate) fn new(payload: Option<ValType>, home: RootId) -> Self {
        let item = Item::of(payload.as_ref());
        Shared::of(payload, item, home)
    }

    /// The same; `item` is the payload in short.
    #[inline]
    pub(crate) fn of(payload: Option<ValType>, item: Item, home: RootId) -> Self {
        Shared {
            item,
            payload,
            home,
            dropped: false,
            pending: None,
            readable: None,
            writable: None,
            writer: None,
            reader: None,
            polling: false,
            waker: None,
            hand_over: None,
            ends: 2,
        }
    }

    /// The end of this side is dropped; gives whether it is the first one to be.
    pub(crate) fn drop_end(&mut self, side: End) -> bool {
        self.set_guest_end(side, None);
        self.ends = self.ends.saturating_sub(1);
        !std::mem::replace(&mut self.dropped, true)
    }

    /// Notes which end of a guest's table is the one of this side.
    pub(crate) fn set_guest_end(&mut self, side: End, end: Option<CopyEndId>) {
        match side {
            End::Readable => self.readable = end,
            End::Writable => self.writable = end,
        }
    }
}
