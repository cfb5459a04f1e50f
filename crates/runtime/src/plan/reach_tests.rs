//! What is found to wait by the code of core modules, by function, and how that is kept.

use super::super::core_calls::{CoreCalls, Signatures};
use super::super::{Blocking, LiftIndex, Reached};
use crate::Features;
use crate::component::{SHED, load};

/// Whether the functions `f` and `g` of a component can wait. `code` is in a module that imports `wait`, `fine` (two
/// built-ins) and the table `shared`, in which `others` can be put.
fn waits(code: &str, others: &str) -> [bool; 2] {
    let text = format!(
        r#"(component
            (core module $libc (memory (export "m") 1) (table (export "t") 4 funcref)
                (func (export "from-libc") (result i32) (i32.const 0)))
            (core instance $libc (instantiate $libc))
            (core func $wait (canon waitable-set.wait (memory (core memory $libc "m"))))
            (core func $fine (canon waitable-set.poll (memory (core memory $libc "m"))))
            (core module $m
                (type $b (func (param i32 i32) (result i32)))
                (import "" "wait" (func $wait (type $b)))
                (import "" "fine" (func $fine (type $b)))
                (import "" "shared" (table $shared 4 funcref))
                {code})
            (core instance $i (instantiate $m (with "" (instance (export "wait" (func $wait))
                (export "fine" (func $fine)) (export "shared" (table $libc "t"))))))
            (core module $others
                (type $b (func (param i32 i32) (result i32)))
                (import "" "wait" (func $wait (type $b)))
                (import "" "shared" (table $shared 4 funcref))
                {others})
            (core instance (instantiate $others (with "" (instance (export "wait" (func $wait))
                (export "shared" (table $libc "t"))))))
            (func (export "f") async (canon lift (core func $i "f") async (callback (core func $i "callback"))))
            (func (export "g") async (canon lift (core func $i "g") async (callback (core func $i "callback")))))"#
    );
    let loaded = load(text.as_bytes(), &Features::all()).unwrap_or_else(|error| panic!("{error:?}"));
    assert!(Blocking::linked(&loaded.plan, |_| false).lift(LiftIndex(0)), "by instances, everybody can wait");
    let reached = Reached::of(&loaded.plan, &loaded.bytes).expect("little code");
    let blocking = Blocking::by_function(&loaded.plan, Some(&reached), |_| false);
    [0, 1].map(|lift| blocking.lift(LiftIndex(lift)))
}

fn call(func: &str) -> String {
    format!("({func} (i32.const 0) (i32.const 0))")
}

fn exports(f: &str, g: &str) -> String {
    format!(
        r#"(func (export "f") (result i32) {f}) (func $g (export "g") (result i32) {g})
        (func (export "callback") (param i32 i32 i32) (result i32) (i32.const 0))"#
    )
}

#[test]
fn who_calls_what_waits_can_wait() {
    assert_eq!(waits(&exports(&call("call $wait"), &call("call $fine")), ""), [true, false]);
    assert_eq!(waits(&exports("(call $g)", &call("return_call $wait")), ""), [true, true]);
    assert_eq!(waits(&exports(&call("call $fine"), "(i32.const 0)"), ""), [false, false]);
}

#[test]
fn a_callback_that_waits_counts_for_all_that_have_it() {
    let waiting = r#"(func (export "callback") (param i32 i32 i32) (result i32)
            (call $wait (i32.const 0) (i32.const 0)))
        (func (export "f") (result i32) (i32.const 0)) (func (export "g") (result i32) (i32.const 0))"#;
    assert_eq!(waits(waiting, ""), [true, true]);
}

/// A place in a table that is known when the code runs.
const SOMEWHERE: &str = "(i32.eqz (i32.const 0))";

fn through(table: &str, place: &str) -> String {
    format!("(call_indirect {table} (type $b) (i32.const 0) (i32.const 0) {place})")
}

