//! Where one value is: among core values or in memory. What has parts is lifted and lowered once, for both.
//!
//! Spec: `load_record` with `lift_flat_record`, `load_variant` with `lift_flat_variant`, and their lowering
//! counterparts.

use super::{Flat, FlatIter, LiftCx, LowerCx, Payload, WitType};
use crate::error::bug;
use crate::types::{Layout, PerPtr, PtrType, ValType, VariantShape};
use crate::{Error, Result, Trap};

/// Where a value is read.
#[derive(Debug)]
pub enum LiftFrom<'a, 'f> {
    /// From the next core values.
    Flat(&'a mut FlatIter<'f>),
    /// From memory, at this pointer; the whole value is inside of the memory.
    Memory(u64),
}

/// Where a value is written.
#[derive(Debug)]
pub enum LowerTo<'a> {
    /// To the next core values.
    Flat(&'a mut Flat),
    /// To memory, at this pointer; the whole value is inside of the memory.
    Memory(u64),
}

/// A case of a variant (or of what is one underneath), whose payload comes next.
#[derive(Debug)]
pub struct Case<'t> {
    number: u32,
    payload: Option<&'t ValType>,
    /// Bytes from the variant's start to the payload.
    offset: u32,
    /// Where, among core values, the variant ends.
    end: usize,
}

impl<'t> Case<'t> {
    /// Which case, from 0.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The type of its payload.
    #[must_use]
    pub fn payload(&self) -> Option<&'t ValType> {
        self.payload
    }
}

impl<'f> LiftFrom<'_, 'f> {
    /// Lifts the whole value.
    ///
    /// # Errors
    ///
    /// The trap that the standard says.
    pub fn value<T: WitType>(&mut self, cx: &mut LiftCx<'_>, ty: &ValType) -> Result<T> {
        match self {
            LiftFrom::Flat(flat) => T::lift_flat(cx, ty, flat),
            LiftFrom::Memory(ptr) => T::load(cx, ty, *ptr),
        }
    }

    /// Lifts a part: the next core values, or what is `offset` bytes further, as the memory has it.
    ///
    /// # Errors
    ///
    /// The trap that the standard says.
    pub fn field<T: WitType>(&mut self, cx: &mut LiftCx<'_>, ty: &ValType, offset: PerPtr<u32>) -> Result<T> {
        match self {
            LiftFrom::Flat(flat) => T::lift_flat(cx, ty, flat),
            LiftFrom::Memory(ptr) => T::load(cx, ty, part_at(*ptr, offset.at(cx.ptr_type))),
        }
    }

    /// Lifts the discriminant of a variant, enum, option or result.
    ///
    /// # Errors
    ///
    /// Traps when there is no such case.
    pub fn case<'t>(&mut self, cx: &mut LiftCx<'_>, ty: &'t ValType) -> Result<Case<'t>> {
        let (shape, layout) = shape_of(ty, cx.ptr_type)?;
        let start = self.position();
        let number = self.word(cx, shape.discriminant_size)?;
        let payload = payload_of(ty, number).ok_or(Trap::InvalidDiscriminant)?;
        Ok(Case { number, payload, offset: shape.payload_offset, end: start + flat_len(layout) })
    }

    /// Lifts the payload of a case and goes behind the variant.
    ///
    /// # Errors
    ///
    /// The trap that the standard says.
    pub fn payload<T: Payload>(&mut self, cx: &mut LiftCx<'_>, case: &Case<'_>) -> Result<T> {
        match self {
            LiftFrom::Flat(flat) => {
                let value = T::lift_flat_payload(cx, case.payload, flat)?;
                flat.skip_to(case.end);
                Ok(value)
            }
            LiftFrom::Memory(ptr) => T::load_payload(cx, case.payload, part_at(*ptr, case.offset)),
        }
    }

    /// Lifts an unsigned number that is `size` (1, 2 or 4) bytes in memory and one core value.
    pub(crate) fn word(&mut self, cx: &mut LiftCx<'_>, size: u32) -> Result<u32> {
        match (self, size) {
            (LiftFrom::Flat(flat), _) => Ok(flat.next_u32()),
            (LiftFrom::Memory(ptr), 1) => Ok(u8::from_le_bytes(cx.bytes(*ptr)?).into()),
            (LiftFrom::Memory(ptr), 2) => Ok(u16::from_le_bytes(cx.bytes(*ptr)?).into()),
            (LiftFrom::Memory(ptr), _) => cx.load_u32(*ptr),
        }
    }

    /// Lifts a pointer and the length beside it.
    #[inline]
    pub(crate) fn pointer_and_length(&mut self, cx: &mut LiftCx<'_>) -> Result<(u64, u64)> {
        match (self, cx.ptr_type) {
            (LiftFrom::Flat(flat), ptr_type) => {
                let begin = ptr_type.of_bits(flat.next_u64());
                Ok((begin, ptr_type.of_bits(flat.next_u64())))
            }
            (LiftFrom::Memory(ptr), PtrType::I32) => {
                let begin = cx.load_u32(*ptr)?;
                Ok((begin.into(), cx.load_u32(part_at(*ptr, 4))?.into()))
            }
            (LiftFrom::Memory(ptr), PtrType::I64) => {
                let begin = u64::from_le_bytes(cx.bytes(*ptr)?);
                Ok((begin, u64::from_le_bytes(cx.bytes(part_at(*ptr, 8))?)))
            }
        }
    }

    fn position(&self) -> usize {
        match self {
            LiftFrom::Flat(flat) => flat.position(),
            LiftFrom::Memory(_) => 0,
        }
    }
}

