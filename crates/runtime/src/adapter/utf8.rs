//! The check that bytes of a memory are UTF-8: ASCII is found by generated code, anything else is the host's.

use wasm_encoder::{BlockType, Instruction, MemArg};

use super::code::Code;
use super::place::mem_arg;
use crate::types::PtrType;

const POINTER: u32 = 0;
const LENGTH: u32 = 1;

/// The blocks around everything below, as the depth at their top level.
const DONE: u32 = 0;
const NOT_ASCII: u32 = 1;

type Load = fn(MemArg) -> Instruction<'static>;

/// The function `(pointer, length)`; `host` checks a range of `memory` whatever is in it.
///
/// The range is inside of the memory.
pub(super) fn check_utf8((memory, ptr): (u32, PtrType), host: u32, trap: u32) -> Code {
    let mut code = Code::new(2, trap);
    let (at, end) = (code.address(ptr), code.address(ptr));
    code.get(POINTER).tee(at).get(LENGTH).widen(ptr).add(ptr).set(end);
    code.op(Instruction::Block(BlockType::Empty)).op(Instruction::Block(BlockType::Empty));
    short(&mut code, (memory, ptr), end);
    vectors(&mut code, (memory, ptr), (at, end), 4);
    vectors(&mut code, (memory, ptr), (at, end), 1);
    // The rest, with bytes before it that were looked at already.
    code.get(end).ptr_const(ptr, 16).sub(ptr);
    code.op(Instruction::V128Load(mem_arg(memory, 0, 1))).op(Instruction::I8x16Bitmask);
    code.op(Instruction::BrIf(NOT_ASCII)).op(Instruction::End).op(Instruction::Return).op(Instruction::End);
    code.get(POINTER).long(ptr).get(LENGTH).call(host);
    code
}

/// Ranges of less than 16 bytes: two words that may overlap, or single bytes.
fn short(code: &mut Code, (memory, ptr): (u32, PtrType), end: u32) {
    let words: [(u32, Load, u64); 3] = [
        (8, Instruction::I64Load, 0x8080_8080_8080_8080),
        (4, Instruction::I64Load32U, 0x8080_8080),
        (1, Instruction::I64Load8U, 0x80),
    ];
    code.get(LENGTH).i32(16).op(Instruction::I32LtU).op(Instruction::If(BlockType::Empty));
    for (size, load, mask) in words {
        let arg = mem_arg(memory, 0, 1);
        code.get(LENGTH).i32(size).op(Instruction::I32GeU).op(Instruction::If(BlockType::Empty));
        code.get(POINTER).op(load(arg)).get(end).ptr_const(ptr, size).sub(ptr).op(load(arg)).op(Instruction::I64Or);
        if size == 1 {
            // Up to three bytes: the one in the middle too.
            code.get(POINTER).get(LENGTH).i32(1).op(Instruction::I32ShrU).widen(ptr).add(ptr);
            code.op(load(arg)).op(Instruction::I64Or);
        }
        code.ops([Instruction::I64Const(mask.cast_signed()), Instruction::I64And, Instruction::I64Eqz]);
        code.op(Instruction::BrIf(DONE + 2)).op(Instruction::Br(NOT_ASCII + 2)).op(Instruction::End);
    }
    // Nothing at all.
    code.op(Instruction::Br(DONE + 1)).op(Instruction::End);
}

/// Goes on while there are so many times 16 bytes.
fn vectors(code: &mut Code, (memory, ptr): (u32, PtrType), (at, end): (u32, u32), count: u32) {
    code.op(Instruction::Block(BlockType::Empty)).op(Instruction::Loop(BlockType::Empty));
    code.get(end).get(at).sub(ptr).ptr_const(ptr, 16 * count).lt_u(ptr).op(Instruction::BrIf(1));
    for i in 0..count {
        code.get(at).op(Instruction::V128Load(mem_arg(memory, 16 * i, 1)));
        if i > 0 {
            code.op(Instruction::V128Or);
        }
    }
    code.op(Instruction::I8x16Bitmask).op(Instruction::BrIf(NOT_ASCII + 2));
    code.get(at).ptr_const(ptr, 16 * count).add(ptr).set(at);
    code.ops([Instruction::Br(0), Instruction::End, Instruction::End]);
}
