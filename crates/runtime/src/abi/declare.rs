//! What the expansions of [`wit_record!`](crate::wit_record) and its siblings call. Not for direct use.

use super::mismatch::{count, mismatch, quoted};
use super::{LiftCx, LiftFrom, LowerCx, LowerTo};
use crate::error::bug;
use crate::linker::HostTypes;
use crate::types::{FieldType, FlagsType, PerPtr, ValType};
use crate::{Error, Result};

/// [`WitType::check`](crate::WitType::check) of a field.
pub type Check = fn(&ValType, &HostTypes) -> Result<()>;

/// [`Payload::check_payload`](crate::Payload::check_payload) of a case.
pub type CheckPayload = fn(Option<&ValType>, &HostTypes) -> Result<()>;

/// Whether `ty` is a record of these fields, in this order.
///
/// # Errors
///
/// Names the first field that differs.
pub fn check_record(ty: &ValType, host: &HostTypes, name: fn() -> String, fields: &[(&str, Check)]) -> Result<()> {
    let ValType::Record(record) = ty else { return Err(mismatch(ty, &name())) };
    let expected = record.fields.iter().map(|field| &*field.name);
    check_labels("field", expected, fields.iter().map(|(label, _)| *label))?;
    for (i, (field, (label, check))) in record.fields.iter().zip(fields).enumerate() {
        check(&field.ty, host).map_err(|error| error.at(place("field", i, label)))?;
    }
    Ok(())
}

/// Whether `ty` is a variant of these cases, in this order.
///
/// # Errors
///
/// Names the first case that differs.
pub fn check_variant(
    ty: &ValType,
    host: &HostTypes,
    name: fn() -> String,
    cases: &[(&str, CheckPayload)],
) -> Result<()> {
    let ValType::Variant(variant) = ty else { return Err(mismatch(ty, &name())) };
    let expected = variant.cases.iter().map(|case| &*case.name);
    check_labels("case", expected, cases.iter().map(|(label, _)| *label))?;
    for (i, (case, (label, check))) in variant.cases.iter().zip(cases).enumerate() {
        check(case.ty.as_ref(), host).map_err(|error| error.at(place("case", i, label)))?;
    }
    Ok(())
}

/// Whether `ty` is an enum of these cases, in this order.
///
/// # Errors
///
/// Names the first case that differs.
pub fn check_enum(ty: &ValType, labels: &[&str]) -> Result<()> {
    let ValType::Enum(expected) = ty else { return Err(mismatch(ty, &name_of("enum", labels))) };
    check_labels("case", expected.names.iter().map(|name| &**name), labels.iter().copied())
}

/// Whether `ty` are flags of these labels, in this order.
///
/// # Errors
///
/// Names the first label that differs.
pub fn check_flags(ty: &ValType, labels: &[&str]) -> Result<()> {
    let ValType::Flags(expected) = ty else { return Err(mismatch(ty, &name_of("flags", labels))) };
    check_labels("flag", expected.names.iter().map(|name| &**name), labels.iter().copied())
}

fn check_labels<'a>(
    part: &str,
    expected: impl ExactSizeIterator<Item = &'a str>,
    found: impl ExactSizeIterator<Item = &'a str>,
) -> Result<()> {
    let (expected_len, found_len) = (expected.len(), found.len());
    for (i, (expected, found)) in expected.zip(found).enumerate() {
        if expected != found {
            return Err(Error::link(format!("{part} {}: expected the label `{expected}`, found `{found}`", i + 1)));
        }
    }
    if expected_len != found_len {
        return Err(Error::link(format!("expected {}, found {}", count(expected_len, part), count(found_len, part))));
    }
    Ok(())
}

/// Where in a type: parts are counted from 1, as people do.
fn place(part: &str, i: usize, label: &str) -> String {
    format!("{part} {} ({})", i + 1, quoted(label))
}

/// The WIT name of a record.
#[must_use]
pub fn record_name(fields: &[(&str, String)]) -> String {
    let fields: Vec<_> = fields.iter().map(|(label, ty)| format!("{label}: {ty}")).collect();
    format!("record {{ {} }}", fields.join(", "))
}

/// The WIT name of a variant.
#[must_use]
pub fn variant_name(cases: &[(&str, Option<String>)]) -> String {
    let cases = cases.iter().map(|(label, ty)| match ty {
        None => (*label).to_owned(),
        Some(ty) => format!("{label}({ty})"),
    });
    format!("variant {{ {} }}", cases.collect::<Vec<_>>().join(", "))
}

/// The WIT name of an enum or of flags.
#[must_use]
pub fn name_of(kind: &str, labels: &[&str]) -> String {
    format!("{kind} {{ {} }}", labels.join(", "))
}

/// The fields of a record, one after the other.
#[derive(Debug)]
pub struct Fields<'t>(std::slice::Iter<'t, FieldType>);

/// The fields of the record `ty`.
///
/// # Errors
///
/// A fault of the runtime when `ty` is not a record: it was checked.
pub fn fields(ty: &ValType) -> Result<Fields<'_>> {
    match ty {
        ValType::Record(record) => Ok(Fields(record.fields.iter())),
        _ => Err(bug!("fields of {ty}")),
    }
}

impl<'t> Fields<'t> {
    /// The next field's type and offset.
    ///
    /// # Errors
    ///
    /// A fault of the runtime when there are no more: their number was checked.
    pub fn next_field(&mut self) -> Result<(&'t ValType, PerPtr<u32>)> {
        match self.0.next() {
            Some(field) => Ok((&field.ty, field.offset)),
            None => Err(bug!("a field more than the type has")),
        }
    }
}

/// A case number that the type has and the Rust type has not, though both were compared.
#[must_use]
pub fn unknown_case(number: u32) -> Error {
    bug!("case {number} was checked and is not there")
}

/// Lifts flags as bits; bits without a label are dropped. Spec: `unpack_flags_from_int`.
///
/// # Errors
///
/// The trap that the standard says.
pub fn lift_flags(cx: &mut LiftCx<'_>, ty: &ValType, from: &mut LiftFrom<'_, '_>) -> Result<u32> {
    let flags = flags_type(ty)?;
    Ok(from.word(cx, flags.layout.size)? & mask(flags))
}

/// Lowers flags. Spec: `pack_flags_into_int`.
///
/// # Errors
///
/// The trap that the standard says.
pub fn lower_flags(bits: u32, cx: &mut LowerCx<'_>, ty: &ValType, to: &mut LowerTo<'_>) -> Result<()> {
    let flags = flags_type(ty)?;
    to.word(cx, flags.layout.size, bits & mask(flags))
}

fn flags_type(ty: &ValType) -> Result<&FlagsType> {
    match ty {
        ValType::Flags(flags) => Ok(flags),
        _ => Err(bug!("flags of {ty}")),
    }
}

/// A bit for each label.
pub(crate) fn mask(flags: &FlagsType) -> u32 {
    match u32::try_from(flags.names.len()) {
        Ok(n @ 0..32) => (1 << n) - 1,
        _ => u32::MAX,
    }
}

#[cfg(test)]
mod tests;
