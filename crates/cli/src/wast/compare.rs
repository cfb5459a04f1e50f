//! Whether a result is what the script expects: by labels where types have labels, and floats by their bits.

use thalweg::Val;
use thalweg::types::ValType;
use wast::WastRet;
use wast::core::{NanPattern, WastRetCore};

use super::argument;

/// Compares the result `value` of type `ty` with what is expected.
pub fn results(ty: Option<&ValType>, value: Option<&Val>, expected: &[WastRet<'_>]) -> Result<(), String> {
    match (ty, value, expected) {
        (None, None, []) => Ok(()),
        (Some(ty), Some(value), [expected]) => result(ty, value, expected),
        // The suite may leave the result of a call open.
        (Some(_), Some(_), []) => Ok(()),
        _ => Err(format!("{} results are expected; found: {value:?}", expected.len())),
    }
}

fn result(ty: &ValType, value: &Val, expected: &WastRet<'_>) -> Result<(), String> {
    let same = match (expected, value) {
        (WastRet::Component(expected), _) => same(&argument::val(ty, expected)?, value),
        (WastRet::Core(WastRetCore::F32(pattern)), Val::F32(found)) => match pattern {
            NanPattern::Value(expected) => expected.bits == found.to_bits(),
            NanPattern::CanonicalNan | NanPattern::ArithmeticNan => found.is_nan(),
        },
        (WastRet::Core(WastRetCore::F64(pattern)), Val::F64(found)) => match pattern {
            NanPattern::Value(expected) => expected.bits == found.to_bits(),
            NanPattern::CanonicalNan | NanPattern::ArithmeticNan => found.is_nan(),
        },
        _ => false,
    };
    if same { Ok(()) } else { Err(format!("another result\nexpected: {expected:?}\nfound:    {value:?}")) }
}

/// Equality, but of floats by their bits: a NaN equals itself, and zero is not minus zero.
fn same(a: &Val, b: &Val) -> bool {
    let all = |a: &[Val], b: &[Val]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b));
    let payload = |a: &Option<Box<Val>>, b: &Option<Box<Val>>| match (a, b) {
        (Some(a), Some(b)) => same(a, b),
        (None, None) => true,
        _ => false,
    };
    match (a, b) {
        (Val::F32(a), Val::F32(b)) => a.to_bits() == b.to_bits(),
        (Val::F64(a), Val::F64(b)) => a.to_bits() == b.to_bits(),
        (Val::List(a), Val::List(b)) | (Val::Record(a), Val::Record(b)) | (Val::Tuple(a), Val::Tuple(b)) => all(a, b),
        (Val::Variant(at, a), Val::Variant(bt, b)) => at == bt && payload(a, b),
        (Val::Option(a), Val::Option(b))
        | (Val::Result(Ok(a)), Val::Result(Ok(b)))
        | (Val::Result(Err(a)), Val::Result(Err(b))) => payload(a, b),
        (Val::Map(a), Val::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(&a.0, &b.0) && same(&a.1, &b.1))
        }
        (a, b) => a == b,
    }
}
