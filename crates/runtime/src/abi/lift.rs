//! What lifting needs: the guest's memory and table. Spec: `LiftLowerContext`.

use crate::engine::{CoreMemory, StoreMut};
use crate::error::bug;
use crate::instance::{InstanceId, Options};
use crate::plan::StringEncoding;
use crate::task::SubtaskId;
use crate::types::{Layout, PtrType, is_aligned};
use crate::{Result, Trap};

/// Access to the instance that values are lifted from.
pub struct LiftCx<'a> {
    pub(crate) store: StoreMut<'a>,
    pub(crate) instance: InstanceId,
    pub(crate) memory: Option<CoreMemory>,
    pub(crate) ptr_type: PtrType,
    pub(crate) string_encoding: StringEncoding,
    /// Who borrows, when borrows may be lifted. Spec: `borrow_scope`.
    pub(crate) borrow_scope: Option<SubtaskId>,
    /// Whether what is lifted is lowered again, and the host does not see it.
    pub(crate) between_guests: bool,
    /// Bytes that may still be brought to the host in this call.
    pub(crate) budget: usize,
}

impl<'a> LiftCx<'a> {
    /// Access as `options` say, with what one call may bring to the host.
    #[inline]
    pub(crate) fn new(store: StoreMut<'a>, options: &Options, borrow_scope: Option<SubtaskId>) -> Self {
        let budget = store.state().limits.max_hostcall_bytes;
        LiftCx {
            store,
            instance: options.instance,
            memory: options.memory,
            ptr_type: options.ptr_type,
            string_encoding: options.string_encoding,
            borrow_scope,
            between_guests: false,
            budget,
        }
    }
}

impl LiftCx<'_> {
    /// The whole memory.
    pub(crate) fn memory(&self) -> Result<&[u8]> {
        match self.memory {
            Some(memory) => Ok(self.store.memory(memory)),
            None => Err(bug!("a value in memory without the memory option")),
        }
    }

    /// `N` bytes at `ptr`.
    pub(crate) fn bytes<const N: usize>(&self, ptr: u64) -> Result<[u8; N]> {
        let bytes = self.memory()?.get(ptr as usize..).and_then(|rest| rest.first_chunk());
        bytes.copied().ok_or_else(|| Trap::PointerOutOfBounds.into())
    }

    /// Spec: `load_int` of 4 bytes.
    pub(crate) fn load_u32(&self, ptr: u64) -> Result<u32> {
        Ok(u32::from_le_bytes(self.bytes(ptr)?))
    }

    /// Traps unless a value of this layout at `ptr` is aligned and inside of the memory.
    pub(crate) fn check_pointer(&self, ptr: u64, layout: &Layout) -> Result<()> {
        if !is_aligned(ptr, layout.align) {
            return Err(Trap::UnalignedPointer.into());
        }
        if ptr.saturating_add(layout.size.into()) > self.memory()?.len() as u64 {
            return Err(Trap::PointerOutOfBounds.into());
        }
        Ok(())
    }

    /// Takes `bytes` from what this call may bring to the host.
    pub(crate) fn spend(&mut self, bytes: usize) -> Result<()> {
        match self.budget.checked_sub(bytes) {
            Some(rest) => {
                self.budget = rest;
                Ok(())
            }
            None => {
                let limits = &self.store.state().limits;
                let what = format!("one call brings more than {} bytes to the host", limits.max_hostcall_bytes);
                Err(limits.reached("max-hostcall-bytes", what))
            }
        }
    }
}
