//! `string` as [`String`], `Box<str>` and `Arc<str>`, between UTF-8 and the three encodings of a memory.
//!
//! Spec: `load_string`, `load_string_from_range`, `store_string`, `store_string_into_range`.

use std::sync::Arc;

use super::mismatch::mismatch;
use super::transcode::{Allocator, decode, encode, is_latin1};
use super::{LiftCx, LiftFrom, LowerCx, LowerTo, Val, WitType};
use crate::linker::HostTypes;
use crate::plan::StringEncoding;
use crate::types::{ValType, is_aligned};
use crate::{Error, Result, Trap};

/// Spec: `MAX_STRING_BYTE_LENGTH`.
pub(crate) const MAX_STRING_BYTE_LENGTH: u32 = (1 << 28) - 1;
/// Set in the length of a `latin1+utf16` string that is UTF-16, as lengths are here. In a memory it is the uppermost
/// bit of an address ([`PtrType::utf16_tag`]).
pub(crate) const UTF16_TAG: u32 = 1 << 31;

/// Spec: `load_string_from_range`.
pub(crate) fn load_string_from_range(cx: &mut LiftCx<'_>, ptr: u64, tagged_code_units: u64) -> Result<String> {
    let (encoding, units) = (cx.string_encoding, tagged_code_units);
    let (align, byte_length, tagged) = match encoding {
        StringEncoding::Utf8 => (1, units, units as u32),
        StringEncoding::Utf16 => (2, units.saturating_mul(2), units as u32),
        StringEncoding::Latin1OrUtf16 if units & cx.ptr_type.utf16_tag() != 0 => {
            let units = units ^ cx.ptr_type.utf16_tag();
            (2, units.saturating_mul(2), units as u32 | UTF16_TAG)
        }
        StringEncoding::Latin1OrUtf16 => (2, units, units as u32),
    };
    if byte_length > u64::from(MAX_STRING_BYTE_LENGTH) {
        return Err(Trap::StringTooLong.into());
    }
    if !is_aligned(ptr, align) {
        return Err(Trap::UnalignedPointer.into());
    }
    let length = byte_length as usize;
    if ptr.saturating_add(byte_length) > cx.memory()?.len() as u64 {
        return Err(Trap::StringOutOfBounds.into());
    }
    cx.spend(length)?;
    let start = ptr as usize;
    let bytes = cx.memory()?.get(start..start + length).ok_or(Trap::StringOutOfBounds)?;
    decode(bytes, encoding, tagged)
}

/// Spec: `store_string_into_range`: answers the pointer and the tagged length, both as the memory has them. `source`
/// and `tagged_code_units` say how the text was in the memory it comes from.
pub(super) fn store_string_from(
    cx: &mut LowerCx<'_>,
    text: &str,
    source: StringEncoding,
    tagged_code_units: u32,
) -> Result<(u64, u64)> {
    let target = cx.string_encoding;
    let (ptr, units) = encode(cx, target, text, source, tagged_code_units)?;
    if target == StringEncoding::Latin1OrUtf16 && units & UTF16_TAG != 0 {
        return Ok((ptr, u64::from(units ^ UTF16_TAG) | cx.ptr_type.utf16_tag()));
    }
    Ok((ptr, units.into()))
}

impl Allocator for LowerCx<'_> {
    fn bytes(&mut self) -> Result<&mut [u8]> {
        self.memory_mut()
    }

    fn reallocate(&mut self, old: u64, old_size: u32, align: u32, new_size: u32) -> Result<u64> {
        LowerCx::reallocate(self, old, old_size, align, new_size)
    }
}

/// Its length in the code units of `source`, and the tag. A text has no tag outside of a memory: it counts as Latin-1 if it
/// can be.
fn tagged_code_units(text: &str, source: StringEncoding) -> usize {
    match source {
        StringEncoding::Utf8 => text.len(),
        StringEncoding::Latin1OrUtf16 if text.chars().all(is_latin1) => text.chars().count(),
        StringEncoding::Latin1OrUtf16 => text.encode_utf16().count() | UTF16_TAG as usize,
        StringEncoding::Utf16 => text.encode_utf16().count(),
    }
}

/// Stores a text that comes from where [`LowerCx::string_source`] says.
fn store_text(cx: &mut LowerCx<'_>, text: &str) -> Result<(u64, u64)> {
    // What a guest sent was checked in its own encoding; as UTF-8 it may be longer than the bound.
    let source = cx.string_source;
    let fits = source != StringEncoding::Utf8 || text.len() <= MAX_STRING_BYTE_LENGTH as usize;
    match u32::try_from(tagged_code_units(text, source)) {
        Ok(units) if fits => store_string_from(cx, text, source, units),
        _ => Err(Error::host(format!("a string of {} bytes is longer than a component can take", text.len()))
            .with_have(format!("at most {MAX_STRING_BYTE_LENGTH} bytes fit"))),
    }
}

fn lift_text<S: From<String>>(cx: &mut LiftCx<'_>, _ty: &ValType, from: &mut LiftFrom<'_, '_>) -> Result<S> {
    let (begin, tagged_code_units) = from.pointer_and_length(cx)?;
    Ok(load_string_from_range(cx, begin, tagged_code_units)?.into())
}

fn lower_text(text: impl AsRef<str>, cx: &mut LowerCx<'_>, _ty: &ValType, to: &mut LowerTo<'_>) -> Result<()> {
    let (begin, tagged_code_units) = store_text(cx, text.as_ref())?;
    to.pointer_and_length(cx, begin, tagged_code_units)
}

/// Lifts a text as a [`Val`].
pub(super) fn lift_string(cx: &mut LiftCx<'_>, from: &mut LiftFrom<'_, '_>) -> Result<Val> {
    let (begin, tagged_code_units) = from.pointer_and_length(cx)?;
    let text = load_string_from_range(cx, begin, tagged_code_units)?;
    let has_tag = tagged_code_units & cx.ptr_type.utf16_tag() != 0;
    let tagged = cx.string_encoding == StringEncoding::Latin1OrUtf16 && has_tag;
    let keeps_tag = cx.between_guests && tagged && text.chars().all(is_latin1);
    Ok(if keeps_tag { Val::TaggedString(text) } else { Val::String(text) })
}

/// Lowers a text that was UTF-16 where it could have been Latin-1.
pub(super) fn lower_tagged_string(text: &str, cx: &mut LowerCx<'_>, to: &mut LowerTo<'_>) -> Result<()> {
    // Each character is one code unit, and all of them were in a memory.
    let units = text.chars().count() as u32;
    let (begin, tagged_code_units) = store_string_from(cx, text, StringEncoding::Latin1OrUtf16, units | UTF16_TAG)?;
    to.pointer_and_length(cx, begin, tagged_code_units)
}

macro_rules! strings {
    ($($rust:ty;)*) => {$(
        impl WitType for $rust {
            fn wit_name() -> String {
                ValType::String.to_string()
            }

            fn check(ty: &ValType, _host: &HostTypes) -> Result<()> {
                if *ty == ValType::String { Ok(()) } else { Err(mismatch(ty, "string")) }
            }

            crate::__wit_both_ways!(lift_text, lower_text);
        }
    )*};
}

strings! {
    String;
    Box<str>;
    Arc<str>;
}
