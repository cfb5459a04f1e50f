//! Parameters: how many values go flat, and through memory when they are too many.
//!
//! Spec: `lift_flat_values`, `lower_flat_values`.

use super::mismatch::count;
use super::tuple::Elements;
use super::{Flat, FlatIter, LiftCx, LiftFrom, LowerCx, LowerTo, Val, WitType};
use crate::linker::HostTypes;
use crate::types::{Layout, MAX_FLAT_PARAMS, TupleType};
use crate::{Error, Result};

/// A tuple of parameters: `()`, `(A,)`, `(A, B)`, ... and `Vec<Val>`.
pub trait Params: Sized + Send + 'static {
    /// Whether these Rust types can stand for `ty`.
    ///
    /// # Errors
    ///
    /// Names the parameter and both types.
    fn check(names: &[Box<str>], ty: &TupleType, host: &HostTypes) -> Result<()>;

    /// Spec: `lift_flat_values`.
    ///
    /// # Errors
    ///
    /// The trap that the standard says.
    fn lift(cx: &mut LiftCx<'_>, ty: &TupleType, max_flat: usize, flat: &mut FlatIter<'_>) -> Result<Self>;

    /// Spec: `lower_flat_values` without an out-parameter.
    ///
    /// # Errors
    ///
    /// The trap that the standard says.
    fn lower(self, cx: &mut LowerCx<'_>, ty: &TupleType, max_flat: usize, flat: &mut Flat) -> Result<()>;
}

/// Whether values of this layout travel as core values.
pub(super) fn goes_flat(layout: &Layout, max_flat: usize) -> bool {
    layout.flat.as_ref().is_some_and(|flat| flat.len() <= max_flat)
}

/// Where the values are that were passed as `flat`: there, or where the pointer in it says.
pub(super) fn lift_place<'a, 'f>(
    cx: &LiftCx<'_>,
    layout: &Layout,
    max_flat: usize,
    flat: &'a mut FlatIter<'f>,
) -> Result<LiftFrom<'a, 'f>> {
    if goes_flat(layout, max_flat) {
        return Ok(LiftFrom::Flat(flat));
    }
    let ptr = cx.ptr_type.of_bits(flat.next_u64());
    cx.check_pointer(ptr, layout)?;
    Ok(LiftFrom::Memory(ptr))
}

/// Where values go that are passed as `flat`: there, or into memory that is allocated now and pointed to.
pub(super) fn lower_place<'a>(
    cx: &mut LowerCx<'_>,
    layout: &Layout,
    max_flat: usize,
    flat: &'a mut Flat,
) -> Result<LowerTo<'a>> {
    if goes_flat(layout, max_flat) {
        return Ok(LowerTo::Flat(flat));
    }
    let ptr = cx.allocate(layout.align, layout.size)?;
    flat.push(ptr);
    Ok(LowerTo::Memory(ptr))
}

/// Compares the number of parameters.
fn check_count(names: &[Box<str>], found: usize) -> Result<()> {
    if names.len() == found {
        return Ok(());
    }
    let error = Error::link(format!("expected {}, found {found}", count(names.len(), "parameter")));
    Err(if names.is_empty() { error } else { error.with_have(format!("the parameters are {}", names.join(", "))) })
}

/// The place of parameter `number` for a message.
fn parameter(names: &[Box<str>], number: usize) -> String {
    format!("parameter `{}`", names.get(number).map_or("?", |name| name))
}

impl Params for () {
    fn check(names: &[Box<str>], _ty: &TupleType, _host: &HostTypes) -> Result<()> {
        check_count(names, 0)
    }

    fn lift(_cx: &mut LiftCx<'_>, _ty: &TupleType, _max_flat: usize, _flat: &mut FlatIter<'_>) -> Result<Self> {
        Ok(())
    }

    fn lower(self, _cx: &mut LowerCx<'_>, _ty: &TupleType, _max_flat: usize, _flat: &mut Flat) -> Result<()> {
        Ok(())
    }
}

