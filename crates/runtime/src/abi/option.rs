//! `option<T>` as [`Option`], `result<T, E>` as [`Result`](std::result::Result) with `()` for an absent payload.
//!
//! Spec: `despecialize`: both are variants.

use super::mismatch::mismatch;
use super::{LiftCx, LiftFrom, LowerCx, LowerTo, Payload, WitType};
use crate::Result;
use crate::linker::HostTypes;
use crate::types::ValType;

impl<T: WitType> WitType for Option<T> {
    fn wit_name() -> String {
        format!("option<{}>", T::wit_name())
    }

    fn check(ty: &ValType, host: &HostTypes) -> Result<()> {
        match ty {
            ValType::Option(ty) => T::check(&ty.some, host).map_err(|error| error.at("`some`")),
            _ => Err(mismatch(ty, &Self::wit_name())),
        }
    }

    crate::__wit_both_ways!(lift_option, lower_option);
}

fn lift_option<T: WitType>(cx: &mut LiftCx<'_>, ty: &ValType, from: &mut LiftFrom<'_, '_>) -> Result<Option<T>> {
    let case = from.case(cx, ty)?;
    match case.number() {
        0 => from.payload::<()>(cx, &case).map(|()| None),
        _ => from.payload(cx, &case).map(Some),
    }
}

fn lower_option<T: WitType>(value: Option<T>, cx: &mut LowerCx<'_>, ty: &ValType, to: &mut LowerTo<'_>) -> Result<()> {
    let case = to.case(cx, ty, u32::from(value.is_some()))?;
    match value {
        None => to.payload(cx, &case, ()),
        Some(value) => to.payload(cx, &case, value),
    }
}

impl<T: Payload, E: Payload> WitType for std::result::Result<T, E> {
    fn wit_name() -> String {
        match (T::payload_name(), E::payload_name()) {
            (None, None) => "result".into(),
            (Some(ok), None) => format!("result<{ok}>"),
            (None, Some(err)) => format!("result<_, {err}>"),
            (Some(ok), Some(err)) => format!("result<{ok}, {err}>"),
        }
    }

    fn check(ty: &ValType, host: &HostTypes) -> Result<()> {
        let ValType::Result(ty) = ty else { return Err(mismatch(ty, &Self::wit_name())) };
        T::check_payload(ty.ok.as_ref(), host).map_err(|error| error.at("`ok`"))?;
        E::check_payload(ty.err.as_ref(), host).map_err(|error| error.at("`error`"))
    }

    crate::__wit_both_ways!(lift_result, lower_result);
}

fn lift_result<T: Payload, E: Payload>(
    cx: &mut LiftCx<'_>,
    ty: &ValType,
    from: &mut LiftFrom<'_, '_>,
) -> Result<std::result::Result<T, E>> {
    let case = from.case(cx, ty)?;
    match case.number() {
        0 => from.payload(cx, &case).map(Ok),
        _ => from.payload(cx, &case).map(Err),
    }
}

fn lower_result<T: Payload, E: Payload>(
    value: std::result::Result<T, E>,
    cx: &mut LowerCx<'_>,
    ty: &ValType,
    to: &mut LowerTo<'_>,
) -> Result<()> {
    let case = to.case(cx, ty, u32::from(value.is_err()))?;
    match value {
        Ok(value) => to.payload(cx, &case, value),
        Err(error) => to.payload(cx, &case, error),
    }
}
