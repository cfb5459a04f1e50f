//! `bool`, integers, floats and `char`.
//!
//! Spec: `load_int`, `store_int`, `lift_flat_unsigned`, `lift_flat_signed`, `convert_int_to_bool`,
//! `convert_i32_to_char`, `canonicalize_nan32`, `canonicalize_nan64`. Lists of numbers are copied as a whole.

use super::mismatch::mismatch;
use super::{Flat, FlatIter, LiftCx, LowerCx, WitType};
use crate::linker::HostTypes;
use crate::types::ValType;
use crate::{Result, Trap};

/// Spec: `CANONICAL_FLOAT32_NAN`.
const CANONICAL_FLOAT32_NAN: u32 = 0x7fc0_0000;
/// Spec: `CANONICAL_FLOAT64_NAN`.
const CANONICAL_FLOAT64_NAN: u64 = 0x7ff8_0000_0000_0000;

/// Spec: `canonicalize_nan32`. Also on lowering, where the standard lets the bits of a NaN be any.
pub(super) fn canonicalize_nan32(value: f32) -> f32 {
    if value.is_nan() { f32::from_bits(CANONICAL_FLOAT32_NAN) } else { value }
}

/// Spec: `canonicalize_nan64`.
pub(super) fn canonicalize_nan64(value: f64) -> f64 {
    if value.is_nan() { f64::from_bits(CANONICAL_FLOAT64_NAN) } else { value }
}

/// Compares with the one type that a scalar stands for.
fn check_is(ty: &ValType, found: &ValType) -> Result<()> {
    if ty == found { Ok(()) } else { Err(mismatch(ty, &found.to_string())) }
}

/// `length` elements of `size` bytes at `ptr`.
fn elements<'a>(cx: &'a LiftCx<'_>, ptr: u64, length: u32, size: usize) -> Result<&'a [u8]> {
    let start = ptr as usize;
    let end = (length as usize).saturating_mul(size).saturating_add(start);
    Ok(cx.memory()?.get(start..end).ok_or(Trap::ListOutOfBounds)?)
}

/// The place of `length` elements of `size` bytes at `ptr`.
fn elements_mut<'a>(cx: &'a mut LowerCx<'_>, ptr: u64, length: usize, size: usize) -> Result<&'a mut [u8]> {
    let start = ptr as usize;
    let end = length.saturating_mul(size).saturating_add(start);
    Ok(cx.memory_mut()?.get_mut(start..end).ok_or(Trap::ListOutOfBounds)?)
}

/// The parts that are the same for every scalar.
macro_rules! named {
    ($case:ident) => {
        fn wit_name() -> String {
            ValType::$case.to_string()
        }

        fn check(ty: &ValType, _host: &HostTypes) -> Result<()> {
            check_is(ty, &ValType::$case)
        }
    };
}

/// Numbers of more than one byte, and `s8`: flat form by `from_bits` and `to_bits`, bytes by `clean`.
macro_rules! numbers {
    ($($rust:ident is $case:ident: $from_bits:expr, $to_bits:expr, $clean:path;)*) => {$(
        impl WitType for $rust {
            named!($case);

            fn lift_flat(_cx: &mut LiftCx<'_>, _ty: &ValType, flat: &mut FlatIter<'_>) -> Result<Self> {
                let from_bits: fn(u64) -> $rust = $from_bits;
                Ok($clean(from_bits(flat.next_u64())))
            }

            fn load(cx: &mut LiftCx<'_>, _ty: &ValType, ptr: u64) -> Result<Self> {
                Ok($clean($rust::from_le_bytes(cx.bytes(ptr)?)))
            }

            fn lower_flat(self, _cx: &mut LowerCx<'_>, _ty: &ValType, flat: &mut Flat) -> Result<()> {
                let to_bits: fn($rust) -> u64 = $to_bits;
                flat.push(to_bits($clean(self)));
                Ok(())
            }

            fn store(self, cx: &mut LowerCx<'_>, _ty: &ValType, ptr: u64) -> Result<()> {
                cx.store_bytes(ptr, &$clean(self).to_le_bytes())
            }

            fn load_list(cx: &mut LiftCx<'_>, _element: &ValType, ptr: u64, length: u32) -> Result<Vec<Self>> {
                let (items, _) = elements(cx, ptr, length, size_of::<$rust>())?.as_chunks();
                Ok(items.iter().map(|bytes| $clean($rust::from_le_bytes(*bytes))).collect())
            }

            fn store_list(items: Vec<Self>, cx: &mut LowerCx<'_>, _element: &ValType, ptr: u64) -> Result<()> {
                let (places, _) = elements_mut(cx, ptr, items.len(), size_of::<$rust>())?.as_chunks_mut();
                for (place, item) in places.iter_mut().zip(items) {
                    *place = $clean(item).to_le_bytes();
                }
                Ok(())
            }
        }
    )*};
}

// A signed number that is narrower than its core type is extended with its sign; both halves of `as` do as Spec says.
numbers! {
    i8 is S8: |bits| bits as i8, |value| u64::from(value as u32), std::convert::identity;
    i16 is S16: |bits| bits as i16, |value| u64::from(value as u32), std::convert::identity;
    u16 is U16: |bits| bits as u16, u64::from, std::convert::identity;
    i32 is S32: |bits| bits as i32, |value| u64::from(value as u32), std::convert::identity;
    u32 is U32: |bits| bits as u32, u64::from, std::convert::identity;
    i64 is S64: |bits| bits as i64, |value| value as u64, std::convert::identity;
    u64 is U64: |bits| bits, |value| value, std::convert::identity;
    f32 is F32: |bits| f32::from_bits(bits as u32), |value| u64::from(value.to_bits()), canonicalize_nan32;
    f64 is F64: f64::from_bits, f64::to_bits, canonicalize_nan64;
}