impl Params for Vec<Val> {
    fn check(_names: &[Box<str>], _ty: &TupleType, _host: &HostTypes) -> Result<()> {
        Ok(())
    }

    fn lift(cx: &mut LiftCx<'_>, ty: &TupleType, max_flat: usize, flat: &mut FlatIter<'_>) -> Result<Self> {
        let mut from = lift_place(cx, ty.layout.of(cx.ptr_type), max_flat, flat)?;
        ty.elements.iter().map(|element| from.field(cx, &element.ty, element.offset)).collect()
    }

    fn lower(self, cx: &mut LowerCx<'_>, ty: &TupleType, max_flat: usize, flat: &mut Flat) -> Result<()> {
        if self.len() != ty.elements.len() {
            let expected = count(ty.elements.len(), "parameter");
            return Err(Error::host(format!("expected {expected}, found {}", self.len())));
        }
        let mut to = lower_place(cx, ty.layout.of(cx.ptr_type), max_flat, flat)?;
        for (i, (element, value)) in ty.elements.iter().zip(self).enumerate() {
            to.field(cx, &element.ty, element.offset, value)
                .map_err(|error| super::val_lower::blame(error, format_args!("parameter {}", i + 1)))?;
        }
        Ok(())
    }
}

/// Lowers arguments that were lifted from another guest, as parameters of a lifted function.
pub(crate) fn lower_dynamic(cx: &mut LowerCx<'_>, args: Vec<Val>, ty: &TupleType) -> Result<Flat> {
    let mut flat = Flat::new();
    Params::lower(args, cx, ty, MAX_FLAT_PARAMS, &mut flat)?;
    Ok(flat)
}

macro_rules! params {
    ($(($($name:ident)*) $len:literal;)*) => {$(
        impl<$($name: WitType),*> Params for ($($name,)*) {
            fn check(names: &[Box<str>], ty: &TupleType, host: &HostTypes) -> Result<()> {
                check_count(names, $len)?;
                let mut elements = Elements::of(ty);
                let mut numbers = 0..;
                $(
                    let number = numbers.next().unwrap_or_default();
                    $name::check(&elements.next_element()?.ty, host)
                        .map_err(|error| error.at(parameter(names, number)))?;
                )*
                Ok(())
            }

            fn lift(cx: &mut LiftCx<'_>, ty: &TupleType, max_flat: usize, flat: &mut FlatIter<'_>) -> Result<Self> {
                let mut from = lift_place(cx, ty.layout.of(cx.ptr_type), max_flat, flat)?;
                let mut elements = Elements::of(ty);
                Ok(($({
                    let element = elements.next_element()?;
                    from.field::<$name>(cx, &element.ty, element.offset)?
                },)*))
            }

            #[allow(non_snake_case, reason = "the values are named as their types")]
            fn lower(self, cx: &mut LowerCx<'_>, ty: &TupleType, max_flat: usize, flat: &mut Flat) -> Result<()> {
                let mut to = lower_place(cx, ty.layout.of(cx.ptr_type), max_flat, flat)?;
                let mut elements = Elements::of(ty);
                let ($($name,)*) = self;
                $(
                    let element = elements.next_element()?;
                    to.field(cx, &element.ty, element.offset, $name)?;
                )*
                Ok(())
            }
        }
    )*};
}

params! {
    (A) 1;
    (A B) 2;
    (A B C) 3;
    (A B C D) 4;
    (A B C D E) 5;
    (A B C D E F) 6;
    (A B C D E F G) 7;
    (A B C D E F G H) 8;
    (A B C D E F G H I) 9;
    (A B C D E F G H I J) 10;
    (A B C D E F G H I J K) 11;
    (A B C D E F G H I J K L) 12;
    (A B C D E F G H I J K L M) 13;
    (A B C D E F G H I J K L M N) 14;
    (A B C D E F G H I J K L M N O) 15;
    (A B C D E F G H I J K L M N O P) 16;
}
