//! Where a value is while an adapter handles it: among core values, or in one of the two memories.

use wasm_encoder::{Instruction, MemArg, MemArgTarget};

use super::code::Code;
use super::leaf::Leaf;
use crate::error::bug;
use crate::plan::StringEncoding;
use crate::types::{FlatType, PtrType, ValType};
use crate::{Result, Trap};

/// A local that holds one flat value. In a variant its type may be a join of what the cases need.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    /// The local.
    pub(super) local: u32,
    /// Its type.
    pub(super) ty: FlatType,
}

/// A place in memory that was checked to be inside of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pointer {
    /// The local that holds the address of the whole.
    pub(super) local: u32,
    /// Bytes further.
    pub(super) offset: u32,
}

/// Where a value is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place<'a> {
    /// In locals; a value uses the first ones.
    Flat(&'a [Slot]),
    /// In memory.
    Memory(Pointer),
}

/// One of the two component instances of a call, by the adapter module's numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side {
    /// Its memory.
    pub(super) memory: Option<u32>,
    /// The type of its addresses.
    pub(super) ptr: PtrType,
    /// Its allocator.
    pub(super) realloc: Option<u32>,
    /// The global of its flags.
    pub(super) flags: u32,
    /// What gives its allocator empty thread-local storage, and takes that back; if that may use storage.
    pub(super) storage: Option<(u32, u32)>,
    /// What is done around a call of its allocator.
    pub(super) leaf: Leaf,
    /// How strings are encoded in its memory.
    pub(super) encoding: StringEncoding,
}

/// From where to where values go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way<'a> {
    /// Whose values are lifted.
    pub(super) from: Side,
    /// Into which they are lowered.
    pub(super) to: Side,
    /// What moves a string: checks UTF-8 that stays UTF-8, transcodes anything else.
    pub(super) strings: Option<u32>,
    /// What moves handles of each type.
    pub(super) handles: &'a [(ValType, u32)],
}

impl Way<'_> {
    /// The type of the length of what is copied from memory to memory: the shorter one of both types of addresses.
    pub(super) fn shorter(&self) -> PtrType {
        shorter(self.from.ptr, self.to.ptr)
    }
}

/// The shorter one.
pub(super) fn shorter(a: PtrType, b: PtrType) -> PtrType {
    if a == PtrType::I64 { b } else { a }
}

impl Side {
    /// The memory's number.
    pub(super) fn memory(&self) -> Result<u32> {
        self.memory.ok_or_else(|| bug!("an adapter needs a memory that the options do not name"))
    }

    /// Traps unless `size` bytes at the pointer in `local` are aligned and inside of the memory.
    ///
    /// Spec: `lift_flat_values`, `lower_flat_values`.
    pub(super) fn check_pointer(&self, code: &mut Code, local: u32, size: u32, align: u32) -> Result<()> {
        self.check_aligned(code, local, align, Trap::UnalignedPointer);
        code.op(Instruction::I64Const(size.into()));
        self.check_end(code, local, Trap::PointerOutOfBounds)
    }

    /// Traps unless the memory has as many bytes at the pointer in `local` as the `i64` on the stack says.
    pub(super) fn check_end(&self, code: &mut Code, local: u32, trap: Trap) -> Result<()> {
        code.get(local).long(self.ptr).op(Instruction::I64Add);
        let end = match self.ptr {
            PtrType::I32 => None,
            PtrType::I64 => Some(code.local(wasm_encoder::ValType::I64)),
        };
        if let Some(end) = end {
            code.tee(end);
        }
        code.op(Instruction::MemorySize(self.memory()?)).long(self.ptr);
        code.ops([Instruction::I64Const(16), Instruction::I64Shl, Instruction::I64GtU]);
        if let Some(end) = end {
            // The sum may be beyond all addresses.
            code.get(end).get(local).ops([Instruction::I64LtU, Instruction::I32Or]);
        }
        code.trap_if(trap);
        Ok(())
    }

    /// Traps unless the address in `local` is a multiple of `align`.
    pub(super) fn check_aligned(&self, code: &mut Code, local: u32, align: u32, trap: Trap) {
        if align > 1 {
            code.get(local).narrow(self.ptr).i32(align - 1).op(Instruction::I32And).trap_if(trap);
        }
    }
}

impl Place<'_> {
    /// A part of what is here: `offset` bytes or `flat` slots further.
    pub(super) fn part(self, offset: u32, flat: usize) -> Self {
        match self {
            Place::Flat(slots) => Place::Flat(slots.get(flat..).unwrap_or_default()),
            Place::Memory(Pointer { local, offset: start }) => {
                Place::Memory(Pointer { local, offset: start.saturating_add(offset) })
            }
        }
    }

    /// Puts the address of what is here on the stack.
    pub(super) fn address(self, code: &mut Code, ptr: PtrType) -> Result<()> {
        let Place::Memory(Pointer { local, offset }) = self else { return Err(bug!("the address of a core value")) };
        code.get(local);
        if offset > 0 {
            code.ptr_const(ptr, offset).add(ptr);
        }
        Ok(())
    }
}

/// The argument of a load or store of `size` bytes.
pub(super) fn mem_arg(memory: u32, offset: u32, size: u32) -> MemArg {
    let target = MemArgTarget::Memory(memory);
    MemArg { offset: offset.into(), align: size.trailing_zeros(), target, ordering: None }
}

/// The first slot.
pub(super) fn slot(slots: &[Slot]) -> Result<Slot> {
    slots.first().copied().ok_or_else(|| bug!("an adapter ran out of core values"))
}

impl Slot {
    /// Puts the value on the stack as a `want`. Spec: `wrap_i64_to_i32` and its kin in `lift_flat_variant`.
    pub(super) fn read(self, code: &mut Code, want: FlatType) {
        use FlatType::{F32, F64, I32, I64};
        code.get(self.local);
        match (self.ty, want) {
            (I64, I32) => code.op(Instruction::I32WrapI64),
            (I32, F32) => code.op(Instruction::F32ReinterpretI32),
            (I64, F32) => code.ops([Instruction::I32WrapI64, Instruction::F32ReinterpretI32]),
            (I64, F64) => code.op(Instruction::F64ReinterpretI64),
            _ => code,
        };
    }

    /// Takes the value on the stack, which is a `have`. Spec: `lower_flat_variant`.
    pub(super) fn write(self, code: &mut Code, have: FlatType) {
        use FlatType::{F32, F64, I32, I64};
        match (have, self.ty) {
            (I32, I64) => code.op(Instruction::I64ExtendI32U),
            (F32, I32) => code.op(Instruction::I32ReinterpretF32),
            (F32, I64) => code.ops([Instruction::I32ReinterpretF32, Instruction::I64ExtendI32U]),
            (F64, I64) => code.op(Instruction::I64ReinterpretF64),
            _ => code,
        };
        code.set(self.local);
    }
}

/// New slots of these types.
pub(super) fn new_slots(code: &mut Code, types: &[FlatType]) -> Vec<Slot> {
    types.iter().map(|&ty| Slot { local: code.local(super::import::val_type(ty)), ty }).collect()
}

/// A new local for a number.
pub(super) fn new_i32(code: &mut Code) -> u32 {
    code.local(wasm_encoder::ValType::I32)
}
