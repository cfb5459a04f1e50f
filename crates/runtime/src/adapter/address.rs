//! Addresses: numbers of the core type that a memory has. Lengths are `i32` once they were checked.

use wasm_encoder::Instruction;

use super::code::Code;
use super::import::val_type;
use crate::types::PtrType;

impl Code {
    /// A new local for an address.
    pub(super) fn address(&mut self, ptr: PtrType) -> u32 {
        self.local(val_type(ptr.flat()))
    }

    /// An address that is a number.
    pub(super) fn ptr_const(&mut self, ptr: PtrType, number: u32) -> &mut Self {
        match ptr {
            PtrType::I32 => self.i32(number),
            PtrType::I64 => self.op(Instruction::I64Const(number.into())),
        }
    }

    /// Makes an address of the length on the stack.
    pub(super) fn widen(&mut self, ptr: PtrType) -> &mut Self {
        match ptr {
            PtrType::I32 => self,
            PtrType::I64 => self.op(Instruction::I64ExtendI32U),
        }
    }

    /// Makes a length of the number beside an address, on the stack, that is small enough.
    pub(super) fn narrow(&mut self, ptr: PtrType) -> &mut Self {
        match ptr {
            PtrType::I32 => self,
            PtrType::I64 => self.op(Instruction::I32WrapI64),
        }
    }

    /// Makes 64 bits of the address on the stack.
    pub(super) fn long(&mut self, ptr: PtrType) -> &mut Self {
        match ptr {
            PtrType::I32 => self.op(Instruction::I64ExtendI32U),
            PtrType::I64 => self,
        }
    }

    /// `add`
    pub(super) fn add(&mut self, ptr: PtrType) -> &mut Self {
        self.op(either(ptr, Instruction::I32Add, Instruction::I64Add))
    }

    /// `sub`
    pub(super) fn sub(&mut self, ptr: PtrType) -> &mut Self {
        self.op(either(ptr, Instruction::I32Sub, Instruction::I64Sub))
    }

    /// `eq`
    pub(super) fn eq(&mut self, ptr: PtrType) -> &mut Self {
        self.op(either(ptr, Instruction::I32Eq, Instruction::I64Eq))
    }

    /// `lt_u`
    pub(super) fn lt_u(&mut self, ptr: PtrType) -> &mut Self {
        self.op(either(ptr, Instruction::I32LtU, Instruction::I64LtU))
    }
}

fn either(ptr: PtrType, of32: Instruction<'static>, of64: Instruction<'static>) -> Instruction<'static> {
    match ptr {
        PtrType::I32 => of32,
        PtrType::I64 => of64,
    }
}
