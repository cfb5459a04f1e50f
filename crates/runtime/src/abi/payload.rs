//! Payloads that may be absent: of streams, futures and results.

use super::mismatch::quoted;
use super::{Flat, FlatIter, LiftCx, LowerCx, WitType};
use crate::error::bug;
use crate::linker::HostTypes;
use crate::types::ValType;
use crate::{Error, Result};

/// `()` for no payload, or a [`WitType`].
pub trait Payload: Sized + Send + 'static {
    /// This type in the words of WIT; nothing for no payload.
    #[must_use]
    fn payload_name() -> Option<String>;

    /// Whether this Rust type can stand for `ty`.
    ///
    /// # Errors
    ///
    /// Names both types.
    fn check_payload(ty: Option<&ValType>, host: &HostTypes) -> Result<()>;

    /// See [`WitType::lift_flat`].
    ///
    /// # Errors
    ///
    /// The trap that the standard says.
    fn lift_flat_payload(cx: &mut LiftCx<'_>, ty: Option<&ValType>, flat: &mut FlatIter<'_>) -> Result<Self>;

    /// See [`WitType::load`].
    ///
    /// # Errors
    ///
    /// The trap that the standard says.
    fn load_payload(cx: &mut LiftCx<'_>, ty: Option<&ValType>, ptr: u64) -> Result<Self>;

    /// See [`WitType::lower_flat`].
    ///
    /// # Errors
    ///
    /// The trap that the standard says.
    fn lower_flat_payload(self, cx: &mut LowerCx<'_>, ty: Option<&ValType>, flat: &mut Flat) -> Result<()>;

    /// See [`WitType::store`].
    ///
    /// # Errors
    ///
    /// The trap that the standard says.
    fn store_payload(self, cx: &mut LowerCx<'_>, ty: Option<&ValType>, ptr: u64) -> Result<()>;
}

impl Payload for () {
    fn payload_name() -> Option<String> {
        None
    }

    fn check_payload(ty: Option<&ValType>, _host: &HostTypes) -> Result<()> {
        match ty {
            None => Ok(()),
            Some(ty) => Err(Error::link(format!("expected {}, found no payload", quoted(&ty.to_string())))),
        }
    }

    fn lift_flat_payload(_cx: &mut LiftCx<'_>, _ty: Option<&ValType>, _flat: &mut FlatIter<'_>) -> Result<Self> {
        Ok(())
    }

    fn load_payload(_cx: &mut LiftCx<'_>, _ty: Option<&ValType>, _ptr: u64) -> Result<Self> {
        Ok(())
    }

    fn lower_flat_payload(self, _cx: &mut LowerCx<'_>, _ty: Option<&ValType>, _flat: &mut Flat) -> Result<()> {
        Ok(())
    }

    fn store_payload(self, _cx: &mut LowerCx<'_>, _ty: Option<&ValType>, _ptr: u64) -> Result<()> {
        Ok(())
    }
}

/// Types were checked before values cross.
fn present(ty: Option<&ValType>) -> Result<&ValType> {
    ty.ok_or_else(|| bug!("a payload where the type has none"))
}

impl<T: WitType> Payload for T {
    fn payload_name() -> Option<String> {
        Some(T::wit_name())
    }

    fn check_payload(ty: Option<&ValType>, host: &HostTypes) -> Result<()> {
        match ty {
            Some(ty) => T::check(ty, host),
            None => Err(Error::link(format!("expected no payload, found {}", quoted(&T::wit_name())))),
        }
    }

    fn lift_flat_payload(cx: &mut LiftCx<'_>, ty: Option<&ValType>, flat: &mut FlatIter<'_>) -> Result<Self> {
        T::lift_flat(cx, present(ty)?, flat)
    }

    fn load_payload(cx: &mut LiftCx<'_>, ty: Option<&ValType>, ptr: u64) -> Result<Self> {
        T::load(cx, present(ty)?, ptr)
    }

    fn lower_flat_payload(self, cx: &mut LowerCx<'_>, ty: Option<&ValType>, flat: &mut Flat) -> Result<()> {
        self.lower_flat(cx, present(ty)?, flat)
    }

    fn store_payload(self, cx: &mut LowerCx<'_>, ty: Option<&ValType>, ptr: u64) -> Result<()> {
        self.store(cx, present(ty)?, ptr)
    }
}
