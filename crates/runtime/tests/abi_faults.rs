//! What a guest does wrong in memory and in core values traps as the standard says; what the embedder does wrong is an
//! error in words.

use thalweg::types::ValType;
use thalweg::{Error, ErrorKind, Limits, Trap, Val};
use thalweg_testkit::abi::{Echo, instantiate, instantiate_with};
use thalweg_testkit::polling::wait;

/// A function that answers the core value `answer` as a `ty`, over a memory of one page with `data` at 16.
fn answering(ty: &str, answer: u32, data: &[u8], encoding: &str) -> String {
    let data: String = data.iter().map(|byte| format!("\\{byte:02x}")).collect();
    format!(
        r#"(component
  (core module $m
    (memory (export "memory") 1)
    (data (i32.const 16) "{data}")
    (func (export "answer") (result i32) (i32.const {answer})))
  (core instance $m (instantiate $m))
  (alias core export $m "memory" (core memory $memory))
  (func (export "answer") (result {ty})
    (canon lift (core func $m "answer") (memory $memory) string-encoding={encoding})))"#
    )
}

fn call(ty: &str, answer: u32, data: &[u8], encoding: &str) -> Result<Option<Val>, Error> {
    let (mut store, instance) = instantiate(&answering(ty, answer, data, encoding));
    let func = instance.func_dynamic(&mut store, "answer").expect("an export");
    wait(func.call(&mut store, Vec::new()))
}

/// The trap when the answer is the pointer 16 to `words`, and `bytes` behind them.
fn trap(ty: &str, words: &[u32], bytes: &[u8], encoding: &str) -> Option<Trap> {
    let mut data: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    data.extend_from_slice(bytes);
    call(ty, 16, &data, encoding).err().and_then(|error| error.as_trap())
}

const TAG: u32 = 1 << 31;

#[test]
fn strings() {
    type Case<'a> = (&'a str, [u32; 2], &'a [u8], Option<Trap>);
    let cases: &[Case<'_>] = &[
        ("utf8", [24, 2], b"ok", None),
        ("utf8", [65_536, 0], b"", None),
        ("utf8", [65_535, 2], b"", Some(Trap::StringOutOfBounds)),
        ("utf8", [u32::MAX, 1], b"", Some(Trap::StringOutOfBounds)),
        ("utf8", [24, 1 << 28], b"", Some(Trap::StringTooLong)),
        ("utf8", [24, u32::MAX], b"", Some(Trap::StringTooLong)),
        ("utf8", [24, 1], b"\xff", Some(Trap::InvalidUtf8)),
        ("utf8", [24, 1], b"\xe2", Some(Trap::IncompleteUtf8)),
        ("utf16", [25, 1], b"ab", Some(Trap::UnalignedPointer)),
        ("utf16", [u32::MAX, 0], b"", Some(Trap::UnalignedPointer)),
        ("utf16", [65_534, 2], b"", Some(Trap::StringOutOfBounds)),
        ("utf16", [24, 1 << 27], b"", Some(Trap::StringTooLong)),
        ("utf16", [24, 1], b"\x00\xd8", Some(Trap::InvalidUtf16)),
        ("latin1+utf16", [25, 1], b"ab", Some(Trap::UnalignedPointer)),
        ("latin1+utf16", [24, 1], b"\xff", None),
        ("latin1+utf16", [24, 1 | TAG], b"\x00\xdc", Some(Trap::InvalidUtf16)),
        ("latin1+utf16", [65_534, 2 | TAG], b"", Some(Trap::StringOutOfBounds)),
        ("latin1+utf16", [24, TAG | 1 << 27], b"", Some(Trap::StringTooLong)),
    ];
    for (encoding, words, bytes, expected) in cases {
        assert_eq!(trap("string", words, bytes, encoding), *expected, "{encoding} {words:?}");
    }
}

#[test]
fn lists() {
    let cases = [
        ("(list u8)", [65_536, 0], None),
        ("(list u8)", [65_536, 1], Some(Trap::ListOutOfBounds)),
        ("(list u8)", [0, 1 << 28], Some(Trap::ListTooLong)),
        ("(list u64)", [0, u32::MAX], Some(Trap::ListTooLong)),
        ("(list u64)", [0, 1 << 25], Some(Trap::ListTooLong)),
        ("(list u64)", [4, 0], Some(Trap::UnalignedPointer)),
        ("(list u64)", [u32::MAX - 7, 1], Some(Trap::ListOutOfBounds)),
        ("(list (tuple u8 u32))", [65_528, 1], None),
        ("(list (tuple u8 u32))", [65_528, 2], Some(Trap::ListOutOfBounds)),
    ];
    for (ty, words, expected) in cases {
        assert_eq!(trap(ty, &words, &[], "utf8"), expected, "{ty} {words:?}");
    }
}

