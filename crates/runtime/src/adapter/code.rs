//! Writing a core function: instructions, locals, traps.

use wasm_encoder::{BlockType, Function, Instruction, ValType};

use crate::Trap;

/// A function that is being written.
pub(super) struct Code {
    ops: Vec<Instruction<'static>>,
    params: u32,
    locals: Vec<ValType>,
    /// The function that ends the call with a trap.
    trap: u32,
}

impl Code {
    /// An empty function of so many parameters; `trap` is the function that ends it with a trap.
    pub(super) fn new(params: u32, trap: u32) -> Code {
        Code { ops: Vec::new(), params, locals: Vec::new(), trap }
    }

    /// A new local.
    pub(super) fn local(&mut self, ty: ValType) -> u32 {
        self.locals.push(ty);
        self.params + self.locals.len() as u32 - 1
    }

    /// One instruction.
    pub(super) fn op(&mut self, op: Instruction<'static>) -> &mut Self {
        self.ops.push(op);
        self
    }

    /// Several instructions.
    pub(super) fn ops(&mut self, ops: impl IntoIterator<Item = Instruction<'static>>) -> &mut Self {
        self.ops.extend(ops);
        self
    }

    /// `local.get`
    pub(super) fn get(&mut self, local: u32) -> &mut Self {
        self.op(Instruction::LocalGet(local))
    }

    /// `local.set`
    pub(super) fn set(&mut self, local: u32) -> &mut Self {
        self.op(Instruction::LocalSet(local))
    }

    /// `local.tee`
    pub(super) fn tee(&mut self, local: u32) -> &mut Self {
        self.op(Instruction::LocalTee(local))
    }

    /// `i32.const`
    pub(super) fn i32(&mut self, number: u32) -> &mut Self {
        self.op(Instruction::I32Const(number.cast_signed()))
    }

    /// `call`
    pub(super) fn call(&mut self, func: u32) -> &mut Self {
        self.op(Instruction::Call(func))
    }

    /// A global becomes `value`.
    pub(super) fn set_global(&mut self, global: u32, value: u32) -> &mut Self {
        self.i32(value).op(Instruction::GlobalSet(global))
    }

    /// Traps.
    pub(super) fn trap(&mut self, trap: Trap) -> &mut Self {
        let (number, func) = (trap_number(trap), self.trap);
        self.i32(number).call(func).op(Instruction::Unreachable)
    }

    /// Traps if the number on the stack is not 0.
    pub(super) fn trap_if(&mut self, trap: Trap) -> &mut Self {
        self.op(Instruction::If(BlockType::Empty)).trap(trap).op(Instruction::End)
    }

    /// The function.
    pub(super) fn finish(self) -> Function {
        let mut function = Function::new_with_locals_types(self.locals);
        for op in &self.ops {
            function.instruction(op);
        }
        function.instruction(&Instruction::End);
        function
    }
}

/// The number by which an adapter names a trap.
fn trap_number(trap: Trap) -> u32 {
    Trap::ALL.iter().position(|other| *other == trap).unwrap_or(Trap::ALL.len()) as u32
}

/// The trap of a number.
pub(super) fn numbered_trap(number: u32) -> Option<Trap> {
    Trap::ALL.get(number as usize).copied()
}
