//! `list<T>` as [`Vec`], `list<T, N>` as an array or a [`Vec`], and `map<K, V>` as a [`Vec`] of pairs.
//!
//! Spec: `load_list`, `store_list`, `lift_flat_list`, `lower_flat_list`.

use std::borrow::Cow;

use super::mismatch::{count, mismatch};
use super::{LiftCx, LiftFrom, LowerCx, LowerTo, WitType};
use crate::error::bug;
use crate::linker::HostTypes;
use crate::types::{PtrType, ValType, is_aligned};
use crate::{Error, Result, Trap};

/// Spec: `MAX_LIST_BYTE_LENGTH`.
pub(crate) const MAX_LIST_BYTE_LENGTH: u32 = (1 << 28) - 1;

impl<T: WitType> WitType for Vec<T> {
    fn wit_name() -> String {
        format!("list<{}>", T::wit_name())
    }

    fn check(ty: &ValType, host: &HostTypes) -> Result<()> {
        match element_of(ty) {
            Some((element, _)) => T::check(&element, host).map_err(|error| error.at("element")),
            None => Err(mismatch(ty, &Self::wit_name())),
        }
    }

    crate::__wit_both_ways!(lift_vec, lower_vec);
}

impl<T: WitType, const N: usize> WitType for [T; N] {
    fn wit_name() -> String {
        format!("list<{}, {N}>", T::wit_name())
    }

    fn check(ty: &ValType, host: &HostTypes) -> Result<()> {
        match element_of(ty) {
            Some((element, Some(length))) if length as usize == N => {
                T::check(&element, host).map_err(|error| error.at("element"))
            }
            _ => Err(mismatch(ty, &Self::wit_name())),
        }
    }

    crate::__wit_both_ways!(lift_array, lower_array);
}

/// The type of the elements, and the length when it is part of the type. Spec: `despecialize` of a map.
fn element_of(ty: &ValType) -> Option<(Cow<'_, ValType>, Option<u32>)> {
    match ty {
        ValType::List(list) => Some((Cow::Borrowed(&list.element), list.length)),
        ValType::Map(map) => Some((Cow::Owned(ValType::Tuple(map.entry.clone())), None)),
        _ => None,
    }
}

fn lift_vec<T: WitType>(cx: &mut LiftCx<'_>, ty: &ValType, from: &mut LiftFrom<'_, '_>) -> Result<Vec<T>> {
    let (element, length) = element_of(ty).ok_or_else(|| bug!("elements of {ty}"))?;
    match (length, from) {
        (None, from) => {
            let (begin, length) = from.pointer_and_length(cx)?;
            load_list_from_range(cx, begin, length, &element)
        }
        (Some(length), LiftFrom::Flat(flat)) => (0..length).map(|_| T::lift_flat(cx, &element, flat)).collect(),
        (Some(length), LiftFrom::Memory(ptr)) => {
            spend::<T>(cx, length, &element)?;
            T::load_list(cx, &element, *ptr, length)
        }
    }
}

fn lower_vec<T: WitType>(items: Vec<T>, cx: &mut LowerCx<'_>, ty: &ValType, to: &mut LowerTo<'_>) -> Result<()> {
    let (element, length) = element_of(ty).ok_or_else(|| bug!("elements of {ty}"))?;
    let Some(length) = length else {
        let (begin, length) = store_list_into_range(cx, items, &element)?;
        return to.pointer_and_length(cx, begin, length.into());
    };
    if items.len() != length as usize {
        let (length, have) = (count(length as usize, "element"), count(items.len(), "element"));
        return Err(Error::host(format!("expected list of {length}, found list of {have}")));
    }
    match to {
        LowerTo::Flat(flat) => items.into_iter().try_for_each(|item| item.lower_flat(cx, &element, flat)),
        LowerTo::Memory(ptr) => T::store_list(items, cx, &element, *ptr),
    }
}

fn lift_array<T: WitType, const N: usize>(
    cx: &mut LiftCx<'_>,
    ty: &ValType,
    from: &mut LiftFrom<'_, '_>,
) -> Result<[T; N]> {
    let items: Vec<T> = lift_vec(cx, ty, from)?;
    items.try_into().map_err(|_| bug!("a list of another length than was checked"))
}

fn lower_array<T: WitType, const N: usize>(
    items: [T; N],
    cx: &mut LowerCx<'_>,
    ty: &ValType,
    to: &mut LowerTo<'_>,
) -> Result<()> {
    lower_vec(Vec::from(items), cx, ty, to)
}

/// Spec: `load_list_from_range`.
pub(crate) fn load_list_from_range<T: WitType>(
    cx: &mut LiftCx<'_>,
    ptr: u64,
    length: u64,
    element: &ValType,
) -> Result<Vec<T>> {
    let byte_length = length.saturating_mul(element.size(cx.ptr_type).into());
    if byte_length > u64::from(MAX_LIST_BYTE_LENGTH) {
        return Err(Trap::ListTooLong.into());
    }
    if !is_aligned(ptr, element.align(cx.ptr_type)) {
        return Err(Trap::UnalignedPointer.into());
    }
    if ptr.saturating_add(byte_length) > cx.memory()?.len() as u64 {
        return Err(Trap::ListOutOfBounds.into());
    }
    // No element is empty, so there are no more elements than bytes.
    let length = length as u32;
    spend::<T>(cx, length, element)?;
    T::load_list(cx, element, ptr, length)
}

/// Takes what the elements occupy on the host's side from what the call may bring there.
fn spend<T>(cx: &mut LiftCx<'_>, length: u32, element: &ValType) -> Result<()> {
    let each = size_of::<T>().max(element.size(cx.ptr_type) as usize);
    cx.spend(each.saturating_mul(length as usize))
}

/// Spec: `store_list_into_range`.
pub(crate) fn store_list_into_range<T: WitType>(
    cx: &mut LowerCx<'_>,
    items: Vec<T>,
    element: &ValType,
) -> Result<(u64, u32)> {
    let (length, byte_length) = lengths(items.len(), element, cx.ptr_type)?;
    let ptr = cx.allocate(element.align(cx.ptr_type), byte_length).map_err(|error| match error.as_trap() {
        Some(Trap::ReallocOutOfBounds) => Trap::ListReallocOutOfBounds.into(),
        _ => error,
    })?;
    T::store_list(items, cx, element, ptr)?;
    Ok((ptr, length))
}

/// The length in elements and in bytes. Only a list of the host's can be too long: a guest's was checked when lifted.
/// One that a component with a memory of 32 bits could not take, no component gets; with addresses of 64 bits it may
/// need twice the bytes.
fn lengths(length: usize, element: &ValType, ptr: PtrType) -> Result<(u32, u32)> {
    let bytes = |ptr| length.checked_mul(element.size(ptr) as usize).and_then(|bytes| u32::try_from(bytes).ok());
    match (u32::try_from(length), bytes(PtrType::I32), bytes(ptr)) {
        (Ok(length), Some(least), Some(bytes)) if least <= MAX_LIST_BYTE_LENGTH => Ok((length, bytes)),
        _ => Err(Error::host(format!("a list of {length} elements is longer than a component can take"))
            .with_have(format!("an element has {} bytes, and {MAX_LIST_BYTE_LENGTH} fit", element.size(PtrType::I32)))),
    }
}
