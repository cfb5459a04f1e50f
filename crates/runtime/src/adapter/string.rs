//! Strings between two memories that are both UTF-8. Spec: `load_string`, `store_string`.

use wasm_encoder::Instruction;

use super::allocate::allocate;
use super::code::Code;
use super::place::{Place, Way, new_i32};
use super::scalar::{load_word, store_word};
use crate::abi::MAX_STRING_BYTE_LENGTH;
use crate::error::bug;
use crate::{Result, Trap};

/// Moves a string: it is checked where it is, then copied to memory that is allocated for it.
///
/// Spec: `load_string_from_range`, `store_string_copy`.
pub(super) fn translate_string(code: &mut Code, way: &Way, (source, target): (Place<'_>, Place<'_>)) -> Result<()> {
    let (begin, length) = (new_i32(code), new_i32(code));
    load_word(code, &way.from, 4, source)?;
    code.set(begin);
    load_word(code, &way.from, 4, source.part(4, 1))?;
    code.tee(length).i32(MAX_STRING_BYTE_LENGTH).op(Instruction::I32GtU).trap_if(Trap::StringTooLong);
    code.get(length).op(Instruction::I64ExtendI32U);
    way.from.check_end(code, begin, Trap::StringOutOfBounds)?;
    let check = way.from.check_utf8.ok_or_else(|| bug!("an adapter has no check of strings"))?;
    code.get(begin).get(length).call(check);
    let copy = allocate(code, &way.to, 1, length, Trap::ReallocOutOfBounds)?;
    code.get(copy).get(begin).get(length);
    code.op(Instruction::MemoryCopy { src_mem: way.from.memory()?, dst_mem: way.to.memory()? });
    code.get(copy);
    store_word(code, &way.to, 4, target)?;
    code.get(length);
    store_word(code, &way.to, 4, target.part(4, 1))
}
