//! What lowering needs: the guest's memory, allocator and table. Spec: `LiftLowerContext`.

use crate::engine::{CoreMemory, StoreMut};
use crate::error::bug;
use crate::instance::{InstanceId, Leaf, Options, call_leaf};
use crate::plan::StringEncoding;
use crate::task::TaskId;
use crate::types::{Layout, PtrType, is_aligned};
use crate::{Result, Trap};

/// Access to the instance that values are lowered into.
pub struct LowerCx<'a> {
    pub(crate) store: StoreMut<'a>,
    pub(crate) instance: InstanceId,
    pub(crate) memory: Option<CoreMemory>,
    pub(crate) ptr_type: PtrType,
    pub(crate) realloc: Option<Leaf>,
    pub(crate) string_encoding: StringEncoding,
    /// How strings were encoded where they come from, which decides how they are allocated; UTF-8 for the host's.
    pub(crate) string_source: StringEncoding,
    /// Whose borrows these are, when borrows may be lowered. Spec: `borrow_scope`.
    pub(crate) borrow_scope: Option<TaskId>,
}

impl<'a> LowerCx<'a> {
    /// Access as `options` say, without a task to lend to; strings come encoded as `string_source`.
    #[inline]
    pub(crate) fn new(store: StoreMut<'a>, options: &Options, string_source: StringEncoding) -> Self {
        LowerCx {
            store,
            instance: options.instance,
            memory: options.memory,
            ptr_type: options.ptr_type,
            realloc: options.realloc,
            string_encoding: options.string_encoding,
            string_source,
            borrow_scope: None,
        }
    }
}

impl LowerCx<'_> {
    /// The whole memory, to change.
    pub(crate) fn memory_mut(&mut self) -> Result<&mut [u8]> {
        match self.memory {
            Some(memory) => Ok(self.store.memory_mut(memory)),
            None => Err(bug!("a value in memory without the memory option")),
        }
    }

    /// Writes `bytes` at `ptr`.
    pub(crate) fn store_bytes(&mut self, ptr: u64, bytes: &[u8]) -> Result<()> {
        let place = self.memory_mut()?.get_mut(ptr as usize..).and_then(|rest| rest.get_mut(..bytes.len()));
        place.ok_or(Trap::PointerOutOfBounds)?.copy_from_slice(bytes);
        Ok(())
    }

    /// Spec: `LiftLowerContext.reallocate`: calls the guest's `realloc` and checks what it answers.
    pub(crate) fn reallocate(&mut self, old: u64, old_size: u32, align: u32, new_size: u32) -> Result<u64> {
        let Some(realloc) = self.realloc else { return Err(bug!("an allocation without the realloc option")) };
        let args = [old, old_size.into(), align.into(), new_size.into()];
        let ptr = self.ptr_type.of_bits(call_leaf(&mut self.store, self.instance, realloc, &args)?);
        if !is_aligned(ptr, align) {
            return Err(Trap::ReallocUnaligned.into());
        }
        if ptr.saturating_add(new_size.into()) > self.memory_mut()?.len() as u64 {
            return Err(Trap::ReallocOutOfBounds.into());
        }
        Ok(ptr)
    }

    /// Spec: `LiftLowerContext.allocate`.
    pub(crate) fn allocate(&mut self, align: u32, size: u32) -> Result<u64> {
        self.reallocate(0, 0, align, size)
    }

    /// Traps unless a value of this layout at `ptr` is aligned and inside of the memory.
    pub(crate) fn check_pointer(&mut self, ptr: u64, layout: &Layout) -> Result<()> {
        if !is_aligned(ptr, layout.align) {
            return Err(Trap::UnalignedPointer.into());
        }
        if ptr.saturating_add(layout.size.into()) > self.memory_mut()?.len() as u64 {
            return Err(Trap::PointerOutOfBounds.into());
        }
        Ok(())
    }
}
