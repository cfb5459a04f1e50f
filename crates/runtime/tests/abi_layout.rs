//! Sizes, alignments and flat types of types, calculated by hand from the standard's rules.

use thalweg::types::FlatType::{F32, F64, I32, I64};
use thalweg::types::{FlatType, PtrType, ValType};

fn labels(n: usize) -> Vec<Box<str>> {
    (0..n).map(|i| format!("label{i}").into()).collect()
}

#[track_caller]
fn expect(ty: &ValType, size: u32, align: u32, flat: Option<&[FlatType]>) {
    expect_with(PtrType::I32, ty, size, align, flat);
}

#[track_caller]
fn expect_with(ptr: PtrType, ty: &ValType, size: u32, align: u32, flat: Option<&[FlatType]>) {
    let layout = ty.layout(ptr);
    assert_eq!((layout.size, layout.align), (size, align), "{ty}");
    assert_eq!((ty.size(ptr), ty.align(ptr)), (size, align), "{ty}");
    assert_eq!(layout.flat.as_deref(), flat, "{ty}");
}

#[test]
fn addresses_of_64_bits() {
    let expect =
        |ty: &ValType, size, align, flat: Option<&[FlatType]>| expect_with(PtrType::I64, ty, size, align, flat);
    expect(&ValType::String, 16, 8, Some(&[I64, I64]));
    expect(&ValType::list(ValType::F64, None), 16, 8, Some(&[I64, I64]));
    expect(&ValType::map(ValType::U64, ValType::U8), 16, 8, Some(&[I64, I64]));
    expect(&ValType::list(ValType::String, Some(2)), 32, 8, Some(&[I64; 4]));
    expect(&ValType::stream(Some(ValType::String)), 4, 4, Some(&[I32]));
    expect(&ValType::option(ValType::String), 24, 8, Some(&[I32, I64, I64]));
    let cases = [("a", Some(ValType::F32)), ("b", Some(ValType::String)), ("c", None), ("d", Some(ValType::F64))];
    let variant = ValType::variant(cases.map(|(name, ty)| (name.into(), ty)));
    expect(&variant, 24, 8, Some(&[I32, I64, I64]));
    let record = ValType::record([("a", ValType::U8), ("b", ValType::String)].map(|(name, ty)| (name.into(), ty)));
    expect(&record, 24, 8, Some(&[I32, I64, I64]));
}

#[test]
fn pointers_and_handles() {
    expect(&ValType::String, 8, 4, Some(&[I32, I32]));
    expect(&ValType::list(ValType::F64, None), 8, 4, Some(&[I32, I32]));
    expect(&ValType::map(ValType::U64, ValType::U8), 8, 4, Some(&[I32, I32]));
    expect(&ValType::stream(Some(ValType::U8)), 4, 4, Some(&[I32]));
    expect(&ValType::ErrorContext, 4, 4, Some(&[I32]));
}

#[test]
fn lists_of_fixed_length_lie_in_line() {
    expect(&ValType::list(ValType::U16, Some(3)), 6, 2, Some(&[I32; 3]));
    let pair = ValType::tuple([ValType::U32, ValType::U8]);
    expect(&ValType::list(pair, Some(2)), 16, 4, Some(&[I32; 4]));
    expect(&ValType::list(ValType::U64, Some(17)), 136, 8, None);
}

#[test]
fn flags_take_one_two_or_four_bytes() {
    expect(&ValType::flags(labels(8)), 1, 1, Some(&[I32]));
    expect(&ValType::flags(labels(9)), 2, 2, Some(&[I32]));
    expect(&ValType::flags(labels(17)), 4, 4, Some(&[I32]));
    expect(&ValType::flags(labels(32)), 4, 4, Some(&[I32]));
}

#[test]
fn discriminants_grow_with_the_cases() {
    expect(&ValType::enumeration(labels(1)), 1, 1, Some(&[I32]));
    expect(&ValType::enumeration(labels(256)), 1, 1, Some(&[I32]));
    expect(&ValType::enumeration(labels(257)), 2, 2, Some(&[I32]));
    expect(&ValType::enumeration(labels(65_537)), 4, 4, Some(&[I32]));
}

#[test]
fn payloads_are_aligned_behind_the_discriminant() {
    expect(&ValType::option(ValType::U8), 2, 1, Some(&[I32, I32]));
    expect(&ValType::option(ValType::U64), 16, 8, Some(&[I32, I64]));
    expect(&ValType::result(None, None), 1, 1, Some(&[I32]));
    let cases = [("a", Some(ValType::F32)), ("b", Some(ValType::String)), ("c", None), ("d", Some(ValType::F64))];
    let variant = ValType::variant(cases.map(|(name, ty)| (name.into(), ty)));
    expect(&variant, 16, 8, Some(&[I32, I64, I32]));
}

#[test]
fn records_keep_the_order_of_their_fields() {
    let fields =
        [("a", ValType::U8), ("b", ValType::F32), ("c", ValType::U16), ("d", ValType::F64), ("e", ValType::Bool)];
    let record = ValType::record(fields.map(|(name, ty)| (name.into(), ty)));
    expect(&record, 32, 8, Some(&[I32, F32, I32, F64, I32]));
    let ValType::Record(ty) = &record else { unreachable!("made as a record") };
    assert_eq!(ty.fields.iter().map(|field| field.offset.at(PtrType::I32)).collect::<Vec<_>>(), [0, 4, 8, 16, 24]);
}
