//! Lists. Spec: `load_list`, `store_list`, `lift_flat_list`, `lower_flat_list`.

use wasm_encoder::{BlockType, Instruction, ValType as CoreType};

use super::allocate::allocate;
use super::code::Code;
use super::place::{Place, Pointer, Side, Way, new_i32};
use super::scalar::{load_pointer, store_pointer};
use super::value::translate;
use crate::abi::MAX_LIST_BYTE_LENGTH;
use crate::types::{PtrType, ValType};
use crate::{Result, Trap};

/// Moves a list: its elements go to memory that is allocated for them.
pub(super) fn translate_list(
    code: &mut Code,
    way: &Way<'_>,
    element: &ValType,
    (source, target): (Place<'_>, Place<'_>),
) -> Result<()> {
    let (begin, length, bytes) = (code.address(way.from.ptr), new_i32(code), new_i32(code));
    load_pointer(code, &way.from, source)?;
    code.set(begin);
    load_pointer(code, &way.from, source.part(way.from.ptr.size(), 1))?;
    narrow_length(code, &way.from);
    code.set(length);
    check_range(code, &way.from, element, (begin, length, bytes))?;
    let (size, align) = (element.size(way.to.ptr), element.align(way.to.ptr));
    let mut room = bytes;
    if size != element.size(way.from.ptr) {
        // At most twice as many bytes, which `i32` has room for.
        room = new_i32(code);
        code.get(length).i32(size).op(Instruction::I32Mul).set(room);
    }
    let copy = allocate(code, &way.to, align, room, Trap::ListReallocOutOfBounds)?;
    move_elements(code, way, element, (begin, copy, bytes))?;
    code.get(copy);
    store_pointer(code, &way.to, target)?;
    code.get(length).widen(way.to.ptr);
    store_pointer(code, &way.to, target.part(way.to.ptr.size(), 1))
}

/// Makes 32 bits of the length on the stack. No element is empty, so what needs more is too long.
fn narrow_length(code: &mut Code, side: &Side) {
    if side.ptr == PtrType::I64 {
        let long = code.local(CoreType::I64);
        code.tee(long).op(Instruction::I64Const(MAX_LIST_BYTE_LENGTH.into())).op(Instruction::I64GtU);
        code.trap_if(Trap::ListTooLong).get(long).op(Instruction::I32WrapI64);
    }
}

/// Spec: `load_list_from_range`. Sets the local `bytes`.
fn check_range(code: &mut Code, side: &Side, element: &ValType, (begin, length, bytes): (u32, u32, u32)) -> Result<()> {
    let long = code.local(CoreType::I64);
    code.get(length).op(Instruction::I64ExtendI32U);
    code.op(Instruction::I64Const(element.size(side.ptr).into())).op(Instruction::I64Mul).tee(long);
    code.op(Instruction::I64Const(MAX_LIST_BYTE_LENGTH.into())).op(Instruction::I64GtU).trap_if(Trap::ListTooLong);
    side.check_aligned(code, begin, element.align(side.ptr), Trap::UnalignedPointer);
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
    let (begin, copy, bytes) = (code.address(way.from.ptr), code.address(way.to.ptr), new_i32(code));
    source.address(code, way.from.ptr)?;
    code.set(begin);
    target.address(code, way.to.ptr)?;
    code.set(copy).i32(element.size(way.from.ptr).saturating_mul(length)).set(bytes);
    move_elements(code, way, element, (begin, copy, bytes))
}

/// Moves elements that are so many bytes where they come from.
fn move_elements(code: &mut Code, way: &Way<'_>, element: &ValType, (from, to, bytes): (u32, u32, u32)) -> Result<()> {
    if is_plain(element) {
        let copy = Instruction::MemoryCopy { src_mem: way.from.memory()?, dst_mem: way.to.memory()? };
        code.get(to).get(from).get(bytes).widen(way.shorter()).op(copy);
        return Ok(());
    }
    let (from_ptr, to_ptr) = (way.from.ptr, way.to.ptr);
    let (source, target, end) = (code.address(from_ptr), code.address(to_ptr), code.address(from_ptr));
    code.get(from).tee(source).get(bytes).widen(from_ptr).add(from_ptr).set(end).get(to).set(target);
    code.op(Instruction::Block(BlockType::Empty)).op(Instruction::Loop(BlockType::Empty));
    code.get(source).get(end).eq(from_ptr).op(Instruction::BrIf(1));
    let at = |local| Place::Memory(Pointer { local, offset: 0 });
    translate(code, way, element, (at(source), at(target)))?;
    for (local, ptr) in [(source, from_ptr), (target, to_ptr)] {
        code.get(local).ptr_const(ptr, element.size(ptr)).add(ptr).set(local);
    }
    code.ops([Instruction::Br(0), Instruction::End, Instruction::End]);
    Ok(())
}

/// Whether every pattern of a type's bytes is a value, and none of the bytes is padding (which would tell the callee
/// what the caller had there before). Then there are no addresses in it, and it is the same in every memory.
fn is_plain(ty: &ValType) -> bool {
    let ptr = PtrType::I32;
    match ty {
        ValType::List(list) => list.length.is_some() && is_plain(&list.element),
        ValType::Record(record) => are_plain(record.fields.iter().map(|field| &field.ty), record.layout.of(ptr).size),
        ValType::Tuple(tuple) => are_plain(tuple.elements.iter().map(|element| &element.ty), tuple.layout.of(ptr).size),
        ty => ty.is_number(),
    }
}

/// Whether parts are plain and fill the whole.
fn are_plain<'t>(mut parts: impl Iterator<Item = &'t ValType>, size: u32) -> bool {
    let mut sum = 0u32;
    let all = parts.all(|ty| {
        sum = sum.saturating_add(ty.size(PtrType::I32));
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
