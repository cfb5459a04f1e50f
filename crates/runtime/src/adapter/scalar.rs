//! Values of one core value: `bool`, numbers, `char`, `enum` and `flags`.
//!
//! Spec: `load_int`, `lift_flat_unsigned`, `lift_flat_signed`, `convert_int_to_bool`, `convert_i32_to_char`,
//! `unpack_flags_from_int`, and their lowering counterparts.

use wasm_encoder::Instruction;

use super::code::Code;
use super::import::val_type;
use super::place::{Place, Side, mem_arg, new_i32, slot};
use crate::abi::declare::mask;
use crate::types::{FlatType, ValType};
use crate::{Result, Trap};

/// How a number is kept: its core type and its bytes in memory, and whether a narrow one is signed.
#[derive(Clone, Copy)]
struct Form {
    flat: FlatType,
    size: u32,
    signed: bool,
}

const fn form(flat: FlatType, size: u32, signed: bool) -> Form {
    Form { flat, size, signed }
}

/// A number without a sign that is one `i32`.
const fn word(size: u32) -> Form {
    form(FlatType::I32, size, false)
}

/// The form of a type, if it is one core value.
fn form_of(ty: &ValType) -> Option<Form> {
    Some(match ty {
        ValType::Bool | ValType::U8 => word(1),
        ValType::U16 => word(2),
        ValType::U32 | ValType::S32 | ValType::Char => word(4),
        ValType::S8 => form(FlatType::I32, 1, true),
        ValType::S16 => form(FlatType::I32, 2, true),
        ValType::S64 | ValType::U64 => form(FlatType::I64, 8, false),
        ValType::F32 => form(FlatType::F32, 4, false),
        ValType::F64 => form(FlatType::F64, 8, false),
        ValType::Enum(ty) => word(ty.layout.size),
        ValType::Flags(ty) => word(ty.layout.size),
        _ => return None,
    })
}

/// Moves a value of one core value; says whether `ty` is such a type.
pub(super) fn translate_scalar(
    code: &mut Code,
    (from, to): (&Side, &Side),
    ty: &ValType,
    (source, target): (Place<'_>, Place<'_>),
) -> Result<bool> {
    let Some(form) = form_of(ty) else { return Ok(false) };
    load(code, from, form, source)?;
    match (ty, source) {
        (ValType::U8, Place::Flat(_)) => code.i32(0xff).op(Instruction::I32And),
        (ValType::U16, Place::Flat(_)) => code.i32(0xffff).op(Instruction::I32And),
        (ValType::S8, Place::Flat(_)) => code.op(Instruction::I32Extend8S),
        (ValType::S16, Place::Flat(_)) => code.op(Instruction::I32Extend16S),
        (ValType::Bool, _) => code.i32(0).op(Instruction::I32Ne),
        (ValType::Flags(ty), _) => code.i32(mask(ty)).op(Instruction::I32And),
        (ValType::Char, _) => check_char(code),
        (ValType::Enum(ty), _) => check_case(code, ty.names.len()),
        _ => code,
    };
    store(code, to, form, target)?;
    Ok(true)
}

/// Spec: `convert_i32_to_char`.
fn check_char(code: &mut Code) -> &mut Code {
    let bits = new_i32(code);
    // Below 0xd800 and from 0xe000 to 0x10ffff, in one comparison: the surrogates go to the front and wrap.
    code.tee(bits).i32(0xd800).op(Instruction::I32Xor).i32(0x800).op(Instruction::I32Sub);
    code.i32(0x11_0000 - 0x800).op(Instruction::I32GeU).trap_if(Trap::InvalidChar).get(bits)
}

/// Spec: `load_variant`: the number on the stack is that of a case.
pub(super) fn check_case(code: &mut Code, cases: usize) -> &mut Code {
    let number = new_i32(code);
    let cases = u32::try_from(cases).unwrap_or(u32::MAX);
    code.tee(number).i32(cases).op(Instruction::I32GeU).trap_if(Trap::InvalidDiscriminant).get(number)
}

/// Puts an unsigned number of `size` bytes on the stack. Spec: `load_int`.
pub(super) fn load_word(code: &mut Code, side: &Side, size: u32, place: Place<'_>) -> Result<()> {
    load(code, side, word(size), place)
}

/// Takes an unsigned number of `size` bytes from the stack. Spec: `store_int`.
pub(super) fn store_word(code: &mut Code, side: &Side, size: u32, place: Place<'_>) -> Result<()> {
    store(code, side, word(size), place)
}

/// Puts an address, or the length beside one, on the stack. Spec: `load_int` of `ptr_size` bytes.
pub(super) fn load_pointer(code: &mut Code, side: &Side, place: Place<'_>) -> Result<()> {
    load(code, side, pointer(side), place)
}

/// Takes an address, or the length beside one, from the stack. Spec: `store_int` of `ptr_size` bytes.
pub(super) fn store_pointer(code: &mut Code, side: &Side, place: Place<'_>) -> Result<()> {
    store(code, side, pointer(side), place)
}

/// The form of an address.
fn pointer(side: &Side) -> Form {
    form(side.ptr.flat(), side.ptr.size(), false)
}

fn load(code: &mut Code, side: &Side, form: Form, place: Place<'_>) -> Result<()> {
    let pointer = match place {
        Place::Flat(slots) => {
            slot(slots)?.read(code, form.flat);
            return Ok(());
        }
        Place::Memory(pointer) => pointer,
    };
    let arg = mem_arg(side.memory()?, pointer.offset, form.size);
    code.get(pointer.local).op(match (form.flat, form.size, form.signed) {
        (FlatType::I32, 1, false) => Instruction::I32Load8U(arg),
        (FlatType::I32, 1, true) => Instruction::I32Load8S(arg),
        (FlatType::I32, 2, false) => Instruction::I32Load16U(arg),
        (FlatType::I32, 2, true) => Instruction::I32Load16S(arg),
        (FlatType::I32, ..) => Instruction::I32Load(arg),
        (FlatType::I64, ..) => Instruction::I64Load(arg),
        (FlatType::F32, ..) => Instruction::F32Load(arg),
        (FlatType::F64, ..) => Instruction::F64Load(arg),
    });
    Ok(())
}

fn store(code: &mut Code, side: &Side, form: Form, place: Place<'_>) -> Result<()> {
    let pointer = match place {
        Place::Flat(slots) => {
            slot(slots)?.write(code, form.flat);
            return Ok(());
        }
        Place::Memory(pointer) => pointer,
    };
    let arg = mem_arg(side.memory()?, pointer.offset, form.size);
    let value = code.local(val_type(form.flat));
    code.set(value).get(pointer.local).get(value).op(match (form.flat, form.size) {
        (FlatType::I32, 1) => Instruction::I32Store8(arg),
        (FlatType::I32, 2) => Instruction::I32Store16(arg),
        (FlatType::I32, _) => Instruction::I32Store(arg),
        (FlatType::I64, _) => Instruction::I64Store(arg),
        (FlatType::F32, _) => Instruction::F32Store(arg),
        (FlatType::F64, _) => Instruction::F64Store(arg),
    });
    Ok(())
}