#[test]
fn values_that_do_not_exist() {
    assert_eq!(trap("(tuple char u8)", &[0xd800, 0], &[], "utf8"), Some(Trap::InvalidChar));
    assert_eq!(trap("(tuple char u8)", &[0x11_0000, 0], &[], "utf8"), Some(Trap::InvalidChar));
    assert_eq!(trap("(option u8)", &[2], &[], "utf8"), Some(Trap::InvalidDiscriminant));
    assert_eq!(trap("(option u8)", &[0], &[], "utf8"), None);
    let flat = |ty, answer| call(ty, answer, &[], "utf8").map_err(|error| error.as_trap());
    assert_eq!(flat("char", 0xdfff), Err(Some(Trap::InvalidChar)));
    assert_eq!(flat("(result)", 2), Err(Some(Trap::InvalidDiscriminant)));
    assert_eq!(flat("bool", 0x100), Ok(Some(Val::Bool(true))));
    assert_eq!(flat("u8", 0x1ff), Ok(Some(Val::U8(0xff))));
    assert_eq!(flat("s8", 0xff), Ok(Some(Val::S8(-1))));
}

#[test]
fn results_in_memory() {
    let pointer = |ptr| call("(tuple u8 u64)", ptr, &[], "utf8").err().and_then(|error| error.as_trap());
    assert_eq!(pointer(65_520), None);
    assert_eq!(pointer(65_528), Some(Trap::PointerOutOfBounds));
    assert_eq!(pointer(u32::MAX - 7), Some(Trap::PointerOutOfBounds));
    assert_eq!(pointer(12), Some(Trap::UnalignedPointer));
}

#[test]
fn bools_in_memory_are_any_byte_but_zero() {
    let bools = call("(tuple bool bool u8)", 16, &[2, 0, 7], "utf8").expect("a result");
    assert_eq!(bools, Some(Val::Tuple(vec![Val::Bool(true), Val::Bool(false), Val::U8(7)])));
}

#[test]
fn a_call_brings_no_more_than_its_limit() {
    let mut limits = Limits::default();
    limits.max_hostcall_bytes = 1000;
    let data: Vec<u8> = [0, 1001].map(u32::to_le_bytes).concat();
    for ty in ["(list u8)", "string", "(list bool)"] {
        let (mut store, instance) = instantiate_with(&answering(ty, 16, &data, "utf8"), limits.clone());
        let func = instance.func_dynamic(&mut store, "answer").expect("an export");
        let error = wait(func.call(&mut store, Vec::new())).expect_err("too much");
        assert_eq!(error.kind(), ErrorKind::Limit, "{ty}: {error}");
    }
}

/// What a call says to a value that is not a `ty`.
fn misfit(ty: ValType, value: Val) -> String {
    let (mut store, instance) = instantiate(&Echo::of(&[ty], "utf8"));
    let func = instance.func_dynamic(&mut store, "flat0").expect("an export");
    let error = wait(func.call(&mut store, vec![value])).expect_err("a value of another type");
    assert_eq!(error.kind(), ErrorKind::Host, "{error}");
    error.message().to_owned()
}

#[test]
fn values_of_another_type() {
    let pair = || ValType::record([("a".into(), ValType::U8), ("b".into(), ValType::option(ValType::Char))]);
    let text = || Val::String("x".into());
    assert_eq!(misfit(pair(), text()), "parameter 1: expected record with 2 fields, found string");
    assert_eq!(
        misfit(pair(), Val::Record(vec![Val::U8(1)])),
        "parameter 1: expected record with 2 fields, found record with 1 field"
    );
    assert_eq!(
        misfit(pair(), Val::Record(vec![Val::U8(1), text()])),
        "parameter 1: field `b`: expected `option<char>`, found string"
    );
    assert_eq!(misfit(ValType::U8, Val::S8(1)), "parameter 1: expected `u8`, found s8");
    assert_eq!(
        misfit(ValType::list(ValType::U8, None), Val::List(vec![])),
        "parameter 1: expected `list<u8>`, found list of 0 elements"
    );
    assert_eq!(
        misfit(ValType::list(ValType::U8, Some(2)), Val::List(vec![Val::U8(1)])),
        "parameter 1: expected list of 2 elements, found list of 1 element"
    );
    assert_eq!(
        misfit(ValType::enumeration(["a".into()]), Val::Enum(1)),
        "parameter 1: expected enum with 1 case, found enum case number 1"
    );
    assert_eq!(
        misfit(ValType::flags(["a".into()]), Val::Flags(2)),
        "parameter 1: expected flags with 1 label, found flags 0b10"
    );
}
