//! Decoding a guest's string, and the allocations by which the standard encodes one.
//!
//! Spec: `store_string_into_range` and what it calls. A guest sees every call of its `realloc`, so sizes, alignments
//! and order are the standard's to the letter: guess small, grow to the worst case, shrink to fit.

use super::place::part_at;
use super::string::UTF16_TAG;
use crate::plan::StringEncoding;
use crate::{Result, Trap};

/// A memory and its allocator, which checks what the guest answers.
pub(super) trait Allocator {
    /// The whole memory.
    fn bytes(&mut self) -> Result<&mut [u8]>;

    /// Spec: `LiftLowerContext.reallocate`.
    fn reallocate(&mut self, old: u64, old_size: u32, align: u32, new_size: u32) -> Result<u64>;
}

/// The text in `bytes`. Spec: the end of `load_string_from_range`.
pub(super) fn decode(bytes: &[u8], encoding: StringEncoding, tagged_code_units: u32) -> Result<String> {
    match encoding {
        StringEncoding::Utf8 => decode_utf8(bytes),
        StringEncoding::Utf16 => decode_utf16(bytes),
        StringEncoding::Latin1OrUtf16 if tagged_code_units & UTF16_TAG != 0 => decode_utf16(bytes),
        StringEncoding::Latin1OrUtf16 => Ok(bytes.iter().copied().map(char::from).collect()),
    }
}

fn decode_utf8(bytes: &[u8]) -> Result<String> {
    check_utf8(bytes).map(str::to_owned)
}

/// The text that the bytes are in UTF-8.
pub(crate) fn check_utf8(bytes: &[u8]) -> Result<&str> {
    match simdutf8::compat::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(error) if error.error_len().is_none() => Err(Trap::IncompleteUtf8.into()),
        Err(_) => Err(Trap::InvalidUtf8.into()),
    }
}

fn decode_utf16(bytes: &[u8]) -> Result<String> {
    let (units, _) = bytes.as_chunks();
    let mut text = String::with_capacity(units.len());
    for unit in char::decode_utf16(units.iter().copied().map(u16::from_le_bytes)) {
        text.push(unit.map_err(|_| Trap::InvalidUtf16)?);
    }
    Ok(text)
}

/// One encoding without the choice. Spec: `src_simple_encoding`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Simple {
    Utf8,
    Utf16,
    Latin1,
}

/// Spec: `store_string_into_range`. Answers the pointer and the tagged length.
pub(super) fn encode(
    to: &mut impl Allocator,
    target: StringEncoding,
    text: &str,
    source: StringEncoding,
    tagged_code_units: u32,
) -> Result<(u64, u32)> {
    let (simple, units) = match source {
        StringEncoding::Utf8 => (Simple::Utf8, tagged_code_units),
        StringEncoding::Utf16 => (Simple::Utf16, tagged_code_units),
        StringEncoding::Latin1OrUtf16 if tagged_code_units & UTF16_TAG != 0 => {
            (Simple::Utf16, tagged_code_units ^ UTF16_TAG)
        }
        StringEncoding::Latin1OrUtf16 => (Simple::Latin1, tagged_code_units),
    };
    match (target, simple) {
        (StringEncoding::Utf8, Simple::Utf8) => store_string_copy(to, text, units, Simple::Utf8, 1),
        (StringEncoding::Utf8, Simple::Utf16) => store_string_to_utf8(to, text, units, times(units, 3)?),
        (StringEncoding::Utf8, Simple::Latin1) => store_string_to_utf8(to, text, units, times(units, 2)?),
        (StringEncoding::Utf16, Simple::Utf8) => store_utf8_to_utf16(to, text, units),
        (StringEncoding::Utf16, _) => store_string_copy(to, text, units, Simple::Utf16, 2),
        (StringEncoding::Latin1OrUtf16, Simple::Latin1) => store_string_copy(to, text, units, Simple::Latin1, 2),
        (StringEncoding::Latin1OrUtf16, Simple::Utf16) if source == StringEncoding::Latin1OrUtf16 => {
            store_probably_utf16_to_latin1_or_utf16(to, text, units)
        }
        (StringEncoding::Latin1OrUtf16, _) => store_string_to_latin1_or_utf16(to, text, units),
    }
}

/// Spec: `store_string_copy`.
fn store_string_copy(to: &mut impl Allocator, text: &str, units: u32, form: Simple, align: u32) -> Result<(u64, u32)> {
    let byte_length = if form == Simple::Utf16 { times(units, 2)? } else { units };
    let ptr = to.reallocate(0, 0, align, byte_length)?;
    match form {
        Simple::Utf8 => write(to, ptr, text.as_bytes())?,
        Simple::Utf16 => write_utf16(place(to, ptr, byte_length)?, text),
        Simple::Latin1 => write_latin1(place(to, ptr, byte_length)?, text),
    }
    Ok((ptr, units))
}

/// Spec: `store_string_to_utf8`: ASCII until the first other character.
fn store_string_to_utf8(to: &mut impl Allocator, text: &str, units: u32, worst_case: u32) -> Result<(u64, u32)> {
    let ptr = to.reallocate(0, 0, 1, units)?;
    let ascii = text.bytes().take_while(u8::is_ascii).count();
    let (start, rest) = text.split_at(ascii);
    write(to, ptr, start.as_bytes())?;
    if rest.is_empty() {
        return Ok((ptr, units));
    }
    let ptr = to.reallocate(ptr, units, 1, worst_case)?;
    write(to, part_at(ptr, length(ascii)?), rest.as_bytes())?;
    let encoded = length(text.len())?;
    Ok((shrink(to, ptr, worst_case, 1, encoded)?, encoded))
}

