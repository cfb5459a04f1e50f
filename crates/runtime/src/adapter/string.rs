//! Strings. Spec: `load_string`, `store_string`.

use wasm_encoder::{Instruction, ValType};

use super::allocate::allocate;
use super::code::Code;
use super::place::{Place, Side, Way, check_aligned, new_i32};
use super::scalar::{load_word, store_word};
use crate::abi::MAX_STRING_BYTE_LENGTH;
use crate::error::bug;
use crate::plan::StringEncoding;
use crate::{Result, Trap};

/// Moves a string.
pub(super) fn translate_string(code: &mut Code, way: &Way<'_>, (source, target): (Place<'_>, Place<'_>)) -> Result<()> {
    let (begin, length) = (new_i32(code), new_i32(code));
    load_word(code, &way.from, 4, source)?;
    code.set(begin);
    load_word(code, &way.from, 4, source.part(4, 1))?;
    code.set(length);
    let strings = way.strings.ok_or_else(|| bug!("an adapter does not know how to move strings"))?;
    let copy = if is_copied(&way.from, &way.to) {
        copy_utf8(code, way, (begin, length), strings)?
    } else {
        // The pointer, and above 32 bits the length.
        let (moved, copy) = (code.local(ValType::I64), new_i32(code));
        code.get(begin).get(length).call(strings).tee(moved).op(Instruction::I32WrapI64).set(copy);
        code.get(moved).ops([Instruction::I64Const(32), Instruction::I64ShrU, Instruction::I32WrapI64]).set(length);
        copy
    };
    code.get(copy);
    store_word(code, &way.to, 4, target)?;
    code.get(length);
    store_word(code, &way.to, 4, target.part(4, 1))
}

/// Whether strings are UTF-8 and stay so.
pub(super) fn is_copied(from: &Side, to: &Side) -> bool {
    from.encoding == StringEncoding::Utf8 && to.encoding == StringEncoding::Utf8
}

/// UTF-8 is checked where it is, then copied to memory that is allocated for it. Spec: `store_string_copy`.
fn copy_utf8(code: &mut Code, way: &Way<'_>, (begin, length): (u32, u32), check: u32) -> Result<u32> {
    check_range(code, &way.from, (begin, length), 1)?;
    code.get(begin).get(length).call(check);
    let copy = allocate(code, &way.to, 1, length, Trap::ReallocOutOfBounds)?;
    code.get(copy).get(begin).get(length);
    code.op(Instruction::MemoryCopy { src_mem: way.from.memory()?, dst_mem: way.to.memory()? });
    Ok(copy)
}

/// Traps unless so many bytes of a string are aligned and inside of the memory. Spec: `load_string_from_range`.
pub(super) fn check_range(code: &mut Code, side: &Side, (begin, bytes): (u32, u32), align: u32) -> Result<()> {
    code.get(bytes).i32(MAX_STRING_BYTE_LENGTH).op(Instruction::I32GtU).trap_if(Trap::StringTooLong);
    check_aligned(code, begin, align, Trap::UnalignedPointer);
    code.get(bytes).op(Instruction::I64ExtendI32U);
    side.check_end(code, begin, Trap::StringOutOfBounds)
}
