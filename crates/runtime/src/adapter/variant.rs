//! Variants, options and results. Spec: `load_variant`, `store_variant`, `lift_flat_variant`, `lower_flat_variant`.

use wasm_encoder::{BlockType, Instruction};

use super::code::Code;
use super::place::{Place, Way, new_i32};
use super::scalar::{check_case, load_word, store_word};
use super::value::translate;
use crate::Result;
use crate::types::{PerPtr, ValType, VariantShape};

/// Moves the discriminant, then the payload of the case that it names. Slots behind a short payload stay 0.
pub(super) fn translate_variant(
    code: &mut Code,
    way: &Way<'_>,
    shape: PerPtr<VariantShape>,
    cases: &[Option<&ValType>],
    (source, target): (Place<'_>, Place<'_>),
) -> Result<()> {
    let number = new_i32(code);
    let (from, to) = (shape.at(way.from.ptr), shape.at(way.to.ptr));
    load_word(code, &way.from, from.discriminant_size, source)?;
    check_case(code, cases.len()).tee(number);
    store_word(code, &way.to, to.discriminant_size, target)?;
    let (source, target) = (source.part(from.payload_offset, 1), target.part(to.payload_offset, 1));
    for (case, payload) in (0..).zip(cases) {
        if let Some(payload) = payload {
            code.get(number).i32(case).op(Instruction::I32Eq).op(Instruction::If(BlockType::Empty));
            translate(code, way, payload, (source, target))?;
            code.op(Instruction::End);
        }
    }
    Ok(())
}
