//! What adapters ask the host to do with strings: to convert a run of code units from one memory into another.
//!
//! Which memory is allocated when, and when a conversion stops, is the adapter's business (`transcode`).

use crate::abi::check_utf8;
use crate::engine::{CoreFunc, CoreFuncType, CoreMemory, StoreMut, convert_memory, host_func_of};
use crate::error::bug;
use crate::types::FlatType::{self, I32, I64};
use crate::{Result, Trap};

/// One conversion. It takes code units at a pointer of the one memory and gives what [`Progress`] says; the place in the
/// other memory has room for the worst case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Conversion {
    /// UTF-8 to UTF-16. `before` code units of Latin-1 at the target are widened first, and come before the others.
    Utf8ToUtf16,
    /// UTF-16, checked. `before` as above.
    Utf16ToUtf16,
    /// Latin-1 to UTF-16.
    Latin1ToUtf16,
    /// UTF-8 to Latin-1, up to the first character that is none. All of the UTF-8 is checked.
    Utf8ToLatin1,
    /// UTF-16 to Latin-1, up to the first character that is none.
    Utf16ToLatin1,
    /// UTF-16 to ASCII, up to the first character that is none.
    Utf16ToAscii,
    /// Latin-1 to ASCII, up to the first character that is none.
    Latin1ToAscii,
    /// UTF-16 to UTF-8.
    Utf16ToUtf8,
    /// Latin-1 to UTF-8.
    Latin1ToUtf8,
}

use Conversion::{
    Latin1ToAscii, Latin1ToUtf8, Latin1ToUtf16, Utf8ToLatin1, Utf8ToUtf16, Utf16ToAscii, Utf16ToLatin1, Utf16ToUtf8,
    Utf16ToUtf16,
};

const ALL: [Conversion; 9] = [
    Utf8ToUtf16,
    Utf16ToUtf16,
    Latin1ToUtf16,
    Utf8ToLatin1,
    Utf16ToLatin1,
    Utf16ToAscii,
    Latin1ToAscii,
    Utf16ToUtf8,
    Latin1ToUtf8,
];

/// How far a conversion went: code units that were read, and code units (bytes of UTF-8) that were written.
type Progress = (usize, usize);

impl Conversion {
    /// Bytes of a code unit that is read, and at most as many bytes as are written for one.
    fn sizes(self) -> (usize, usize) {
        match self {
            Utf8ToUtf16 | Latin1ToUtf16 | Latin1ToUtf8 => (1, 2),
            Utf16ToUtf16 => (2, 2),
            Utf8ToLatin1 | Latin1ToAscii => (1, 1),
            Utf16ToLatin1 | Utf16ToAscii => (2, 1),
            Utf16ToUtf8 => (2, 3),
        }
    }

    fn convert(self, source: &[u8], target: &mut [u8]) -> Result<Progress> {
        match self {
            Utf8ToUtf16 => utf8_to_utf16(source, target),
            Utf16ToUtf16 => utf16_to_utf16(source, target),
            Latin1ToUtf16 => Ok(widen(source, target)),
            Utf8ToLatin1 => utf8_to_latin1(source, target),
            Utf16ToLatin1 => Ok(narrow(source, target, 0x100)),
            Utf16ToAscii => Ok(narrow(source, target, 0x80)),
            Latin1ToAscii => Ok(ascii(source, target)),
            Utf16ToUtf8 => utf16_to_utf8(source, target),
            Latin1ToUtf8 => Ok(latin1_to_utf8(source, target)),
        }
    }
}

/// The core type of the function: conversion, pointer, code units, pointer of the target, code units there `before`.
/// Pointers are of 64 bits, so that it serves every memory.
pub(super) const PARAMS: [FlatType; 5] = [I32, I64, I32, I64, I32];

/// The core type of functions that take a range: pointer and length.
pub(super) const RANGE: [FlatType; 2] = [I64, I32];

