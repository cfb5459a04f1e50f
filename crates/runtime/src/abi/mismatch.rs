//! Types and values that do not fit, in the words of WIT.
//!
//! "Expected" is always what the component says, "found" what the Rust side brings.

use super::Val;
use crate::Error;
use crate::types::ValType;

/// Longer type names say more than anyone reads.
const LONGEST: usize = 72;

/// A Rust type (its WIT name is `found`) that cannot stand for `ty`.
pub(crate) fn mismatch(ty: &ValType, found: &str) -> Error {
    Error::link(format!("expected {}, found {}", quoted(&ty.to_string()), quoted(found)))
}

/// A dynamic value that is not of the type `ty`.
pub(crate) fn misfit(ty: &ValType, found: &Val) -> Error {
    Error::host(format!("expected {}, found {}", words(ty), val_words(found)))
}

/// `n` of something: "1 field", "2 fields".
pub(crate) fn count(n: usize, one: &str) -> String {
    match n {
        1 => format!("1 {one}"),
        _ => format!("{n} {one}s"),
    }
}

/// A type's name between backticks, cut when it is too long to read.
pub(crate) fn quoted(name: &str) -> String {
    if name.chars().count() <= LONGEST {
        return format!("`{name}`");
    }
    let start: String = name.chars().take(LONGEST).collect();
    format!("`{start}…`")
}

/// What a type is, by kind and number of parts.
fn words(ty: &ValType) -> String {
    match ty {
        ValType::Record(ty) => format!("record with {}", count(ty.fields.len(), "field")),
        ValType::Tuple(ty) => format!("tuple with {}", count(ty.elements.len(), "element")),
        ValType::Variant(ty) => format!("variant with {}", count(ty.cases.len(), "case")),
        ValType::Enum(ty) => format!("enum with {}", count(ty.names.len(), "case")),
        ValType::Flags(ty) => format!("flags with {}", count(ty.names.len(), "label")),
        ValType::List(ty) => match ty.length {
            None => quoted(&format!("list<{}>", ty.element)),
            Some(length) => format!("list of {}", count(length as usize, "element")),
        },
        ValType::Own(_) => "owned resource".into(),
        ValType::Borrow(_) => "borrowed resource".into(),
        _ => quoted(&ty.to_string()),
    }
}

/// What a value is, by kind and number of parts.
fn val_words(val: &Val) -> String {
    match val {
        Val::Bool(_) => "bool".into(),
        Val::S8(_) => "s8".into(),
        Val::U8(_) => "u8".into(),
        Val::S16(_) => "s16".into(),
        Val::U16(_) => "u16".into(),
        Val::S32(_) => "s32".into(),
        Val::U32(_) => "u32".into(),
        Val::S64(_) => "s64".into(),
        Val::U64(_) => "u64".into(),
        Val::F32(_) => "f32".into(),
        Val::F64(_) => "f64".into(),
        Val::Char(_) => "char".into(),
        Val::String(_) | Val::TaggedString(_) => "string".into(),
        Val::Bytes(bytes) => format!("bytes ({} of them)", bytes.len()),
        Val::List(items) => format!("list of {}", count(items.len(), "element")),
        Val::Record(items) => format!("record with {}", count(items.len(), "field")),
        Val::Tuple(items) => format!("tuple with {}", count(items.len(), "element")),
        Val::Variant(number, payload) => case_words("variant case", *number, payload.is_some()),
        Val::Enum(number) => format!("enum case number {number}"),
        Val::Option(payload) => if payload.is_some() { "option with a value" } else { "option without a value" }.into(),
        Val::Result(Ok(payload)) => result_words("ok", payload.is_some()),
        Val::Result(Err(payload)) => result_words("error", payload.is_some()),
        Val::Flags(bits) => format!("flags {bits:#b}"),
        Val::Map(entries) => format!("map of {} entries", entries.len()),
        Val::Resource(resource) => if resource.is_owned() { "owned resource" } else { "borrowed resource" }.into(),
        Val::Stream(_) => "stream".into(),
        Val::Future(_) => "future".into(),
        Val::ErrorContext(_) => "error-context".into(),
    }
}

fn case_words(kind: &str, number: u32, payload: bool) -> String {
    format!("{kind} number {number} {} payload", if payload { "with a" } else { "without" })
}

fn result_words(case: &str, payload: bool) -> String {
    format!("result `{case}` {} payload", if payload { "with a" } else { "without" })
}