impl LowerTo<'_> {
    /// Lowers the whole value.
    ///
    /// # Errors
    ///
    /// The trap that the standard says.
    pub fn value<T: WitType>(&mut self, cx: &mut LowerCx<'_>, ty: &ValType, value: T) -> Result<()> {
        match self {
            LowerTo::Flat(flat) => value.lower_flat(cx, ty, flat),
            LowerTo::Memory(ptr) => value.store(cx, ty, *ptr),
        }
    }

    /// Lowers a part: to the next core values, or `offset` bytes further, as the memory has it.
    ///
    /// # Errors
    ///
    /// The trap that the standard says.
    pub fn field<T: WitType>(
        &mut self,
        cx: &mut LowerCx<'_>,
        ty: &ValType,
        offset: PerPtr<u32>,
        value: T,
    ) -> Result<()> {
        match self {
            LowerTo::Flat(flat) => value.lower_flat(cx, ty, flat),
            LowerTo::Memory(ptr) => value.store(cx, ty, part_at(*ptr, offset.at(cx.ptr_type))),
        }
    }

    /// Lowers the discriminant of a variant, enum, option or result.
    ///
    /// # Errors
    ///
    /// A host error when there is no such case.
    pub fn case<'t>(&mut self, cx: &mut LowerCx<'_>, ty: &'t ValType, number: u32) -> Result<Case<'t>> {
        let (shape, layout) = shape_of(ty, cx.ptr_type)?;
        let start = self.position();
        let Some(payload) = payload_of(ty, number) else {
            return Err(Error::host(format!("no case has the number {number}")).with_have(format!("the type is {ty}")));
        };
        self.word(cx, shape.discriminant_size, number)?;
        Ok(Case { number, payload, offset: shape.payload_offset, end: start + flat_len(layout) })
    }

    /// Lowers the payload of a case and fills the rest of the variant's core values.
    ///
    /// # Errors
    ///
    /// The trap that the standard says.
    pub fn payload<T: Payload>(&mut self, cx: &mut LowerCx<'_>, case: &Case<'_>, value: T) -> Result<()> {
        match self {
            LowerTo::Flat(flat) => {
                value.lower_flat_payload(cx, case.payload, flat)?;
                flat.pad_to(case.end);
                Ok(())
            }
            LowerTo::Memory(ptr) => value.store_payload(cx, case.payload, part_at(*ptr, case.offset)),
        }
    }

    /// Lowers an unsigned number that is `size` (1, 2 or 4) bytes in memory and one core value.
    pub(crate) fn word(&mut self, cx: &mut LowerCx<'_>, size: u32, number: u32) -> Result<()> {
        match self {
            LowerTo::Flat(flat) => {
                flat.push(number.into());
                Ok(())
            }
            LowerTo::Memory(ptr) => {
                let bytes = number.to_le_bytes();
                cx.store_bytes(*ptr, bytes.get(..size as usize).unwrap_or(&bytes))
            }
        }
    }

    /// Lowers a pointer and the length beside it.
    #[inline]
    pub(crate) fn pointer_and_length(&mut self, cx: &mut LowerCx<'_>, begin: u64, length: u64) -> Result<()> {
        match (self, cx.ptr_type) {
            (LowerTo::Flat(flat), _) => {
                flat.push(begin);
                flat.push(length);
                Ok(())
            }
            (LowerTo::Memory(ptr), PtrType::I32) => {
                // Both fit: the memory has no more addresses.
                cx.store_bytes(*ptr, &((begin & 0xffff_ffff) | length << 32).to_le_bytes())
            }
            (LowerTo::Memory(ptr), PtrType::I64) => {
                cx.store_bytes(*ptr, &begin.to_le_bytes())?;
                cx.store_bytes(part_at(*ptr, 8), &length.to_le_bytes())
            }
        }
    }

    fn position(&self) -> usize {
        match self {
            LowerTo::Flat(flat) => flat.len(),
            LowerTo::Memory(_) => 0,
        }
    }
}

