//! Values that are nothing but numbers, side by side: scalars, and records and tuples of them.
//!
//! They cross from one guest to another without becoming values of Rust. What happens to each number is what its
//! [`WitType`](super::WitType) does to it; these are the twin that this file is compared with.

use super::Flat;
use super::scalar::{canonicalize_nan32, canonicalize_nan64, convert_i32_to_char};
use crate::Result;
use crate::Trap;
use crate::types::{Layout, MAX_FLAT_PARAMS, PtrType, TupleType, ValType, is_aligned};

/// Numbers have no addresses in them: their layout is the same whatever type these have.
const PTR: PtrType = PtrType::I32;

/// A scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    Bool,
    S8,
    U8,
    S16,
    U16,
    Word,
    Long,
    F32,
    F64,
    Char,
}

/// One number of a value in memory.
#[derive(Debug, Clone, Copy)]
struct Part {
    number: Number,
    offset: u32,
}

/// A type whose values are numbers side by side, no more of them than core values travel flat.
#[derive(Debug)]
pub(crate) struct Plain {
    parts: Box<[Part]>,
    size: u32,
    align: u32,
}

impl Plain {
    /// Parameters of numbers only; none when there are others.
    pub(crate) fn of_params(params: &TupleType) -> Option<Plain> {
        let mut parts = Vec::new();
        for element in &params.elements {
            collect(&element.ty, element.offset.at(PTR), &mut parts)?;
        }
        Plain::new(parts, params.layout.of(PTR))
    }

    /// A result of numbers only, or no result.
    pub(crate) fn of_result(result: Option<&ValType>) -> Option<Plain> {
        let Some(result) = result else { return Some(Plain { parts: Box::default(), size: 0, align: 1 }) };
        let mut parts = Vec::new();
        collect(result, 0, &mut parts)?;
        if parts.is_empty() { None } else { Plain::new(parts, result.layout(PTR)) }
    }

    fn new(parts: Vec<Part>, layout: &Layout) -> Option<Plain> {
        let fits = parts.len() <= MAX_FLAT_PARAMS;
        fits.then(|| Plain { parts: parts.into(), size: layout.size, align: layout.align })
    }

    /// How many core values it is.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.parts.len()
    }

    /// Lifts from core values.
    #[inline]
    pub(crate) fn lift_flat(&self, flat: &[u64], numbers: &mut Flat) -> Result<()> {
        for (part, &bits) in self.parts.iter().zip(flat) {
            numbers.push(part.number.clean(bits)?);
        }
        Ok(())
    }

    /// Lifts from memory.
    #[inline]
    pub(crate) fn load(&self, memory: &[u8], ptr: u64, numbers: &mut Flat) -> Result<()> {
        let range = self.range(memory.len(), ptr)?;
        let bytes = memory.get(range).ok_or(Trap::PointerOutOfBounds)?;
        for part in &self.parts {
            let bytes = bytes.get(part.offset as usize..).unwrap_or_default();
            numbers.push(part.number.clean(part.number.load(bytes))?);
        }
        Ok(())
    }

    /// Lowers into memory.
    #[inline]
    pub(crate) fn store(&self, numbers: &Flat, memory: &mut [u8], ptr: u64) -> Result<()> {
        if self.parts.is_empty() {
            return Ok(());
        }
        let range = self.range(memory.len(), ptr)?;
        let bytes = memory.get_mut(range).ok_or(Trap::PointerOutOfBounds)?;
        for (bits, part) in numbers.values().iter().zip(&self.parts) {
            let start = part.offset as usize;
            let size = part.number.size();
            if let Some(place) = bytes.get_mut(start..start + size) {
                place.copy_from_slice(bits.to_le_bytes().get(..size).unwrap_or_default());
            }
        }
        Ok(())
    }

    #[inline]
    fn range(&self, memory: usize, ptr: u64) -> Result<std::ops::Range<usize>> {
        if !is_aligned(ptr, self.align) {
            return Err(Trap::UnalignedPointer.into());
        }
        let end = ptr.saturating_add(self.size.into());
        if end > memory as u64 {
            return Err(Trap::PointerOutOfBounds.into());
        }
        Ok(ptr as usize..end as usize)
    }
}

/// Adds the numbers of `ty`; nothing when it has others or too many.
fn collect(ty: &ValType, offset: u32, parts: &mut Vec<Part>) -> Option<()> {
    let number = match ty {
        ValType::Bool => Number::Bool,
        ValType::S8 => Number::S8,
        ValType::U8 => Number::U8,
        ValType::S16 => Number::S16,
        ValType::U16 => Number::U16,
        ValType::S32 | ValType::U32 => Number::Word,
        ValType::S64 | ValType::U64 => Number::Long,
        ValType::F32 => Number::F32,
        ValType::F64 => Number::F64,
        ValType::Char => Number::Char,
        ValType::Record(record) => {
            return record.fields.iter().try_for_each(|field| collect(&field.ty, offset + field.offset.at(PTR), parts));
        }
        ValType::Tuple(tuple) => {
            return tuple.elements.iter().try_for_each(|part| collect(&part.ty, offset + part.offset.at(PTR), parts));
        }
        _ => return None,
    };
    (parts.len() < MAX_FLAT_PARAMS).then(|| parts.push(Part { number, offset }))
}

impl Number {
    #[inline]
    fn size(self) -> usize {
        match self {
            Number::Bool | Number::S8 | Number::U8 => 1,
            Number::S16 | Number::U16 => 2,
            Number::Word | Number::F32 | Number::Char => 4,
            Number::Long | Number::F64 => 8,
        }
    }

    /// Its bytes at the start of `bytes` as bits; the rest of them is zero.
    #[inline]
    fn load(self, bytes: &[u8]) -> u64 {
        let mut bits = [0; 8];
        if let (Some(place), Some(bytes)) = (bits.get_mut(..self.size()), bytes.get(..self.size())) {
            place.copy_from_slice(bytes);
        }
        u64::from_le_bytes(bits)
    }

    /// Lifts its bits, and lowers them again.
    #[inline]
    fn clean(self, bits: u64) -> Result<u64> {
        Ok(match self {
            Number::Bool => u64::from(bits as u32 != 0),
            Number::S8 => u64::from(bits as i8 as u32),
            Number::U8 => u64::from(bits as u8),
            Number::S16 => u64::from(bits as i16 as u32),
            Number::U16 => u64::from(bits as u16),
            Number::Word => u64::from(bits as u32),
            Number::Long => bits,
            Number::F32 => u64::from(canonicalize_nan32(f32::from_bits(bits as u32)).to_bits()),
            Number::F64 => canonicalize_nan64(f64::from_bits(bits)).to_bits(),
            Number::Char => u64::from(u32::from(convert_i32_to_char(bits as u32)?)),
        })
    }
}
