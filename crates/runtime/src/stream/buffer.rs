//! What a copy reads from or writes into. Spec: `Buffer`, `BufferGuestImpl`.

use crate::engine::CoreMemory;
use crate::instance::{InstanceId, Leaf, Options};
use crate::plan::StringEncoding;
use crate::types::PtrType;

/// Spec: `Buffer.MAX_LENGTH`.
pub(crate) const MAX_LENGTH: u32 = (1 << 28) - 1;

/// Elements in a guest's memory. Spec: `BufferGuestImpl`.
#[derive(Clone)]
pub(crate) struct GuestBuffer {
    /// Whose memory and table.
    pub(crate) instance: InstanceId,
    /// Spec: `LiftOptions.memory`.
    pub(crate) memory: Option<CoreMemory>,
    /// The type of its addresses.
    pub(crate) ptr_type: PtrType,
    /// Spec: `LiftLowerOptions.realloc`.
    pub(crate) realloc: Option<Leaf>,
    /// Spec: `LiftOptions.string_encoding`.
    pub(crate) string_encoding: StringEncoding,
    /// Where the next element is.
    pub(crate) ptr: u64,
    /// Elements in all.
    pub(crate) length: u32,
    /// Elements copied.
    pub(crate) progress: u32,
    /// Bytes of one element; 0 without a payload.
    pub(crate) element_size: u32,
}

impl GuestBuffer {
    /// Spec: `remain`.
    pub(crate) fn remain(&self) -> u32 {
        self.length - self.progress
    }

    /// Spec: `is_zero_length`.
    pub(crate) fn is_zero_length(&self) -> bool {
        self.length == 0
    }

    /// Counts `n` elements as copied.
    pub(crate) fn advance(&mut self, n: u32) {
        self.progress += n;
        self.ptr += u64::from(n * self.element_size);
    }
}

/// Where a copy that begins reads or writes; it becomes a buffer when it has to wait.
#[derive(Clone, Copy)]
pub(crate) struct CopyPlace<'a> {
    /// The options of the built-in.
    pub(crate) options: &'a Options,
    /// Whose memory and table.
    pub(crate) instance: InstanceId,
    /// Where the first element is.
    pub(crate) ptr: u64,
    /// Elements.
    pub(crate) length: u32,
    /// Bytes of one element; 0 without a payload.
    pub(crate) element_size: u32,
}

impl CopyPlace<'_> {
    /// The buffer.
    pub(crate) fn buffer(&self) -> GuestBuffer {
        GuestBuffer {
            instance: self.instance,
            memory: self.options.memory,
            ptr_type: self.options.ptr_type,
            realloc: self.options.realloc,
            string_encoding: self.options.string_encoding,
            ptr: self.ptr,
            length: self.length,
            progress: 0,
            element_size: self.element_size,
        }
    }
}

/// Spec: `Buffer`.
pub(crate) type Buffer = GuestBuffer;
