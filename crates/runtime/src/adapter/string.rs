//! Strings. Spec: `load_string`, `store_string`.

use wasm_encoder::{Instruction, ValType};

use super::allocate::allocate;
use super::code::Code;
use super::place::{Place, Side, Way, new_i32};
use super::scalar::{load_pointer, store_pointer};
use crate::abi::{MAX_STRING_BYTE_LENGTH, UTF16_TAG};
use crate::error::bug;
use crate::plan::StringEncoding;
use crate::types::PtrType;
use crate::{Result, Trap};

/// Moves a string.
pub(super) fn translate_string(code: &mut Code, way: &Way<'_>, (source, target): (Place<'_>, Place<'_>)) -> Result<()> {
    let (begin, length) = (code.address(way.from.ptr), new_i32(code));
    load_pointer(code, &way.from, source)?;
    code.set(begin);
    load_pointer(code, &way.from, source.part(way.from.ptr.size(), 1))?;
    narrow_length(code, &way.from);
    code.set(length);
    let strings = way.strings.ok_or_else(|| bug!("an adapter does not know how to move strings"))?;
    let copy = if is_copied(&way.from, &way.to) {
        copy_utf8(code, way, (begin, length), strings)?
    } else {
        let copy = code.address(way.to.ptr);
        code.get(begin).get(length).call(strings).set(length).set(copy);
        copy
    };
    code.get(copy);
    store_pointer(code, &way.to, target)?;
    widen_length(code, &way.to, length);
    store_pointer(code, &way.to, target.part(way.to.ptr.size(), 1))
}

/// Makes a tagged length of 32 bits of the one on the stack. Those that are no longer such lengths are too long anyway.
fn narrow_length(code: &mut Code, side: &Side) {
    if side.ptr == PtrType::I32 {
        return;
    }
    let long = code.local(ValType::I64);
    let has_tag = side.encoding == StringEncoding::Latin1OrUtf16;
    let mask = if has_tag { !PtrType::I64.utf16_tag() } else { u64::MAX };
    code.tee(long).ops([Instruction::I64Const(mask.cast_signed()), Instruction::I64And]);
    code.op(Instruction::I64Const(MAX_STRING_BYTE_LENGTH.into())).op(Instruction::I64GtU);
    code.trap_if(Trap::StringTooLong);
    code.get(long).op(Instruction::I32WrapI64);
    if has_tag {
        code.get(long).ops([
            Instruction::I64Const(32),
            Instruction::I64ShrU,
            Instruction::I32WrapI64,
            Instruction::I32Or,
        ]);
    }
}

/// Puts the tagged length in `local` on the stack, as the memory has it.
fn widen_length(code: &mut Code, side: &Side, local: u32) {
    code.get(local);
    if side.ptr == PtrType::I32 {
        return;
    }
    if side.encoding != StringEncoding::Latin1OrUtf16 {
        code.op(Instruction::I64ExtendI32U);
        return;
    }
    code.i32(!UTF16_TAG).ops([Instruction::I32And, Instruction::I64ExtendI32U]);
    code.get(local).i32(UTF16_TAG).ops([Instruction::I32And, Instruction::I64ExtendI32U]);
    code.ops([Instruction::I64Const(32), Instruction::I64Shl, Instruction::I64Or]);
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
    code.get(copy).get(begin).get(length).widen(way.shorter());
    code.op(Instruction::MemoryCopy { src_mem: way.from.memory()?, dst_mem: way.to.memory()? });
    Ok(copy)
}

/// Traps unless so many bytes of a string are aligned and inside of the memory. Spec: `load_string_from_range`.
pub(super) fn check_range(code: &mut Code, side: &Side, (begin, bytes): (u32, u32), align: u32) -> Result<()> {
    code.get(bytes).i32(MAX_STRING_BYTE_LENGTH).op(Instruction::I32GtU).trap_if(Trap::StringTooLong);
    side.check_aligned(code, begin, align, Trap::UnalignedPointer);
    code.get(bytes).op(Instruction::I64ExtendI32U);
    side.check_end(code, begin, Trap::StringOutOfBounds)
}
