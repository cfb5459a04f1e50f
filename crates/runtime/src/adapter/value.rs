//! Moving one value of any supported type. Spec: `load`, `store`, `lift_flat`, `lower_flat`.

use super::code::Code;
use super::list::{translate_fixed, translate_list};
use super::place::{Place, Way};
use super::scalar::{load_word, store_word, translate_scalar};
use super::string::translate_string;
use super::variant::translate_variant;
use crate::Result;
use crate::error::bug;
use crate::types::{PerPtr, TupleType, ValType};

/// Writes code that lifts a value of `ty` from `source` and lowers it to `target`.
pub(super) fn translate(
    code: &mut Code,
    way: &Way<'_>,
    ty: &ValType,
    (source, target): (Place<'_>, Place<'_>),
) -> Result<()> {
    if translate_scalar(code, (&way.from, &way.to), ty, (source, target))? {
        return Ok(());
    }
    let places = (source, target);
    match ty {
        ValType::String => translate_string(code, way, places),
        ValType::Own(_) | ValType::Borrow(_) => translate_handle(code, way, ty, places),
        ValType::List(list) => match list.length {
            None => translate_list(code, way, &list.element, places),
            Some(length) => translate_fixed(code, way, &list.element, length, places),
        },
        ValType::Map(map) => translate_list(code, way, &ValType::Tuple(map.entry.clone()), places),
        ValType::Record(record) => {
            translate_parts(code, way, record.fields.iter().map(|field| (&field.ty, field.offset)), places)
        }
        ValType::Tuple(tuple) => translate_tuple(code, way, tuple, places),
        ValType::Option(option) => translate_variant(code, way, option.shape, &[None, Some(&option.some)], places),
        ValType::Result(result) => {
            translate_variant(code, way, result.shape, &[result.ok.as_ref(), result.err.as_ref()], places)
        }
        ValType::Variant(variant) => {
            let cases: Vec<_> = variant.cases.iter().map(|case| case.ty.as_ref()).collect();
            translate_variant(code, way, variant.shape, &cases, places)
        }
        _ => Err(bug!("no adapter moves {ty}")),
    }
}

/// Moves a handle from table to table.
fn translate_handle(
    code: &mut Code,
    way: &Way<'_>,
    ty: &ValType,
    (source, target): (Place<'_>, Place<'_>),
) -> Result<()> {
    let found = way.handles.iter().find(|(other, _)| other == ty);
    let (_, transfer) = found.ok_or_else(|| bug!("an adapter does not know how to move {ty}"))?;
    load_word(code, &way.from, 4, source)?;
    code.call(*transfer);
    store_word(code, &way.to, 4, target)
}

/// [`translate`] for the elements of a tuple, or for parameters.
pub(super) fn translate_tuple(
    code: &mut Code,
    way: &Way<'_>,
    tuple: &TupleType,
    places: (Place<'_>, Place<'_>),
) -> Result<()> {
    translate_parts(code, way, tuple.elements.iter().map(|element| (&element.ty, element.offset)), places)
}

fn translate_parts<'t>(
    code: &mut Code,
    way: &Way<'_>,
    parts: impl Iterator<Item = (&'t ValType, PerPtr<u32>)>,
    (source, target): (Place<'_>, Place<'_>),
) -> Result<()> {
    let mut flat = 0;
    for (ty, offset) in parts {
        translate(
            code,
            way,
            ty,
            (source.part(offset.at(way.from.ptr), flat), target.part(offset.at(way.to.ptr), flat)),
        )?;
        flat += ty.flat_count().unwrap_or(0);
    }
    Ok(())
}
