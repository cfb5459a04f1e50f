//! The ends of streams and futures that guests hold. Spec: `CopyEnd`.

use std::sync::Arc;

use super::window::SiteNumber;
use super::{Buffer, Item, SharedId};
use crate::Result;
use crate::plan::{End, Kind};
use crate::store::{Id, State};
use crate::task::{Waitable, WaitableSetId};
use crate::types::{PayloadType, ValType};

/// An end of a stream or future of the store.
pub(crate) type CopyEndId = Id<CopyEnd>;

/// Spec: `CopyState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CopyState {
    /// Nothing is under way.
    Idle,
    /// A read or write is under way.
    Copying,
    /// A read or write is being cancelled.
    CancellingCopy,
    /// Nothing more can happen.
    Done,
}

/// An end that was looked up for a copy.
pub(crate) struct FoundEnd {
    /// The end.
    pub(crate) id: CopyEndId,
    /// Spec: `shared`.
    pub(crate) shared: SharedId,
    /// Spec: `wset`.
    pub(crate) set: Option<WaitableSetId>,
}

/// Spec: `CopyResult`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum CopyResult {
    /// Something was copied, or the other side is ready.
    Completed = 0,
    /// The other end is gone.
    Dropped = 1,
    /// The copy was cancelled.
    Cancelled = 2,
}

/// Spec: `CopyEnd` and its four subclasses.
pub(crate) struct CopyEnd {
    /// Spec: it is a `Waitable`.
    pub(crate) waitable: Waitable,
    /// Spec: `state`.
    pub(crate) state: CopyState,
    /// Spec: `shared`.
    pub(crate) shared: SharedId,
    /// Stream or future.
    pub(crate) kind: Kind,
    /// Readable or writable.
    pub(crate) end: End,
    /// What it is of, in short.
    pub(crate) item: Item,
    /// Its handle.
    pub(crate) index: u32,
    /// Spec: `shared.t`, in the words of the component that holds the end, if that is another than where the stream is from.
    pub(crate) payload: Option<Arc<PayloadType>>,
    /// The built-in of its last copy, if windows can do what that does.
    pub(crate) window: SiteNumber,
    /// What the copy under way reads from or writes into; its progress counts.
    pub(crate) buffer: Option<Buffer>,
}

impl CopyEnd {
    /// An idle end with the handle `index`.
    #[inline]
    pub(crate) fn new(shared: SharedId, (kind, end): (Kind, End), item: Item, index: u32) -> Self {
        CopyEnd {
            waitable: Waitable::default(),
            state: CopyState::Idle,
            shared,
            kind,
            end,
            item,
            index,
            payload: None,
            window: SiteNumber::default(),
            buffer: None,
        }
    }

    /// The type of an item, in the words of the component that holds the end.
    #[inline]
    pub(crate) fn payload<'s>(&'s self, state: &'s State) -> Result<Option<&'s ValType>> {
        match &self.payload {
            Some(own) => Ok(own.payload.as_ref()),
            None => Ok(state.shared.get(self.shared)?.payload.as_ref()),
        }
    }

    /// Whether an item is of this type, which is in the words of the component that holds the end.
    #[inline]
    pub(crate) fn is_of(&self, state: &State, payload: Option<&ValType>) -> Result<bool> {
        let item = Item::of(payload);
        Ok(self.item == item && (item.is_plain() || self.payload(state)? == payload))
    }

    /// Spec: `copying`.
    pub(crate) fn copying(&self) -> bool {
        matches!(self.state, CopyState::Copying | CopyState::CancellingCopy)
    }
}