#[test]
fn a_table_is_all_that_is_put_into_it() {
    let through = |table: &str| through(table, SOMEWHERE);
    let code = exports(&through("$own"), &through("$fines"));
    let tables = "(table $own funcref (elem $wait)) (table $fines funcref (elem $fine))";
    assert_eq!(waits(&format!("{tables} {code}"), ""), [true, false]);
    // Another module puts it into a table of the first.
    let code = exports(&through("$shared"), &through("$fines"));
    assert_eq!(waits(&format!("{tables} {code}"), ""), [false, false]);
    assert_eq!(waits(&format!("{tables} {code}"), "(elem (table $shared) (i32.const 1) func $wait)"), [true, false]);
    // Or a function that calls it.
    let outer = "(func $outer (type $b) (call $wait (i32.const 0) (i32.const 0)))
        (elem (table $shared) (i32.const 1) func $outer)";
    assert_eq!(waits(&format!("{tables} {code}"), outer), [true, false]);
}

#[test]
fn where_tables_change_each_may_have_any_function() {
    let code = exports(&through("$own", SOMEWHERE), &call("call $fine"));
    let own = format!("(table $own 4 funcref) {code}");
    let changes = "(elem declare func $wait)
        (func (table.set $shared (i32.const 0) (ref.func $wait)))";
    assert_eq!(waits(&own, ""), [false, false]);
    assert_eq!(waits(&own, changes), [true, false]);
    assert_eq!(waits(&own, "(elem declare func $wait)"), [false, false], "nothing moves it");
    let passive = "(elem $e func $wait) (func (table.init $shared $e (i32.const 0) (i32.const 0) (i32.const 1)))";
    assert_eq!(waits(&own, passive), [true, false]);
}

#[test]
fn a_place_in_a_table_is_what_is_put_there() {
    let code = exports(&through("$own", "(i32.const 2)"), &through("$own", "(i32.const 1)"));
    let with = |elements: &str| waits(&format!("(table $own 4 funcref) {elements} {code}"), "");
    assert_eq!(with("(elem (table $own) (i32.const 1) func $fine $wait)"), [true, false]);
    assert_eq!(with("(elem (table $own) (i32.const 1) funcref (ref.null func) (ref.func $wait))"), [true, false]);
    assert_eq!(with("(elem (table $own) (i32.const 0) func $wait $fine $fine)"), [false, false]);
    // What comes later in its place counts, too.
    let twice = "(elem (table $own) (i32.const 2) func $wait) (elem (table $own) (i32.const 2) func $fine)";
    assert_eq!(with(twice), [true, false]);
    // Where it is put is not known, or it is everywhere.
    let moved = "(global $base i32 (i32.const 1)) (elem (table $own) (global.get $base) func $wait)";
    assert_eq!(with(moved), [true, true]);
    let computed = "(elem (table $own) (i32.add (i32.const 1) (i32.const 0)) func $wait)";
    assert_eq!(with(computed), [true, true]);
    let code = exports(&through("$own", "(i32.const 2)"), &call("call $fine"));
    let filled = "(elem declare func $wait) (table $own 4 (ref null $b) (ref.func $wait))";
    assert_eq!(waits(&format!("{filled} {code}"), ""), [true, false]);
    // A place that changes is any.
    let code = exports(&through("$own", "(i32.const 2)"), &through("$own", "(i32.const 1)"));
    let own = format!("(table $own 4 funcref) {code}");
    let changes = "(elem declare func $wait) (func (table.set $shared (i32.const 3) (ref.func $wait)))";
    assert_eq!(waits(&own, changes), [true, true]);
}

#[test]
fn a_call_is_of_a_function_of_its_type() {
    let other = "(func $other (param i32) (result i32) (call $wait (i32.const 0) (i32.const 0)))";
    let table = "(table $own funcref (elem $fine $other))";
    let call_other = format!("(call_indirect $own (param i32) (result i32) (i32.const 0) {SOMEWHERE})");
    let code = exports(&call_other, &through("$own", SOMEWHERE));
    assert_eq!(waits(&format!("{table} {other} {code}"), ""), [true, false]);
    // Types of other modules are the same if they say the same.
    let code = exports(&through("$shared", SOMEWHERE), &call("call $fine"));
    assert_eq!(waits(&code, &format!("{other} (elem (table $shared) (i32.const 1) func $other)")), [false, false]);
    let same = "(func $same (param i32 i32) (result i32) (call $wait (i32.const 0) (i32.const 0)))";
    assert_eq!(waits(&code, &format!("{same} (elem (table $shared) (i32.const 1) func $same)")), [true, false]);
}