impl WitType for u8 {
    named!(U8);

    fn lift_flat(_cx: &mut LiftCx<'_>, _ty: &ValType, flat: &mut FlatIter<'_>) -> Result<Self> {
        Ok(flat.next_u64() as u8)
    }

    fn load(cx: &mut LiftCx<'_>, _ty: &ValType, ptr: u64) -> Result<Self> {
        let [byte] = cx.bytes(ptr)?;
        Ok(byte)
    }

    fn lower_flat(self, _cx: &mut LowerCx<'_>, _ty: &ValType, flat: &mut Flat) -> Result<()> {
        flat.push(self.into());
        Ok(())
    }

    fn store(self, cx: &mut LowerCx<'_>, _ty: &ValType, ptr: u64) -> Result<()> {
        cx.store_bytes(ptr, &[self])
    }

    fn load_list(cx: &mut LiftCx<'_>, _element: &ValType, ptr: u64, length: u32) -> Result<Vec<Self>> {
        Ok(elements(cx, ptr, length, 1)?.to_vec())
    }

    fn store_list(items: Vec<Self>, cx: &mut LowerCx<'_>, _element: &ValType, ptr: u64) -> Result<()> {
        cx.store_bytes(ptr, &items)
    }
}

impl WitType for bool {
    named!(Bool);

    fn lift_flat(_cx: &mut LiftCx<'_>, _ty: &ValType, flat: &mut FlatIter<'_>) -> Result<Self> {
        Ok(flat.next_u32() != 0)
    }

    fn load(cx: &mut LiftCx<'_>, _ty: &ValType, ptr: u64) -> Result<Self> {
        Ok(cx.bytes(ptr)? != [0])
    }

    fn lower_flat(self, _cx: &mut LowerCx<'_>, _ty: &ValType, flat: &mut Flat) -> Result<()> {
        flat.push(self.into());
        Ok(())
    }

    fn store(self, cx: &mut LowerCx<'_>, _ty: &ValType, ptr: u64) -> Result<()> {
        cx.store_bytes(ptr, &[self.into()])
    }

    fn load_list(cx: &mut LiftCx<'_>, _element: &ValType, ptr: u64, length: u32) -> Result<Vec<Self>> {
        Ok(elements(cx, ptr, length, 1)?.iter().map(|byte| *byte != 0).collect())
    }
}

/// Spec: `convert_i32_to_char`.
pub(super) fn convert_i32_to_char(bits: u32) -> Result<char> {
    char::from_u32(bits).ok_or_else(|| Trap::InvalidChar.into())
}

impl WitType for char {
    named!(Char);

    fn lift_flat(_cx: &mut LiftCx<'_>, _ty: &ValType, flat: &mut FlatIter<'_>) -> Result<Self> {
        convert_i32_to_char(flat.next_u32())
    }

    fn load(cx: &mut LiftCx<'_>, _ty: &ValType, ptr: u64) -> Result<Self> {
        convert_i32_to_char(cx.load_u32(ptr)?)
    }

    fn lower_flat(self, _cx: &mut LowerCx<'_>, _ty: &ValType, flat: &mut Flat) -> Result<()> {
        flat.push(u32::from(self).into());
        Ok(())
    }

    fn store(self, cx: &mut LowerCx<'_>, _ty: &ValType, ptr: u64) -> Result<()> {
        cx.store_bytes(ptr, &u32::from(self).to_le_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_nan_becomes_the_canonical_one() {
        for bits in [0x7fc0_0000, 0x7f80_0001, 0xffff_ffff, 0xff80_0001] {
            assert_eq!(canonicalize_nan32(f32::from_bits(bits)).to_bits(), CANONICAL_FLOAT32_NAN);
        }
        for bits in [0x7ff8_0000_0000_0000, 0x7ff0_0000_0000_0001, u64::MAX] {
            assert_eq!(canonicalize_nan64(f64::from_bits(bits)).to_bits(), CANONICAL_FLOAT64_NAN);
        }
    }

    #[test]
    fn other_floats_keep_their_bits() {
        for value in [0.0, -0.0, 1.5, f32::INFINITY, f32::NEG_INFINITY, f32::MIN_POSITIVE / 2.0] {
            assert_eq!(canonicalize_nan32(value).to_bits(), value.to_bits());
            assert_eq!(canonicalize_nan64(value.into()).to_bits(), f64::from(value).to_bits());
        }
    }

    #[test]
    fn a_char_is_a_scalar_value() {
        let char = |bits| convert_i32_to_char(bits).map_err(|error| error.as_trap());
        assert_eq!(char(0x10ffff), Ok('\u{10ffff}'));
        assert_eq!(char(0xd7ff), Ok('\u{d7ff}'));
        assert_eq!(char(0xe000), Ok('\u{e000}'));
        for bits in [0xd800, 0xdfff, 0x11_0000, u32::MAX] {
            assert_eq!(char(bits), Err(Some(Trap::InvalidChar)));
        }
    }
}
