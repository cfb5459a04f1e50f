//! Results: flat when they fit, else through memory.
//!
//! Spec: `lift_flat_values`, `lower_flat_values`.

use super::params::{goes_flat, lift_place, lower_place};
use super::{Flat, FlatIter, LiftCx, LowerCx, LowerTo, Payload, Val, WitType};
use crate::Result;
use crate::error::bug;
use crate::linker::HostTypes;
use crate::types::ValType;

/// A result: `()` for none, a [`WitType`], and [`ReturnVal`] for the dynamic side.
pub trait Returns: Sized + Send + 'static {
    /// Whether this Rust type can stand for `ty`.
    ///
    /// # Errors
    ///
    /// Names both types.
    fn check(ty: Option<&ValType>, host: &HostTypes) -> Result<()>;

    /// Spec: `lift_flat_values` of a result.
    ///
    /// # Errors
    ///
    /// The trap that the standard says.
    fn lift(cx: &mut LiftCx<'_>, ty: Option<&ValType>, max_flat: usize, flat: &mut FlatIter<'_>) -> Result<Self>;

    /// Spec: `lower_flat_values` of a result; `out` is where it goes when it does not fit in `max_flat` values,
    /// as the bits of a core value.
    ///
    /// # Errors
    ///
    /// The trap that the standard says.
    fn lower(
        self,
        cx: &mut LowerCx<'_>,
        ty: Option<&ValType>,
        max_flat: usize,
        out: Option<u64>,
        flat: &mut Flat,
    ) -> Result<()>;
}

/// The result of a function whose type is not known statically; nothing when it has none.
#[derive(Debug, PartialEq)]
pub struct ReturnVal(pub Option<Val>);

impl Returns for () {
    fn check(ty: Option<&ValType>, host: &HostTypes) -> Result<()> {
        <() as Payload>::check_payload(ty, host).map_err(|error| error.at("result"))
    }

    fn lift(_cx: &mut LiftCx<'_>, _ty: Option<&ValType>, _max: usize, _flat: &mut FlatIter<'_>) -> Result<Self> {
        Ok(())
    }

    fn lower(
        self,
        _cx: &mut LowerCx<'_>,
        _ty: Option<&ValType>,
        _max_flat: usize,
        _out: Option<u64>,
        _flat: &mut Flat,
    ) -> Result<()> {
        Ok(())
    }
}

impl<T: WitType> Returns for T {
    fn check(ty: Option<&ValType>, host: &HostTypes) -> Result<()> {
        T::check_payload(ty, host).map_err(|error| error.at("result"))
    }

    fn lift(cx: &mut LiftCx<'_>, ty: Option<&ValType>, max_flat: usize, flat: &mut FlatIter<'_>) -> Result<Self> {
        let ty = ty.ok_or_else(|| bug!("a result where the type has none"))?;
        lift_place(cx, ty.layout(cx.ptr_type), max_flat, flat)?.value(cx, ty)
    }

    fn lower(
        self,
        cx: &mut LowerCx<'_>,
        ty: Option<&ValType>,
        max_flat: usize,
        out: Option<u64>,
        flat: &mut Flat,
    ) -> Result<()> {
        let ty = ty.ok_or_else(|| bug!("a result where the type has none"))?;
        let layout = ty.layout(cx.ptr_type);
        let mut to = match out {
            Some(bits) if !goes_flat(layout, max_flat) => {
                let ptr = cx.ptr_type.of_bits(bits);
                cx.check_pointer(ptr, layout)?;
                LowerTo::Memory(ptr)
            }
            _ => lower_place(cx, layout, max_flat, flat)?,
        };
        to.value(cx, ty, self)
    }
}

impl Returns for ReturnVal {
    fn check(_ty: Option<&ValType>, _host: &HostTypes) -> Result<()> {
        Ok(())
    }

    fn lift(cx: &mut LiftCx<'_>, ty: Option<&ValType>, max_flat: usize, flat: &mut FlatIter<'_>) -> Result<Self> {
        match ty {
            None => Ok(ReturnVal(None)),
            Some(_) => Val::lift(cx, ty, max_flat, flat).map(|value| ReturnVal(Some(value))),
        }
    }

    fn lower(
        self,
        cx: &mut LowerCx<'_>,
        ty: Option<&ValType>,
        max_flat: usize,
        out: Option<u64>,
        flat: &mut Flat,
    ) -> Result<()> {
        match (ty, self.0) {
            (None, None) => Ok(()),
            (Some(_), Some(value)) => {
                value.lower(cx, ty, max_flat, out, flat).map_err(|error| super::val_lower::blame(error, "result"))
            }
            (None, Some(_)) => Err(crate::Error::host("expected no result, found a value")),
            (Some(ty), None) => Err(crate::Error::host(format!("expected a result of the type {ty}, found none"))),
        }
    }
}
