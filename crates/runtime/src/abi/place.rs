//! Where one value is: among core values or in memory. What has parts is lifted and lowered once, for both.
//!
//! Spec: `load_record` with `lift_flat_record`, `load_variant` with `lift_flat_variant`, and their lowering
//! counterparts.

use super::{Flat, FlatIter, LiftCx, LowerCx, Payload, WitType};
use crate::error::bug;
use crate::types::{Layout, ValType, VariantShape};
use crate::{Error, Result, Trap};

/// Where a value is read.
#[derive(Debug)]
pub enum LiftFrom<'a, 'f> {
    /// From the next core values.
    Flat(&'a mut FlatIter<'f>),
    /// From memory, at this pointer; the whole value is inside of the memory.
    Memory(u32),
}

/// Where a value is written.
#[derive(Debug)]
pub enum LowerTo<'a> {
    /// To the next core values.
    Flat(&'a mut Flat),
    /// To memory, at this pointer; the whole value is inside of the memory.
    Memory(u32),
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
        self.field(cx, ty, 0)
    }

    /// Lifts a part: the next core values, or what is `offset` bytes further.
    ///
    /// # Errors
    ///
    /// The trap that the standard says.
    pub fn field<T: WitType>(&mut self, cx: &mut LiftCx<'_>, ty: &ValType, offset: u32) -> Result<T> {
        match self {
            LiftFrom::Flat(flat) => T::lift_flat(cx, ty, flat),
            LiftFrom::Memory(ptr) => T::load(cx, ty, part_at(*ptr, offset)?),
        }
    }

    /// Lifts the discriminant of a variant, enum, option or result.
    ///
    /// # Errors
    ///
    /// Traps when there is no such case.
    pub fn case<'t>(&mut self, cx: &mut LiftCx<'_>, ty: &'t ValType) -> Result<Case<'t>> {
        let (shape, layout) = shape_of(ty)?;
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
            LiftFrom::Memory(ptr) => T::load_payload(cx, case.payload, part_at(*ptr, case.offset)?),
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
        self.field(cx, ty, 0, value)
    }

    /// Lowers a part: to the next core values, or `offset` bytes further.
    ///
    /// # Errors
    ///
    /// The trap that the standard says.
    pub fn field<T: WitType>(&mut self, cx: &mut LowerCx<'_>, ty: &ValType, offset: u32, value: T) -> Result<()> {
        match self {
            LowerTo::Flat(flat) => value.lower_flat(cx, ty, flat),
            LowerTo::Memory(ptr) => value.store(cx, ty, part_at(*ptr, offset)?),
        }
    }

    /// Lowers the discriminant of a variant, enum, option or result.
    ///
    /// # Errors
    ///
    /// A host error when there is no such case.
    pub fn case<'t>(&mut self, cx: &mut LowerCx<'_>, ty: &'t ValType, number: u32) -> Result<Case<'t>> {
        let (shape, layout) = shape_of(ty)?;
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
            LowerTo::Memory(ptr) => value.store_payload(cx, case.payload, part_at(*ptr, case.offset)?),
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

    fn position(&self) -> usize {
        match self {
            LowerTo::Flat(flat) => flat.len(),
            LowerTo::Memory(_) => 0,
        }
    }
}

/// The pointer to what is `offset` bytes behind `ptr`.
pub(crate) fn part_at(ptr: u32, offset: u32) -> Result<u32> {
    ptr.checked_add(offset).ok_or_else(|| Trap::PointerOutOfBounds.into())
}

/// The pointer to element number `i` of elements of `size` bytes that start at `ptr`.
pub(crate) fn element_at(ptr: u32, i: u32, size: u32) -> Result<u32> {
    let offset = i.checked_mul(size).ok_or(Trap::PointerOutOfBounds)?;
    part_at(ptr, offset)
}

fn flat_len(layout: &Layout) -> usize {
    layout.flat.as_ref().map_or(0, |flat| flat.len())
}

fn shape_of(ty: &ValType) -> Result<(VariantShape, &Layout)> {
    match ty {
        ValType::Variant(ty) => Ok((ty.shape, &ty.layout)),
        ValType::Option(ty) => Ok((ty.shape, &ty.layout)),
        ValType::Result(ty) => Ok((ty.shape, &ty.layout)),
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
