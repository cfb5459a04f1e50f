//! Plans that are written, read, and damaged.

use super::*;
use crate::Features;
use crate::component::load;

/// Every kind of type, some of them shared, and imports and exports of every kind that a plan tells apart.
const TYPES: &str = r#"(component
  (import "res" (type $r (sub resource)))
  (import "i" (instance $i
    (export "t" (type (sub resource)))
    (export "inner" (instance (export "f" (func (param "a" u8)))))))
  (type $e (enum "a" "b"))
  (import "e" (type $e2 (eq $e)))
  (type $f (flags "x" "y" "z"))
  (import "f" (type $f2 (eq $f)))
  (type $v (variant (case "n") (case "s" string)))
  (import "v" (type $v2 (eq $v)))
  (type $rec (record (field "a" (list u8)) (field "b" (tuple char f32 f64 bool)) (field "c" $e2)))
  (import "rec" (type $rec2 (eq $rec)))
  (type $both (result (tuple s8 s16 u16 s32 u32 s64 u64) (error $v2)))
  (type $m (map string (option $rec2)))
  (type $s (stream $rec2))
  (type $l (list $rec2))
  (import "g" (func $g (param "a" $both) (param "b" $m) (param "c" $l) (param "d" (own $r)) (param "e" (borrow $r))))
  (import "h" (func $h async (param "s" $s) (result (future))))
  (core module $libc (memory (export "memory") 1) (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable))
  (core instance $libc (instantiate $libc))
  (alias core export $libc "memory" (core memory $memory))
  (alias core export $libc "realloc" (core func $realloc))
  (core func $lower (canon lower (func $g) (memory $memory) (realloc $realloc) string-encoding=utf16))
  (core func $read (canon stream.read $s async (memory $memory) (realloc $realloc)))
  (core func $drop (canon resource.drop $r))
  (type $own (resource (rep i32)))
  (core func $new (canon resource.new $own))
  (core module $m
    (import "" "lower" (func (param i32 i32 i32 i32 i32 i32 i64 i64 i32 i32 i32 i32 i32 i32))) (import "" "read" (func (param i32 i32 i32) (result i32)))
    (import "" "drop" (func (param i32))) (import "" "new" (func (param i32) (result i32)))
    (func $start) (start $start)
    (func (export "run") (result i32) i32.const 0))
  (core instance $n (instantiate $m (with "" (instance
    (export "lower" (func $lower)) (export "read" (func $read)) (export "drop" (func $drop)) (export "new" (func $new))))))
  (alias core export $n "run" (core func $run))
  (export "own" (type $own))
  (export "renamed" (type $e2))
  (func (export "run") (result $e2) (canon lift (core func $run))))"#;

fn plan(text: &[u8]) -> Plan {
    load(text, &Features::all()).unwrap().plan
}

/// All that a plan says, layouts included.
fn said(plan: &Plan) -> String {
    format!("{plan:?}")
}

/// The plans of the guests that are kept.
fn guests() -> impl Iterator<Item = Plan> {
    let folder = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../guests");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let guests = files.filter(|path| path.extension().is_some_and(|extension| extension == "wasm"));
    guests.map(|path| plan(&std::fs::read(path).unwrap()))
}

#[test]
fn a_plan_is_read_as_it_was_written() {
    for plan in guests().chain([plan(TYPES.as_bytes())]) {
        let bytes = plan.to_bytes();
        assert_eq!(said(&Plan::of_bytes(&bytes).unwrap()), said(&plan));
    }
}

#[test]
fn types_are_shared_again() {
    let pairs = (1..=15).map(|i| format!("(type $t{i} (tuple $t{} $t{}))", i - 1, i - 1));
    let pairs = pairs.collect::<Vec<_>>().join("\n");
    let plan = plan(
        format!(r#"(component (type $t0 (list u8)) {pairs} (import "f" (func (param "a" (list $t15)))))"#).as_bytes(),
    );
    let bytes = plan.to_bytes();
    assert!(bytes.len() < 1000, "{}", bytes.len());
    let again = Plan::of_bytes(&bytes).unwrap();
    assert_eq!(said(&again), said(&plan));
    assert_eq!(again.to_bytes(), bytes, "so they share as much");
}

#[test]
fn what_is_cut_or_changed_is_no_plan_or_another_one() {
    let bytes = plan(TYPES.as_bytes()).to_bytes();
    for end in 0..bytes.len() {
        assert!(Plan::of_bytes(&bytes[..end]).is_none(), "{end}");
    }
    assert!(Plan::of_bytes(&[&bytes[..], &[0]].concat()).is_none());
    for at in 0..bytes.len() {
        for byte in [0, 1, 0x7f, 0xff] {
            let mut changed = bytes.clone();
            changed[at] = byte;
            let _ = Plan::of_bytes(&changed);
        }
    }
}
