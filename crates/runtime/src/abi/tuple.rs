//! `tuple<A, B, ...>` as a Rust tuple of up to twelve elements.
//!
//! Spec: `despecialize`: a record with numbers for labels.

use super::mismatch::mismatch;
use super::{Flat, FlatIter, LiftCx, LiftFrom, LowerCx, LowerTo, WitType};
use crate::Result;
use crate::error::bug;
use crate::linker::HostTypes;
use crate::types::{TupleElement, TupleType, ValType};

/// The elements of a tuple, one after the other.
pub(super) struct Elements<'t>(std::slice::Iter<'t, TupleElement>);

impl<'t> Elements<'t> {
    /// From the first on.
    pub(super) fn of(ty: &'t TupleType) -> Self {
        Elements(ty.elements.iter())
    }

    /// The next element; their number was checked.
    pub(super) fn next_element(&mut self) -> Result<&'t TupleElement> {
        self.0.next().ok_or_else(|| bug!("an element more than the tuple has"))
    }
}

fn tuple_type(ty: &ValType) -> Result<&TupleType> {
    match ty {
        ValType::Tuple(tuple) => Ok(tuple),
        _ => Err(bug!("elements of {ty}")),
    }
}

macro_rules! tuples {
    ($(($($name:ident)*) $len:literal;)*) => {$(
        impl<$($name: WitType),*> WitType for ($($name,)*) {
            fn wit_name() -> String {
                format!("tuple<{}>", [$($name::wit_name()),*].join(", "))
            }

            fn check(ty: &ValType, host: &HostTypes) -> Result<()> {
                match ty {
                    ValType::Tuple(tuple) if tuple.elements.len() == $len => {
                        let mut elements = Elements::of(tuple);
                        let mut number = 0;
                        $(
                            number += 1;
                            $name::check(&elements.next_element()?.ty, host)
                                .map_err(|error| error.at(format_args!("element {number}")))?;
                        )*
                        Ok(())
                    }
                    _ => Err(mismatch(ty, &Self::wit_name())),
                }
            }

            fn lift_flat(cx: &mut LiftCx<'_>, ty: &ValType, flat: &mut FlatIter<'_>) -> Result<Self> {
                let mut elements = Elements::of(tuple_type(ty)?);
                Ok(($($name::lift_flat(cx, &elements.next_element()?.ty, flat)?,)*))
            }

            fn load(cx: &mut LiftCx<'_>, ty: &ValType, ptr: u64) -> Result<Self> {
                let mut elements = Elements::of(tuple_type(ty)?);
                Ok(($({
                    let element = elements.next_element()?;
                    LiftFrom::Memory(ptr).field::<$name>(cx, &element.ty, element.offset)?
                },)*))
            }

            #[allow(non_snake_case, reason = "the values are named as their types")]
            fn lower_flat(self, cx: &mut LowerCx<'_>, ty: &ValType, flat: &mut Flat) -> Result<()> {
                let mut elements = Elements::of(tuple_type(ty)?);
                let ($($name,)*) = self;
                $($name.lower_flat(cx, &elements.next_element()?.ty, flat)?;)*
                Ok(())
            }

            #[allow(non_snake_case, reason = "the values are named as their types")]
            fn store(self, cx: &mut LowerCx<'_>, ty: &ValType, ptr: u64) -> Result<()> {
                let mut elements = Elements::of(tuple_type(ty)?);
                let ($($name,)*) = self;
                $(
                    let element = elements.next_element()?;
                    LowerTo::Memory(ptr).field(cx, &element.ty, element.offset, $name)?;
                )*
                Ok(())
            }
        }
    )*};
}

tuples! {
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
}
