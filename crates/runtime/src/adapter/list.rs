//! Lists. Spec: `load_list`, `store_list`, `lift_flat_list`, `lower_flat_list`.

use wasm_encoder::{BlockType, Instruction, ValType as CoreType};

use super::allocate::allocate;
use super::code::Code;
use super::place::{Place, Pointer, Side, Way, check_aligned, new_i32};
use super::scalar::{load_word, store_word};
use super::value::translate;
use crate::abi::MAX_LIST_BYTE_LENGTH;
use crate::types::ValType;
use crate::{Result, Trap};

/// Moves a list: its elements go to memory that is allocated for them.
pub(super) fn translate_list(
    code: &mut Code,
    way: &Way<'_>,
    element: &ValType,
    (source, target): (Place<'_>, Place<'_>),
) -> Result<()> {
    let (begin, length, bytes) = (new_i32(code), new_i32(code), new_i32(code));
    load_word(code, &way.from, 4, source)?;
    code.set(begin);
    load_word(code, &way.from, 4, source.part(4, 1))?;
    code.set(length);
    check_range(code, &way.from, element, (begin, length, bytes))?;
    let copy = allocate(code, &way.to, element.align(), bytes, Trap::ListReallocOutOfBounds)?;
    move_elements(code, way, element, (begin, copy, bytes))?;
    code.get(copy);
    store_word(code, &way.to, 4, target)?;
    code.get(length);
    store_word(code, &way.to, 4, target.part(4, 1))
}

/// Spec: `load_list_from_range`. Sets the local `bytes`.
fn check_range(code: &mut Code, side: &Side, element: &ValType, (begin, length, bytes): (u32, u32, u32)) -> Result<()> {
    let long = code.local(CoreType::I64);
    code.get(length).op(Instruction::I64ExtendI32U);
    code.op(Instruction::I64Const(element.size().into())).op(Instruction::I64Mul).tee(long);
    code.op(Instruction::I64Const(MAX_LIST_BYTE_LENGTH.into())).op(Instruction::I64GtU).trap_if(Trap::ListTooLong);
    check_aligned(code, begin, element.align(), Trap::UnalignedPointer);
    code.get(long);
    side.check_end(code, begin, Trap::ListOutOfBounds)?;
    code.get(long).op(Instruction::I32WrapI64).set(bytes);
    Ok(())
}

/// Moves a list whose length is part of its type. Spec: `load_list_from_valid_range`, `lift_flat_list`.
pub(super) fn translate_fixed(
    code: &mut Code,
    way: &Way<'_>,
    element: &ValType,
    length: u32,
    (source, target): (Place<'_>, Place<'_>),
) -> Result<()> {
    if let Place::Flat(_) = source {
        let each = element.flat_count().unwrap_or(0);
        for i in 0..length as usize {
            translate(code, way, element, (source.part(0, i * each), target.part(0, i * each)))?;
        }
        return Ok(());
    }
    let (begin, copy, bytes) = (new_i32(code), new_i32(code), new_i32(code));
    source.address(code)?;
    code.set(begin);
    target.address(code)?;
    code.set(copy).i32(element.size().saturating_mul(length)).set(bytes);
    move_elements(code, way, element, (begin, copy, bytes))
}

/// Moves so many bytes of elements.
fn move_elements(code: &mut Code, way: &Way<'_>, element: &ValType, (from, to, bytes): (u32, u32, u32)) -> Result<()> {
    if is_plain(element) {
        let copy = Instruction::MemoryCopy { src_mem: way.from.memory()?, dst_mem: way.to.memory()? };
        code.get(to).get(from).get(bytes).op(copy);
        return Ok(());
    }
    let (source, target, end) = (new_i32(code), new_i32(code), new_i32(code));
    code.get(from).tee(source).get(bytes).op(Instruction::I32Add).set(end).get(to).set(target);
    code.op(Instruction::Block(BlockType::Empty)).op(Instruction::Loop(BlockType::Empty));
    code.get(source).get(end).op(Instruction::I32Eq).op(Instruction::BrIf(1));
    let at = |local| Place::Memory(Pointer { local, offset: 0 });
    translate(code, way, element, (at(source), at(target)))?;
    for local in [source, target] {
        code.get(local).i32(element.size()).op(Instruction::I32Add).set(local);
    }
    code.ops([Instruction::Br(0), Instruction::End, Instruction::End]);
    Ok(())
}

/// Whether every pattern of a type's bytes is a value, and none of the bytes is padding (which would tell the callee
/// what the caller had there before).
fn is_plain(ty: &ValType) -> bool {
    match ty {
        ValType::List(list) => list.length.is_some() && is_plain(&list.element),
        ValType::Record(record) => are_plain(record.fields.iter().map(|field| &field.ty), record.layout.size),
        ValType::Tuple(tuple) => are_plain(tuple.elements.iter().map(|element| &element.ty), tuple.layout.size),
        ty => ty.is_number(),
    }
}

/// Whether parts are plain and fill the whole.
fn are_plain<'t>(mut parts: impl Iterator<Item = &'t ValType>, size: u32) -> bool {
    let mut sum = 0u32;
    let all = parts.all(|ty| {
        sum = sum.saturating_add(ty.size());
        is_plain(ty)
    });
    all && sum == size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_types_have_no_padding_and_no_invalid_bytes() {
        let pair = |a, b| ValType::tuple([a, b]);
        assert!(is_plain(&ValType::F64));
        assert!(is_plain(&pair(ValType::U32, ValType::F32)));
        assert!(is_plain(&ValType::list(pair(ValType::U8, ValType::S8), Some(3))));
        assert!(!is_plain(&pair(ValType::U32, ValType::U8)));
        assert!(!is_plain(&pair(ValType::U8, ValType::U32)));
        for ty in [ValType::Bool, ValType::Char, ValType::String, ValType::list(ValType::U8, None)] {
            assert!(!is_plain(&ty), "{ty}");
        }
    }
}
