//! Lowering of [`Val`]. A value that is not of its type is the embedder's error, said in words, and no trap.
//!
//! Spec: `lower_flat`, `store`.

use std::fmt::Display;

use super::declare::{lower_flags, mask};
use super::handles::{lower_borrow, lower_error_context, lower_future, lower_own, lower_stream};
use super::mismatch::misfit;
use super::string::lower_tagged_string;
use super::val_lift::is_bytes;
use super::{LowerCx, LowerTo, Val};
use crate::types::{ListType, ValType};
use crate::{Error, ErrorKind, Result};

pub(super) fn lower_val(val: Val, cx: &mut LowerCx<'_>, ty: &ValType, to: &mut LowerTo<'_>) -> Result<()> {
    match (ty, val) {
        (ValType::Bool, Val::Bool(value)) => to.value(cx, ty, value),
        (ValType::S8, Val::S8(value)) => to.value(cx, ty, value),
        (ValType::U8, Val::U8(value)) => to.value(cx, ty, value),
        (ValType::S16, Val::S16(value)) => to.value(cx, ty, value),
        (ValType::U16, Val::U16(value)) => to.value(cx, ty, value),
        (ValType::S32, Val::S32(value)) => to.value(cx, ty, value),
        (ValType::U32, Val::U32(value)) => to.value(cx, ty, value),
        (ValType::S64, Val::S64(value)) => to.value(cx, ty, value),
        (ValType::U64, Val::U64(value)) => to.value(cx, ty, value),
        (ValType::F32, Val::F32(value)) => to.value(cx, ty, value),
        (ValType::F64, Val::F64(value)) => to.value(cx, ty, value),
        (ValType::Char, Val::Char(value)) => to.value(cx, ty, value),
        (ValType::String, Val::String(value)) => to.value(cx, ty, value),
        (ValType::String, Val::TaggedString(value)) => lower_tagged_string(&value, cx, to),
        (ValType::Flags(flags), Val::Flags(bits)) if bits & !mask(flags) == 0 => lower_flags(bits, cx, ty, to),
        (ValType::Own(_) | ValType::Borrow(_), val @ Val::Resource(_))
        | (ValType::Stream(_), val @ Val::Stream(_))
        | (ValType::Future(_), val @ Val::Future(_))
        | (ValType::ErrorContext, val @ Val::ErrorContext(_)) => {
            let index = lower_handle(val, cx, ty)?;
            to.word(cx, 4, index)
        }
        (_, val) => lower_compound(val, cx, ty, to),
    }
}

fn lower_handle(val: Val, cx: &mut LowerCx<'_>, ty: &ValType) -> Result<u32> {
    match (ty, val) {
        (ValType::Own(resource), Val::Resource(value)) if value.is_owned() => lower_own(cx, value, *resource),
        (ValType::Borrow(resource), Val::Resource(value)) => lower_borrow(cx, value, *resource),
        (ValType::Stream(payload), Val::Stream(value)) => lower_stream(cx, value, payload),
        (ValType::Future(payload), Val::Future(value)) => lower_future(cx, value, payload),
        (ValType::ErrorContext, Val::ErrorContext(message)) => lower_error_context(cx, message),
        (_, val) => Err(misfit(ty, &val)),
    }
}

fn lower_compound(val: Val, cx: &mut LowerCx<'_>, ty: &ValType, to: &mut LowerTo<'_>) -> Result<()> {
    match (ty, val) {
        (ValType::List(list), val) => lower_list(val, cx, ty, list, to),
        (ValType::Map(_), Val::Map(entries)) => to.value(cx, ty, entries),
        (ValType::Record(record), Val::Record(items)) if items.len() == record.fields.len() => {
            for (field, item) in record.fields.iter().zip(items) {
                to.field(cx, &field.ty, field.offset, item)
                    .map_err(|error| blame(error, format_args!("field `{}`", field.name)))?;
            }
            Ok(())
        }
        (ValType::Tuple(tuple), Val::Tuple(items)) if items.len() == tuple.elements.len() => {
            for (i, (element, item)) in tuple.elements.iter().zip(items).enumerate() {
                to.field(cx, &element.ty, element.offset, item)
                    .map_err(|error| blame(error, format_args!("element {}", i + 1)))?;
            }
            Ok(())
        }
        (ValType::Option(_), Val::Option(value)) => to.value(cx, ty, value.map(|value| *value)),
        (ValType::Variant(variant), Val::Variant(number, payload)) => match variant.cases.get(number as usize) {
            Some(case) if case.ty.is_some() == payload.is_some() => lower_case(payload, cx, ty, number, to)
                .map_err(|error| blame(error, format_args!("case `{}`", case.name))),
            _ => Err(misfit(ty, &Val::Variant(number, payload))),
        },
        (ValType::Enum(labels), Val::Enum(number)) if (number as usize) < labels.names.len() => {
            lower_case(None, cx, ty, number, to)
        }
        (ValType::Result(result), Val::Result(Ok(payload))) if result.ok.is_some() == payload.is_some() => {
            lower_case(payload, cx, ty, 0, to).map_err(|error| blame(error, "case `ok`"))
        }
        (ValType::Result(result), Val::Result(Err(payload))) if result.err.is_some() == payload.is_some() => {
            lower_case(payload, cx, ty, 1, to).map_err(|error| blame(error, "case `error`"))
        }
        (_, val) => Err(misfit(ty, &val)),
    }
}

fn lower_list(val: Val, cx: &mut LowerCx<'_>, ty: &ValType, list: &ListType, to: &mut LowerTo<'_>) -> Result<()> {
    match val {
        Val::Bytes(bytes) if is_bytes(&list.element, list.length) => to.value(cx, ty, bytes),
        Val::List(items) if !is_bytes(&list.element, list.length) => to.value(cx, ty, items),
        val => Err(misfit(ty, &val)),
    }
}

fn lower_case(
    payload: Option<Box<Val>>,
    cx: &mut LowerCx<'_>,
    ty: &ValType,
    number: u32,
    to: &mut LowerTo<'_>,
) -> Result<()> {
    let case = to.case(cx, ty, number)?;
    match payload {
        None => to.payload(cx, &case, ()),
        Some(value) => to.payload(cx, &case, *value),
    }
}

/// Says where in a value the embedder's mistake is; a trap of the guest keeps its text.
pub(super) fn blame(error: Error, place: impl Display) -> Error {
    match error.kind() {
        ErrorKind::Host => error.at(place),
        _ => error,
    }
}