/// The function for [`Import::Convert`](super::import::Import::Convert): gives what was read, and above 32 bits what
/// was written.
pub(super) fn convert_func(store: &mut StoreMut<'_>, ty: &CoreFuncType, from: CoreMemory, to: CoreMemory) -> CoreFunc {
    let convert = move |mut store: StoreMut<'_>, args: &[u64]| {
        let &[number, begin, units, target, before] = args else { return Err(bug!("{} numbers", args.len())) };
        let conversion = ALL.get(number as usize).ok_or_else(|| bug!("no conversion {number}"))?;
        let [begin, units, mut target, before] = [begin, units, target, before].map(|number| number as usize);
        if before > 0 {
            let place = store.memory_mut(to).get_mut(target..target + 2 * before).ok_or(Trap::PointerOutOfBounds)?;
            widen_in_place(place);
            target += 2 * before;
        }
        let (read, written) = conversion.sizes();
        let source = (from, begin..begin + read * units);
        let place = (to, target..target + written * units);
        let (read, written) = convert_memory(&mut store, source, place, |from, to| conversion.convert(from, to))?;
        Ok(read as u64 | (written as u64) << 32)
    };
    host_func_of(store, ty, convert)
}

/// The function for [`Import::Narrow`](super::import::Import::Narrow): makes Latin-1, at the same place, of so many code
/// units of UTF-16 that fit.
pub(super) fn narrow_func(store: &mut StoreMut<'_>, ty: &CoreFuncType, memory: CoreMemory) -> CoreFunc {
    let narrow = move |mut store: StoreMut<'_>, args: &[u64]| {
        let &[begin, units] = args else { return Err(bug!("{} numbers", args.len())) };
        let (begin, units) = (begin as usize, units as usize);
        let bytes = store.memory_mut(memory).get_mut(begin..begin + 2 * units).ok_or(Trap::PointerOutOfBounds)?;
        for i in 0..units {
            if let Some(&byte) = bytes.get(2 * i)
                && let Some(place) = bytes.get_mut(i)
            {
                *place = byte;
            }
        }
        Ok(0)
    };
    host_func_of(store, ty, narrow)
}

/// Code units that are looked at together.
const BLOCK: usize = 32;

/// How many of the bytes at the start are ASCII: whole blocks, then single ones.
fn ascii_length(bytes: &[u8]) -> usize {
    let blocks = bytes.chunks_exact(BLOCK).take_while(|block| block.is_ascii()).count();
    let rest = bytes.get(blocks * BLOCK..).unwrap_or_default();
    blocks * BLOCK + rest.iter().take_while(|byte| byte.is_ascii()).count()
}

fn units(bytes: &[u8]) -> &[[u8; 2]] {
    bytes.as_chunks().0
}

fn units_mut(bytes: &mut [u8]) -> &mut [[u8; 2]] {
    bytes.as_chunks_mut().0
}

/// How many of the code units at the start are below `bound`, which is a power of two.
fn length_below(units: &[[u8; 2]], bound: u16) -> usize {
    let below = |unit: &[u8; 2]| u16::from_le_bytes(*unit) < bound;
    let all = |block: &&[[u8; 2]]| block.iter().fold(0, |or, unit| or | u16::from_le_bytes(*unit)) < bound;
    let blocks = units.chunks_exact(BLOCK).take_while(all).count();
    let rest = units.get(blocks * BLOCK..).unwrap_or_default();
    blocks * BLOCK + rest.iter().take_while(|unit| below(unit)).count()
}

fn widen(source: &[u8], target: &mut [u8]) -> Progress {
    for (place, &byte) in units_mut(target).iter_mut().zip(source) {
        *place = u16::from(byte).to_le_bytes();
    }
    (source.len(), source.len())
}

/// Makes UTF-16 of the Latin-1 in the first half of `bytes`, from the end, where it overwrites nothing unread.
fn widen_in_place(bytes: &mut [u8]) {
    for i in (0..bytes.len() / 2).rev() {
        if let Some(&byte) = bytes.get(i)
            && let Some(place) = units_mut(bytes).get_mut(i)
        {
            *place = [byte, 0];
        }
    }
}

fn narrow(source: &[u8], target: &mut [u8], bound: u16) -> Progress {
    let source = units(source);
    let length = length_below(source, bound);
    for (place, unit) in target.iter_mut().zip(source.get(..length).unwrap_or_default()) {
        *place = unit[0];
    }
    (length, length)
}

fn ascii(source: &[u8], target: &mut [u8]) -> Progress {
    let length = ascii_length(source);
    copy(source.get(..length), target.get_mut(..length));
    (length, length)
}

fn copy(source: Option<&[u8]>, target: Option<&mut [u8]>) {
    if let (Some(source), Some(target)) = (source, target) {
        target.copy_from_slice(source);
    }
}

