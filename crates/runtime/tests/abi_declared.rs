//! Rust types declared for WIT types cross like the values they stand for.

use std::collections::BTreeMap;
use std::sync::Arc;

use thalweg::WitType;
use thalweg::types::ValType;
use thalweg_testkit::abi::{Echo, instantiate};
use thalweg_testkit::polling::wait;

thalweg::wit_record! {
    /// A moment.
    #[derive(Debug, Clone, Copy, PartialEq)]
    pub struct Datetime {
        /// Whole seconds.
        seconds: u64 as "seconds",
        /// The rest.
        nanoseconds: u32 as "nanoseconds",
    }
}

thalweg::wit_variant! {
    /// What to do with a time.
    #[derive(Debug, Clone, PartialEq)]
    pub enum NewTimestamp {
        /// Nothing.
        NoChange as "no-change",
        /// This one.
        Timestamp(Datetime) as "timestamp",
        /// What a name says.
        Named(String) as "named",
    }
}

thalweg::wit_enum! {
    /// Why not.
    pub enum ErrorCode {
        /// Not allowed.
        Access as "access",
        /// Not there.
        NoEntry as "no-entry",
    }
}

thalweg::wit_flags! {
    /// How to open.
    pub struct OpenFlags {
        /// Make it.
        CREATE as "create",
        /// Only a directory.
        DIRECTORY as "directory",
    }
}

fn datetime() -> ValType {
    ValType::record([("seconds".into(), ValType::U64), ("nanoseconds".into(), ValType::U32)])
}

fn new_timestamp() -> ValType {
    let cases = [("no-change", None), ("timestamp", Some(datetime())), ("named", Some(ValType::String))];
    ValType::variant(cases.map(|(name, ty)| (name.into(), ty)))
}

fn labels(names: &[&str]) -> Vec<Box<str>> {
    names.iter().map(|name| Box::from(*name)).collect()
}

/// Sends every value through core values and inside of a list through memory.
fn round_trip<T: WitType + Clone + PartialEq + std::fmt::Debug>(ty: ValType, values: &[T]) {
    let list = ValType::list(ty.clone(), None);
    let (mut store, instance) = instantiate(&Echo::of(&[ty, list], "utf8"));
    let one = instance.func::<(T,), T>(&mut store, "flat0").expect("the declared type");
    for value in values {
        assert_eq!(wait(one.call(&mut store, (value.clone(),))).expect("a result"), *value);
    }
    let all = instance.func::<(Vec<T>,), Vec<T>>(&mut store, "flat1").expect("the declared type");
    assert_eq!(wait(all.call(&mut store, (values.to_vec(),))).expect("a result"), values);
}

#[test]
fn records() {
    round_trip(datetime(), &[Datetime { seconds: u64::MAX, nanoseconds: 5 }, Datetime { seconds: 1, nanoseconds: 0 }]);
}

#[test]
fn variants() {
    let timestamp = NewTimestamp::Timestamp(Datetime { seconds: 3, nanoseconds: 4 });
    round_trip(new_timestamp(), &[NewTimestamp::NoChange, timestamp, NewTimestamp::Named("now".into())]);
}

#[test]
fn enums_and_flags() {
    round_trip(ValType::enumeration(labels(&["access", "no-entry"])), ErrorCode::ALL);
    let flags = [OpenFlags::empty(), OpenFlags::CREATE, OpenFlags::all()];
    round_trip(ValType::flags(labels(&["create", "directory"])), &flags);
}

#[test]
fn std_types() {
    round_trip(ValType::String, &[Arc::<str>::from("a"), Arc::from("é€")]);
    round_trip(ValType::String, &[Box::<str>::from(""), Box::from("b")]);
    round_trip(ValType::option(ValType::Char), &[None, Some('x')]);
    round_trip(ValType::result(None, Some(datetime())), &[Ok(()), Err(Datetime { seconds: 1, nanoseconds: 2 })]);
    round_trip(ValType::tuple([ValType::Bool, ValType::F32]), &[(true, -0.5_f32), (false, f32::INFINITY)]);
    round_trip(ValType::list(ValType::S16, Some(3)), &[[1_i16, -2, i16::MIN]]);
    round_trip(ValType::list(ValType::F64, None), &[vec![], vec![1.5, -0.0]]);
}

#[test]
fn maps_are_pairs() {
    let map = BTreeMap::from([("a".to_owned(), 1_u8), ("b".to_owned(), 2)]);
    round_trip(ValType::map(ValType::String, ValType::U8), &[map.into_iter().collect::<Vec<(String, u8)>>()]);
}

#[test]
fn scalars_keep_their_bits() {
    round_trip(ValType::S8, &[i8::MIN, -1, 0, i8::MAX]);
    round_trip(ValType::S16, &[i16::MIN, -1, 0, i16::MAX]);
    round_trip(ValType::S32, &[i32::MIN, -1, 0, i32::MAX]);
    round_trip(ValType::S64, &[i64::MIN, -1, 0, i64::MAX]);
    round_trip(ValType::U8, &[0, u8::MAX]);
    round_trip(ValType::U16, &[0, u16::MAX]);
    round_trip(ValType::U32, &[0, u32::MAX]);
    round_trip(ValType::U64, &[0, u64::MAX]);
    round_trip(ValType::Bool, &[false, true]);
    round_trip(ValType::Char, &['\0', '\u{d7ff}', '\u{e000}', '\u{10ffff}']);
}

#[test]
fn an_export_of_another_type_is_refused() {
    let (mut store, instance) = instantiate(&Echo::of(&[datetime()], "utf8"));
    let error = instance.func::<(ErrorCode,), Datetime>(&mut store, "flat0").expect_err("another type");
    assert!(error.message().contains("parameter `value`: expected `record { seconds: u64"), "{error}");
    let error = instance.func::<(Datetime, u8), Datetime>(&mut store, "flat0").expect_err("another number");
    assert!(error.message().contains("expected 1 parameter, found 2"), "{error}");
    let error = instance.func::<(Datetime,), ()>(&mut store, "flat0").expect_err("another result");
    assert!(error.message().contains("found no payload"), "{error}");
}
