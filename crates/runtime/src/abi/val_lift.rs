//! Lifting of [`Val`]: which form each type has. Spec: `lift_flat`, `load`.

use super::declare::lift_flags;
use super::handles::{lift_borrow, lift_error_context, lift_future, lift_own, lift_stream};
use super::string::lift_string;
use super::{Case, LiftCx, LiftFrom, Val};
use crate::Result;
use crate::types::ValType;

pub(super) fn lift_val(cx: &mut LiftCx<'_>, ty: &ValType, from: &mut LiftFrom<'_, '_>) -> Result<Val> {
    Ok(match ty {
        ValType::Bool => Val::Bool(from.value(cx, ty)?),
        ValType::S8 => Val::S8(from.value(cx, ty)?),
        ValType::U8 => Val::U8(from.value(cx, ty)?),
        ValType::S16 => Val::S16(from.value(cx, ty)?),
        ValType::U16 => Val::U16(from.value(cx, ty)?),
        ValType::S32 => Val::S32(from.value(cx, ty)?),
        ValType::U32 => Val::U32(from.value(cx, ty)?),
        ValType::S64 => Val::S64(from.value(cx, ty)?),
        ValType::U64 => Val::U64(from.value(cx, ty)?),
        ValType::F32 => Val::F32(from.value(cx, ty)?),
        ValType::F64 => Val::F64(from.value(cx, ty)?),
        ValType::Char => Val::Char(from.value(cx, ty)?),
        ValType::String => lift_string(cx, from)?,
        ValType::Flags(_) => Val::Flags(lift_flags(cx, ty, from)?),
        ValType::Own(_) | ValType::Borrow(_) | ValType::Stream(_) | ValType::Future(_) | ValType::ErrorContext => {
            let index = from.word(cx, 4)?;
            lift_handle(cx, ty, index)?
        }
        _ => lift_compound(cx, ty, from)?,
    })
}

fn lift_handle(cx: &mut LiftCx<'_>, ty: &ValType, index: u32) -> Result<Val> {
    Ok(match ty {
        ValType::Own(resource) => Val::Resource(lift_own(cx, index, *resource)?),
        ValType::Borrow(resource) => Val::Resource(lift_borrow(cx, index, *resource)?),
        ValType::Stream(payload) => Val::Stream(lift_stream(cx, index, payload)?),
        ValType::Future(payload) => Val::Future(lift_future(cx, index, payload)?),
        _ => Val::ErrorContext(lift_error_context(cx, index)?),
    })
}

fn lift_compound(cx: &mut LiftCx<'_>, ty: &ValType, from: &mut LiftFrom<'_, '_>) -> Result<Val> {
    Ok(match ty {
        ValType::List(list) if is_bytes(&list.element, list.length) => Val::Bytes(from.value(cx, ty)?),
        ValType::List(_) => Val::List(from.value(cx, ty)?),
        ValType::Map(_) => Val::Map(from.value(cx, ty)?),
        ValType::Record(record) => {
            let fields = record.fields.iter().map(|field| from.field(cx, &field.ty, field.offset));
            Val::Record(fields.collect::<Result<_>>()?)
        }
        ValType::Tuple(tuple) => {
            let elements = tuple.elements.iter().map(|element| from.field(cx, &element.ty, element.offset));
            Val::Tuple(elements.collect::<Result<_>>()?)
        }
        ValType::Option(_) => Val::Option(from.value::<Option<Val>>(cx, ty)?.map(Box::new)),
        _ => {
            let case = from.case(cx, ty)?;
            let payload = lift_case_payload(cx, &case, from)?;
            match (ty, case.number()) {
                (ValType::Result(_), 0) => Val::Result(Ok(payload)),
                (ValType::Result(_), _) => Val::Result(Err(payload)),
                (ValType::Enum(_), number) => Val::Enum(number),
                (_, number) => Val::Variant(number, payload),
            }
        }
    })
}

fn lift_case_payload(cx: &mut LiftCx<'_>, case: &Case<'_>, from: &mut LiftFrom<'_, '_>) -> Result<Option<Box<Val>>> {
    match case.payload() {
        None => from.payload::<()>(cx, case).map(|()| None),
        Some(_) => from.payload::<Val>(cx, case).map(|value| Some(Box::new(value))),
    }
}

/// Whether a list has the form [`Val::Bytes`].
pub(super) fn is_bytes(element: &ValType, length: Option<u32>) -> bool {
    *element == ValType::U8 && length.is_none()
}