/// Spec: `store_utf8_to_utf16`.
fn store_utf8_to_utf16(to: &mut impl Allocator, text: &str, units: u32) -> Result<(u64, u32)> {
    let worst_case = times(units, 2)?;
    let ptr = to.reallocate(0, 0, 2, worst_case)?;
    write_utf16(place(to, ptr, worst_case)?, text);
    let code_units = length(text.encode_utf16().count())?;
    Ok((shrink(to, ptr, worst_case, 2, times(code_units, 2)?)?, code_units))
}

/// Spec: `store_string_to_latin1_or_utf16`: Latin-1 until the first other character, then all of it widened.
fn store_string_to_latin1_or_utf16(to: &mut impl Allocator, text: &str, units: u32) -> Result<(u64, u32)> {
    let ptr = to.reallocate(0, 0, 2, units)?;
    let narrow = text.chars().take_while(|c| is_latin1(*c)).count();
    let (start, rest) = text.split_at(text.char_indices().nth(narrow).map_or(text.len(), |(i, _)| i));
    let narrow = length(narrow)?;
    write_latin1(place(to, ptr, narrow)?, start);
    if rest.is_empty() {
        return Ok((shrink(to, ptr, units, 2, narrow)?, narrow));
    }
    let worst_case = times(units, 2)?;
    let ptr = to.reallocate(ptr, units, 2, worst_case)?;
    let wide = times(narrow, 2)?;
    widen(place(to, ptr, wide)?);
    let code_units = length(text.encode_utf16().count())?;
    let encoded = times(code_units, 2)?;
    write_utf16(place(to, part_at(ptr, wide), encoded.saturating_sub(wide))?, rest);
    Ok((shrink(to, ptr, worst_case, 2, encoded)?, code_units | UTF16_TAG))
}

/// Spec: `store_probably_utf16_to_latin1_or_utf16`.
fn store_probably_utf16_to_latin1_or_utf16(to: &mut impl Allocator, text: &str, units: u32) -> Result<(u64, u32)> {
    let byte_length = times(units, 2)?;
    let ptr = to.reallocate(0, 0, 2, byte_length)?;
    let bytes = place(to, ptr, byte_length)?;
    write_utf16(bytes, text);
    if !text.chars().all(is_latin1) {
        return Ok((ptr, units | UTF16_TAG));
    }
    narrow(bytes);
    Ok((to.reallocate(ptr, byte_length, 1, units)?, units))
}

/// Gives back what the worst case took too much.
fn shrink(to: &mut impl Allocator, ptr: u64, size: u32, align: u32, needed: u32) -> Result<u64> {
    if needed < size { to.reallocate(ptr, size, align, needed) } else { Ok(ptr) }
}

pub(super) fn is_latin1(c: char) -> bool {
    u32::from(c) < 1 << 8
}

fn times(units: u32, size: u32) -> Result<u32> {
    units.checked_mul(size).ok_or_else(|| Trap::StringTooLong.into())
}

fn length(length: usize) -> Result<u32> {
    u32::try_from(length).map_err(|_| Trap::StringTooLong.into())
}

/// The `size` bytes at `ptr`, which the allocator's check left inside of the memory.
fn place(to: &mut impl Allocator, ptr: u64, size: u32) -> Result<&mut [u8]> {
    let bytes = to.bytes()?.get_mut(ptr as usize..).and_then(|rest| rest.get_mut(..size as usize));
    Ok(bytes.ok_or(Trap::StringOutOfBounds)?)
}

fn write(to: &mut impl Allocator, ptr: u64, bytes: &[u8]) -> Result<()> {
    place(to, ptr, length(bytes.len())?)?.copy_from_slice(bytes);
    Ok(())
}

fn write_utf16(bytes: &mut [u8], text: &str) {
    let (places, _) = bytes.as_chunks_mut();
    for (place, unit) in places.iter_mut().zip(text.encode_utf16()) {
        *place = unit.to_le_bytes();
    }
}

fn write_latin1(bytes: &mut [u8], text: &str) {
    for (place, c) in bytes.iter_mut().zip(text.chars()) {
        *place = u32::from(c) as u8;
    }
}

/// Makes UTF-16 of the Latin-1 in the first half of `bytes`, from the end, where it overwrites nothing unread.
fn widen(bytes: &mut [u8]) {
    for i in (0..bytes.len() / 2).rev() {
        let byte = bytes.get(i).copied().unwrap_or_default();
        if let Some(place) = bytes.get_mut(2 * i..2 * i + 2) {
            place.copy_from_slice(&[byte, 0]);
        }
    }
}

/// Makes Latin-1 of UTF-16 that fits, into the first half of `bytes`.
fn narrow(bytes: &mut [u8]) {
    for i in 0..bytes.len() / 2 {
        let byte = bytes.get(2 * i).copied().unwrap_or_default();
        if let Some(place) = bytes.get_mut(i) {
            *place = byte;
        }
    }
}

#[cfg(test)]
mod tests;