/// The pointer to what is `offset` bytes behind `ptr`. Beyond all addresses there is no memory either.
pub(crate) fn part_at(ptr: u64, offset: u32) -> u64 {
    ptr.saturating_add(offset.into())
}

/// The pointer to element number `i` of elements of `size` bytes that start at `ptr`.
pub(crate) fn element_at(ptr: u64, i: u32, size: u32) -> u64 {
    ptr.saturating_add(u64::from(i) * u64::from(size))
}

fn flat_len(layout: &Layout) -> usize {
    layout.flat.as_ref().map_or(0, |flat| flat.len())
}

fn shape_of(ty: &ValType, ptr: PtrType) -> Result<(VariantShape, &Layout)> {
    match ty {
        ValType::Variant(ty) => Ok((ty.shape.at(ptr), ty.layout.of(ptr))),
        ValType::Option(ty) => Ok((ty.shape.at(ptr), ty.layout.of(ptr))),
        ValType::Result(ty) => Ok((ty.shape.at(ptr), ty.layout.of(ptr))),
        ValType::Enum(ty) => {
            let size = ty.layout.size;
            Ok((VariantShape { discriminant_size: size, payload_offset: size }, &ty.layout))
        }
        _ => Err(bug!("cases of {ty}")),
    }
}

/// The payload of case `number`; nothing when there is no such case. Spec: `despecialize`.
fn payload_of(ty: &ValType, number: u32) -> Option<Option<&ValType>> {
    match (ty, number) {
        (ValType::Variant(ty), _) => ty.cases.get(number as usize).map(|case| case.ty.as_ref()),
        (ValType::Enum(ty), _) => ty.names.get(number as usize).map(|_| None),
        (ValType::Option(_), 0) => Some(None),
        (ValType::Option(ty), 1) => Some(Some(&ty.some)),
        (ValType::Result(ty), 0) => Some(ty.ok.as_ref()),
        (ValType::Result(ty), 1) => Some(ty.err.as_ref()),
        _ => None,
    }
}
