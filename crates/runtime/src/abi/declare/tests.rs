//! What a declared type says when it does not fit, and what it accepts.

use crate::types::ValType;
use crate::{ErrorKind, HostTypes, Payload, Returns, WitType};

crate::wit_record! {
    /// A moment.
    #[derive(Debug, Clone, Copy, PartialEq)]
    pub(crate) struct Datetime {
        /// Whole seconds.
        seconds: u64 as "seconds",
        /// The rest.
        nanoseconds: u32 as "nanoseconds",
    }
}

crate::wit_variant! {
    /// What to do with a time.
    #[derive(Debug, Clone, PartialEq)]
    pub(crate) enum NewTimestamp {
        /// Nothing.
        NoChange as "no-change",
        /// The present.
        Now as "now",
        /// This one.
        Timestamp(Datetime) as "timestamp",
    }
}

crate::wit_enum! {
    /// Why not.
    pub(crate) enum ErrorCode {
        /// Not allowed.
        Access as "access",
        /// Not there.
        NoEntry as "no-entry",
    }
}

crate::wit_flags! {
    /// How to open.
    pub(crate) struct OpenFlags {
        /// Make it.
        CREATE as "create",
        /// Only a directory.
        DIRECTORY as "directory",
        /// Only when it is new.
        EXCLUSIVE as "exclusive",
    }
}

fn datetime() -> ValType {
    ValType::record([("seconds".into(), ValType::U64), ("nanoseconds".into(), ValType::U32)])
}

fn message<T: WitType>(ty: &ValType) -> String {
    match T::check(ty, &HostTypes::default()) {
        Ok(()) => "fits".into(),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Link);
            error.message().to_owned()
        }
    }
}

fn names(names: &[&str]) -> Vec<Box<str>> {
    names.iter().map(|name| Box::from(*name)).collect()
}

#[test]
fn a_record_names_the_field_that_differs() {
    assert_eq!(message::<Datetime>(&datetime()), "fits");
    let ty = ValType::record([("seconds".into(), ValType::U64), ("nanoseconds".into(), ValType::String)]);
    assert_eq!(message::<Datetime>(&ty), "field 2 (`nanoseconds`): expected `string`, found `u32`");
    let ty = ValType::record([("seconds".into(), ValType::U64), ("nanos".into(), ValType::U32)]);
    assert_eq!(message::<Datetime>(&ty), "field 2: expected the label `nanos`, found `nanoseconds`");
    let ty = ValType::record([("seconds".into(), ValType::U64)]);
    assert_eq!(message::<Datetime>(&ty), "expected 1 field, found 2 fields");
    assert_eq!(message::<Datetime>(&ValType::U8), "expected `u8`, found `record { seconds: u64, nanoseconds: u32 }`");
}

#[test]
fn a_variant_names_the_case_that_differs() {
    let cases = |payload| {
        [("no-change".into(), None), ("now".into(), None), ("timestamp".into(), payload)]
            .map(|case: (Box<str>, _)| case)
    };
    assert_eq!(message::<NewTimestamp>(&ValType::variant(cases(Some(datetime())))), "fits");
    assert_eq!(
        message::<NewTimestamp>(&ValType::variant(cases(None))),
        "case 3 (`timestamp`): expected no payload, found `record { seconds: u64, nanoseconds: u32 }`"
    );
    assert_eq!(
        message::<NewTimestamp>(&ValType::variant(cases(Some(ValType::U8)))),
        "case 3 (`timestamp`): expected `u8`, found `record { seconds: u64, nanoseconds: u32 }`"
    );
    let ty = ValType::variant([("no-change".into(), Some(ValType::U8))]);
    assert_eq!(message::<NewTimestamp>(&ty), "expected 1 case, found 3 cases");
}

#[test]
fn enums_and_flags_compare_labels() {
    assert_eq!(message::<ErrorCode>(&ValType::enumeration(names(&["access", "no-entry"]))), "fits");
    let ty = ValType::enumeration(names(&["no-entry", "access"]));
    assert_eq!(message::<ErrorCode>(&ty), "case 1: expected the label `no-entry`, found `access`");
    assert_eq!(message::<ErrorCode>(&ValType::Bool), "expected `bool`, found `enum { access, no-entry }`");
    assert_eq!(message::<OpenFlags>(&ValType::flags(names(&["create", "directory", "exclusive"]))), "fits");
    let ty = ValType::flags(names(&["create", "directory"]));
    assert_eq!(message::<OpenFlags>(&ty), "expected 2 flags, found 3 flags");
}

#[test]
fn nested_types_say_where() {
    let list = ValType::list(ValType::tuple([ValType::U8, ValType::option(ValType::Char)]), None);
    assert_eq!(message::<Vec<(u8, Option<char>)>>(&list), "fits");
    assert_eq!(
        message::<Vec<(u8, Option<String>)>>(&list),
        "element: element 2: `some`: expected `char`, found `string`"
    );
    let result = ValType::result(None, Some(ValType::U32));
    assert_eq!(message::<Result<(), u32>>(&result), "fits");
    assert_eq!(message::<Result<u8, u32>>(&result), "`ok`: expected no payload, found `u8`");
    assert_eq!(message::<Result<(), ()>>(&result), "`error`: expected `u32`, found no payload");
    assert_eq!(message::<[u16; 2]>(&ValType::list(ValType::U16, Some(2))), "fits");
    assert_eq!(
        message::<[u16; 3]>(&ValType::list(ValType::U16, Some(2))),
        "expected `list<u16, 2>`, found `list<u16, 3>`"
    );
    assert_eq!(message::<Vec<(String, u8)>>(&ValType::map(ValType::String, ValType::U8)), "fits");
}

#[test]
fn an_absent_result_is_the_unit() {
    let host = HostTypes::default();
    assert!(<() as Returns>::check(None, &host).is_ok());
    let error = <u8 as Returns>::check(None, &host).expect_err("no result");
    assert_eq!(error.message(), "result: expected no payload, found `u8`");
    assert_eq!(<() as Payload>::payload_name(), None);
}

#[test]
fn long_names_are_cut() {
    let ty = ValType::tuple(std::iter::repeat_n(ValType::S32, 40));
    let message = message::<u8>(&ty);
    assert!(message.starts_with("expected `tuple<s32, s32,") && message.ends_with("…`, found `u8`"), "{message}");
}

#[test]
fn flags_are_a_set() {
    let flags = OpenFlags::CREATE | OpenFlags::EXCLUSIVE;
    assert_eq!(flags.bits(), 0b101);
    assert_eq!(OpenFlags::from_bits(0xff), OpenFlags::all());
    assert!(flags.contains(OpenFlags::CREATE) && !flags.contains(OpenFlags::DIRECTORY));
    assert!(flags.intersects(OpenFlags::all()) && OpenFlags::empty().is_empty());
    assert_eq!(flags.difference(OpenFlags::CREATE), OpenFlags::EXCLUSIVE);
    assert_eq!(format!("{flags:?}"), r#"{"create", "exclusive"}"#);
}

#[test]
fn enums_know_their_labels() {
    assert_eq!(ErrorCode::ALL.iter().map(|code| code.label()).collect::<Vec<_>>(), ["access", "no-entry"]);
}