fn utf8_to_utf16(source: &[u8], target: &mut [u8]) -> Result<Progress> {
    let mut rest = check_utf8(source)?;
    let mut written = 0;
    while !rest.is_empty() {
        let (start, others) = rest.split_at(ascii_length(rest.as_bytes()));
        widen(start.as_bytes(), target.get_mut(2 * written..).unwrap_or_default());
        written += start.len();
        let end = others.bytes().position(|byte| byte.is_ascii()).unwrap_or(others.len());
        let (others, next) = others.split_at(end);
        let places = units_mut(target.get_mut(2 * written..).unwrap_or_default());
        for (place, unit) in places.iter_mut().zip(others.encode_utf16()) {
            *place = unit.to_le_bytes();
            written += 1;
        }
        rest = next;
    }
    Ok((source.len(), written))
}

fn utf16_to_utf16(source: &[u8], target: &mut [u8]) -> Result<Progress> {
    let all = units(source);
    let mut rest = all;
    while !rest.is_empty() {
        rest = rest.get(length_below(rest, 0x8000)..).unwrap_or_default();
        rest = match rest {
            [high, low, after @ ..] if is_surrogate(*high) => pair(*high, *low).map(|_| after)?,
            [unit] if is_surrogate(*unit) => return Err(Trap::InvalidUtf16.into()),
            [_, after @ ..] => after,
            [] => rest,
        };
    }
    copy(Some(source), target.get_mut(..source.len()));
    Ok((all.len(), all.len()))
}

fn is_surrogate(unit: [u8; 2]) -> bool {
    unit[1] & 0xf8 == 0xd8
}

/// The character of two surrogates.
fn pair(high: [u8; 2], low: [u8; 2]) -> Result<char> {
    let mut chars = char::decode_utf16([high, low].map(u16::from_le_bytes));
    match (chars.next(), chars.next()) {
        (Some(Ok(c)), None) => Ok(c),
        _ => Err(Trap::InvalidUtf16.into()),
    }
}

fn utf8_to_latin1(source: &[u8], target: &mut [u8]) -> Result<Progress> {
    let text = check_utf8(source)?;
    let (mut read, mut written) = ascii(source, target);
    for (c, place) in text.get(read..).unwrap_or_default().chars().zip(target.iter_mut().skip(written)) {
        let Ok(byte) = u8::try_from(c) else { break };
        *place = byte;
        (read, written) = (read + c.len_utf8(), written + 1);
    }
    Ok((read, written))
}

fn utf16_to_utf8(source: &[u8], target: &mut [u8]) -> Result<Progress> {
    let all = units(source);
    let (mut rest, mut written) = (all, 0);
    while let [unit, after @ ..] = rest {
        if u16::from_le_bytes(*unit) < 0x80 {
            let (start, after) = rest.split_at_checked(length_below(rest, 0x80)).unwrap_or_default();
            narrow(start.as_flattened(), target.get_mut(written..).unwrap_or_default(), 0x80);
            (rest, written) = (after, written + start.len());
            continue;
        }
        let (c, after) = match (char::from_u32(u16::from_le_bytes(*unit).into()), after) {
            (Some(c), _) => (c, after),
            (None, [low, after @ ..]) => (pair(*unit, *low)?, after),
            (None, []) => return Err(Trap::InvalidUtf16.into()),
        };
        let mut bytes = [0; 4];
        let bytes = c.encode_utf8(&mut bytes).as_bytes();
        copy(Some(bytes), target.get_mut(written..written + bytes.len()));
        (rest, written) = (after, written + bytes.len());
    }
    Ok((all.len(), written))
}

fn latin1_to_utf8(source: &[u8], target: &mut [u8]) -> Progress {
    let mut written = 0;
    let mut rest = source;
    while let Some((&first, after)) = rest.split_first() {
        if first.is_ascii() {
            let (run, _) = ascii(rest, target.get_mut(written..).unwrap_or_default());
            (rest, written) = (rest.get(run..).unwrap_or_default(), written + run);
        } else {
            copy(Some(&[0xc0 | first >> 6, 0x80 | first & 0x3f]), target.get_mut(written..written + 2));
            (rest, written) = (after, written + 2);
        }
    }
    (source.len(), written)
}
