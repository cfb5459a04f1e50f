//! A string from one guest to another: the callee sees the very calls of its `realloc` that the standard says for the
//! two encodings.

use thalweg::Val;
use thalweg_testkit::abi::instantiate;
use thalweg_testkit::polling::wait;

const TAG: u32 = 1 << 31;

/// The callee answers what its `realloc` was asked (old size, alignment, new size), and the length it got.
const CALLEE: &str = r#"
    (core module $m
      (memory (export "memory") 1)
      (global $next (mut i32) (i32.const 8192))
      (global $log (mut i32) (i32.const 16))
      (func $note (param i32)
        (i32.store (global.get $log) (local.get 0))
        (global.set $log (i32.add (global.get $log) (i32.const 4))))
      (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
        (local $ptr i32)
        (call $note (local.get $old-size))
        (call $note (local.get $align))
        (call $note (local.get $size))
        (local.set $ptr (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
        (global.set $next (i32.add (local.get $ptr) (local.get $size)))
        (memory.copy (local.get $ptr) (local.get $old)
          (select (local.get $old-size) (local.get $size) (i32.lt_u (local.get $old-size) (local.get $size))))
        (local.get $ptr))
      (func (export "take") (param i32 i32) (result i32)
        (call $note (local.get 1))
        (i32.store (i32.const 0) (i32.const 16))
        (i32.store (i32.const 4) (i32.div_u (i32.sub (global.get $log) (i32.const 16)) (i32.const 4)))
        (i32.const 0)))"#;

/// The caller sends the text at 16, and hands on what comes back.
const CALLER: &str = r#"
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096))"#;

fn composed(text: &[u8], length: u32, source: &str, target: &str) -> String {
    let data: String = text.iter().map(|byte| format!("\\{byte:02x}")).collect();
    format!(
        r#"(component
  (component $callee {CALLEE}
    (core instance $m (instantiate $m))
    (alias core export $m "memory" (core memory $memory))
    (alias core export $m "realloc" (core func $realloc))
    (func (export "take") (param "text" string) (result (list u32))
      (canon lift (core func $m "take") (memory $memory) (realloc $realloc) string-encoding={target})))
  (component $caller
    (import "take" (func $take (param "text" string) (result (list u32))))
    (core module $memory {CALLER} (data (i32.const 16) "{data}"))
    (core instance $m (instantiate $memory))
    (alias core export $m "memory" (core memory $memory))
    (alias core export $m "realloc" (core func $realloc))
    (core func $lowered (canon lower (func $take) (memory $memory) (realloc $realloc) string-encoding={source}))
    (core module $main
      (import "" "take" (func $take (param i32 i32 i32)))
      (func (export "run") (result i32) (call $take (i32.const 16) (i32.const {length}) (i32.const 0)) (i32.const 0)))
    (core instance $main (instantiate $main (with "" (instance (export "take" (func $lowered))))))
    (func (export "run") (result (list u32)) (canon lift (core func $main "run") (memory $memory))))
  (instance $callee (instantiate $callee))
  (instance $caller (instantiate $caller (with "take" (func $callee "take"))))
  (func (export "run") (alias export $caller "run")))"#
    )
}

/// The text in the source's memory, and its tagged length.
fn encoded(text: &str, source: &str) -> (Vec<u8>, u32) {
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let units = utf16.len() as u32 / 2;
    match source {
        "utf8" => (text.into(), text.len() as u32),
        "utf16" => (utf16, units),
        "latin1" => (text.chars().map(|c| c as u8).collect(), text.chars().count() as u32),
        _ => (utf16, units | TAG),
    }
}

fn calls(text: &str, source: &str, target: &str) -> Vec<u32> {
    let (bytes, length) = encoded(text, source);
    let option = if matches!(source, "utf8" | "utf16") { source } else { "latin1+utf16" };
    let (mut store, instance) = instantiate(&composed(&bytes, length, option, target));
    let func = instance.func_dynamic(&mut store, "run").expect("an export");
    let Some(Val::List(words)) = wait(func.call(&mut store, Vec::new())).expect("a result") else { panic!("no list") };
    let word = |val| if let Val::U32(word) = val { word } else { panic!("no number") };
    words.into_iter().map(word).collect()
}

#[test]
fn the_callee_sees_the_standards_allocations() {
    for line in include_str!("../src/abi/transcode/allocations.txt").lines() {
        let [text, source, target, expected, length, _] = line.split('|').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let numbers = expected.split([' ', ',']).map(|number| number.parse().expect(line));
        let length = u32::from_str_radix(length.trim_start_matches("0x"), 16).expect(line);
        let expected: Vec<u32> = numbers.chain([length]).collect();
        assert_eq!(calls(text, source, target), expected, "{line}");
    }
}