#[test]
fn types_with_subtypes_are_not_told_apart() {
    let types = "(type $open (sub (func (param i32 i32) (result i32))))
        (type $sub (sub $open (func (param i32 i32) (result i32))))";
    let other = "(func $other (type $sub) (call $wait (i32.const 0) (i32.const 0)))";
    let table = "(table $own funcref (elem $fine $other))";
    let code = exports(&through("$own", SOMEWHERE).replace("$b", "$open"), &call("call $fine"));
    assert_eq!(waits(&format!("{types} {table} {other} {code}"), ""), [true, false]);
    // Nor are those that are a group.
    let group = "(rec (type $one (func (param i32 i32) (result i32))) (type $two (func)))";
    let other = "(func $other (type $one) (call $wait (i32.const 0) (i32.const 0)))";
    let code = exports(&through("$own", SOMEWHERE).replace("$b", "$one"), &call("call $fine"));
    assert_eq!(waits(&format!("{group} {table} {other} {code}"), ""), [true, false]);
}

#[test]
fn what_was_reached_is_read_again() {
    let text = r#"(component
        (import "f" (func $f)) (core func $f (canon lower (func $f)))
        (core module $m (import "" "f" (func $f)) (func (export "calls") (call $f)) (func (export "rests")))
        (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
        (func (export "calls") (canon lift (core func $i "calls")))
        (func (export "rests") (canon lift (core func $i "rests"))))"#;
    let loaded = load(text.as_bytes(), &Features::all()).unwrap_or_else(|error| panic!("{error:?}"));
    let reached = Reached::of(&loaded.plan, &loaded.bytes).expect("little code");
    let again = Reached::read(&loaded.plan, reached.bytes()).expect("the same plan");
    assert_eq!(reached, again);
    let blocking = Blocking::by_function(&loaded.plan, Some(&again), |_| true);
    assert_eq!([0, 1].map(|lift| blocking.lift(LiftIndex(lift))), [true, false]);
    let blocking = Blocking::by_function(&loaded.plan, Some(&again), |_| false);
    assert_eq!([0, 1].map(|lift| blocking.lift(LiftIndex(lift))), [false, false]);
    // Fewer bytes, more bytes, and a trampoline that there is not.
    let bytes = reached.bytes();
    assert!(Reached::read(&loaded.plan, &bytes[1..]).is_none());
    assert!(Reached::read(&loaded.plan, &[bytes, &[0]].concat()).is_none());
    let mut more = bytes.to_vec();
    more[0] |= 2;
    assert!(Reached::read(&loaded.plan, &more).is_none());
}

#[test]
fn a_module_without_its_code_tells_nothing() {
    let calls_of = |module: &[u8]| CoreCalls::of(module, &mut Signatures::default());
    let module = wat::parse_str(r#"(module (func (export "f")))"#).expect("text");
    assert!(calls_of(&module).is_some());
    let mut marked = module.clone();
    marked.extend([0, SHED.len() as u8 + 1, SHED.len() as u8]);
    marked.extend(SHED.as_bytes());
    assert!(calls_of(&marked).is_none());
    // Sections of a function and of its code are left out.
    let (functions, code) = ([3, 2, 1, 0], [10, 4, 1, 2, 0, 11]);
    let without = |bytes: &[u8], part: &[u8]| {
        let at = bytes.windows(part.len()).position(|found| found == part).expect("the section");
        [&bytes[..at], &bytes[at + part.len()..]].concat()
    };
    assert!(calls_of(&without(&module, &code)).is_none());
    assert!(calls_of(&without(&without(&module, &code), &functions)).is_none());
}

#[test]
fn a_reference_may_be_any_function() {
    let code = exports(
        "(call_ref $b (i32.const 0) (i32.const 0) (ref.func $wait))",
        "(call_ref $b (i32.const 0) (i32.const 0) (ref.null $b))",
    );
    assert_eq!(waits(&format!("(elem declare func $wait) {code}"), ""), [true, true]);
}
