//! Parameters and results: how many values go flat, and through memory when they are too many.
//!
//! Spec: `lift_flat_values`, `lower_flat_values`.

use super::{Flat, FlatIter, LiftCx, LowerCx};
use crate::Result;
use crate::linker::HostTypes;
use crate::types::{TupleType, ValType};

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

/// A result: `()` for none, a [`WitType`](super::WitType), and `Option<Val>` for the dynamic side
/// (as [`ReturnVal`](super::ReturnVal)).
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

    /// Spec: `lower_flat_values` of a result; `out` is where it goes when it does not fit in `max_flat` values.
    ///
    /// # Errors
    ///
    /// The trap that the standard says.
    fn lower(self, cx: &mut LowerCx<'_>, ty: Option<&ValType>, max_flat: usize, out: Option<u32>, flat: &mut Flat)
    -> Result<()>;
}
