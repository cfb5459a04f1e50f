//! Handles of resources from one component to another, by compiled adapters and without them: who has them afterwards, what
//! is lent during a call, and what must be given back.

use thalweg::Trap;
use thalweg_testkit::abi::both;

/// Defines a resource whose representation is a number; counts what is destroyed.
const DEFINER: &str = r#"
  (component $definer
    (core module $destroyed
      (global $n (mut i32) (i32.const 0))
      (func (export "dtor") (param i32) (global.set $n (i32.add (global.get $n) (local.get 0))))
      (func (export "count") (result i32) (global.get $n)))
    (core instance $destroyed (instantiate $destroyed))
    (type $own (resource (rep i32) (dtor (core func $destroyed "dtor"))))
    (export $r "r" (type $own))
    (core func $new (canon resource.new $own))
    (core func $rep (canon resource.rep $own))
    (core func $drop (canon resource.drop $own))
    (core module $m
      (import "" "new" (func $new (param i32) (result i32)))
      (import "" "rep" (func $rep (param i32) (result i32)))
      (import "" "drop" (func $drop (param i32)))
      (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
      (func (export "get") (param i32) (result i32) (local.get 0))
      (func (export "take") (param i32) (result i32) (local $rep i32)
        (local.set $rep (call $rep (local.get 0)))
        (call $drop (local.get 0))
        (local.get $rep))
      (func (export "mix") (param i32 i32) (result i32)
        (i32.add (local.get 0) (call $rep (local.get 1)))))
    (core instance $m (instantiate $m (with "" (instance
      (export "new" (func $new)) (export "rep" (func $rep)) (export "drop" (func $drop))))))
    (func (export "make") (param "n" u32) (result (own $r)) (canon lift (core func $m "make")))
    (func (export "get") (param "it" (borrow $r)) (result u32) (canon lift (core func $m "get")))
    (func (export "take") (param "it" (own $r)) (result u32) (canon lift (core func $m "take")))
    (func (export "mix") (param "a" (borrow $r)) (param "b" (own $r)) (result u32) (canon lift (core func $m "mix")))
    (func (export "count") (result u32) (canon lift (core func $destroyed "count"))))
  (instance $definer (instantiate $definer))"#;

/// Uses the resource of another.
const USER: &str = r#"
  (component $user
    (import "r" (type $r (sub resource)))
    (import "get" (func $get (param "it" (borrow $r)) (result u32)))
    (core func $get (canon lower (func $get)))
    (core func $drop (canon resource.drop $r))
    (core module $m
      (import "" "get" (func $get (param i32) (result i32)))
      (import "" "drop" (func $drop (param i32)))
      (func (export "ten-times") (param i32) (result i32) (local $n i32)
        (local.set $n (call $get (local.get 0)))
        (call $drop (local.get 0))
        (i32.mul (local.get $n) (i32.const 10)))
      (func (export "keep") (param i32) (result i32) (call $get (local.get 0)))
      (func (export "two") (param i32 i32) (result i32) (local $n i32)
        (local.set $n (i32.add (call $get (local.get 0)) (call $get (local.get 1))))
        (call $drop (local.get 0))
        (call $drop (local.get 1))
        (i32.add (local.get $n) (i32.mul (i32.const 1000) (i32.ne (local.get 0) (local.get 1)))))
      (func (export "through") (param i32) (result i32) (local.get 0)))
    (core instance $m (instantiate $m (with "" (instance (export "get" (func $get)) (export "drop" (func $drop))))))
    (func (export "ten-times") (param "it" (borrow $r)) (result u32) (canon lift (core func $m "ten-times")))
    (func (export "keep") (param "it" (borrow $r)) (result u32) (canon lift (core func $m "keep")))
    (func (export "two") (param "a" (borrow $r)) (param "b" (borrow $r)) (result u32) (canon lift (core func $m "two")))
    (func (export "through") (param "it" (own $r)) (result (own $r)) (canon lift (core func $m "through"))))
  (instance $user (instantiate $user (with "r" (type $definer "r")) (with "get" (func $definer "get"))))"#;

/// What `code`, which leaves an `i32`, comes to in a third component.
fn run(code: &str) -> Result<u32, Option<Trap>> {
    let functions = [
        ("definer", "make", r#"(param "n" u32) (result (own $r))"#, "(param i32) (result i32)"),
        ("definer", "get", r#"(param "it" (borrow $r)) (result u32)"#, "(param i32) (result i32)"),
        ("definer", "take", r#"(param "it" (own $r)) (result u32)"#, "(param i32) (result i32)"),
        (
            "definer",
            "mix",
            r#"(param "a" (borrow $r)) (param "b" (own $r)) (result u32)"#,
            "(param i32 i32) (result i32)",
        ),
        ("definer", "count", "(result u32)", "(result i32)"),
        ("user", "ten-times", r#"(param "it" (borrow $r)) (result u32)"#, "(param i32) (result i32)"),
        ("user", "keep", r#"(param "it" (borrow $r)) (result u32)"#, "(param i32) (result i32)"),
        (
            "user",
            "two",
            r#"(param "a" (borrow $r)) (param "b" (borrow $r)) (result u32)"#,
            "(param i32 i32) (result i32)",
        ),
        ("user", "through", r#"(param "it" (own $r)) (result (own $r))"#, "(param i32) (result i32)"),
    ];
    let lines = |line: &dyn Fn(&str, &str, &str, &str) -> String| -> String {
        functions.iter().map(|(from, name, ty, core)| line(from, name, ty, core)).collect()
    };
    let imports = lines(&|_, name, ty, _| format!(r#"(import "{name}" (func ${name} {ty}))"#));
    let lowers = lines(&|_, name, _, _| format!("(core func ${name} (canon lower (func ${name})))"));
    let core_imports = lines(&|_, name, _, core| format!(r#"(import "" "{name}" (func ${name} {core}))"#));
    let exports = lines(&|_, name, _, _| format!(r#"(export "{name}" (func ${name}))"#));
    let with = lines(&|from, name, _, _| format!(r#"(with "{name}" (func ${from} "{name}"))"#));
    both(&format!(
        r#"(component {DEFINER} {USER}
  (component $caller
    (import "r" (type $r (sub resource))) {imports} {lowers}
    (core func $drop (canon resource.drop $r))
    (core module $m {core_imports} (import "" "drop" (func $drop (param i32)))
      (func (export "run") (result i32) (local $a i32) (local $b i32) {code}))
    (core instance $m (instantiate $m (with "" (instance {exports} (export "drop" (func $drop))))))
    (func (export "run") (result u32) (canon lift (core func $m "run"))))
  (instance $caller (instantiate $caller (with "r" (type $definer "r")) {with}))
  (func (export "run") (alias export $caller "run")))"#
    ))
}

const MAKE: &str = "(local.set $a (call $make (i32.const 7))) (local.set $b (call $make (i32.const 8)))";

fn after_make(code: &str) -> Result<u32, Option<Trap>> {
    run(&format!("{MAKE} {code}"))
}

#[test]
fn the_definer_gets_the_representation_of_a_borrow() {
    assert_eq!(after_make("(call $get (local.get $b))"), Ok(8));
    // The first index is 1, and the handle is still there.
    assert_eq!(after_make("(drop (call $get (local.get $a))) (call $get (local.get $a))"), Ok(7));
}

#[test]
fn an_owned_handle_leaves_its_table() {
    assert_eq!(after_make("(call $take (local.get $a))"), Ok(7));
    assert_eq!(after_make("(drop (call $take (local.get $a))) (call $count)"), Ok(7));
    let twice = "(drop (call $take (local.get $a))) (call $take (local.get $a))";
    assert_eq!(after_make(twice), Err(Some(Trap::UnknownHandle(1))));
    // What comes back takes the index that was freed.
    assert_eq!(after_make("(call $through (local.get $a))"), Ok(1));
    assert_eq!(after_make("(call $get (call $through (local.get $a)))"), Ok(7));
}

#[test]
fn a_borrow_is_given_back() {
    assert_eq!(after_make("(call $ten-times (local.get $a))"), Ok(70));
    assert_eq!(after_make("(drop (call $ten-times (local.get $a))) (call $take (local.get $a))"), Ok(7));
    assert_eq!(after_make("(call $keep (local.get $a))"), Err(Some(Trap::BorrowsRemain)));
    // Two handles, for two resources or for one.
    assert_eq!(after_make("(call $two (local.get $a) (local.get $b))"), Ok(1015));
    assert_eq!(after_make("(call $two (local.get $a) (local.get $a))"), Ok(1014));
    let then_take = "(drop (call $two (local.get $a) (local.get $a))) (call $take (local.get $a))";
    assert_eq!(after_make(then_take), Ok(7));
}

#[test]
fn what_is_lent_is_not_given_away_in_the_same_call() {
    assert_eq!(after_make("(call $mix (local.get $a) (local.get $b))"), Ok(15));
    assert_eq!(after_make("(call $mix (local.get $a) (local.get $a))"), Err(Some(Trap::OwnWhileBorrowed)));
    let then_take = "(drop (call $mix (local.get $a) (local.get $b))) (call $take (local.get $a))";
    assert_eq!(after_make(then_take), Ok(7));
}

#[test]
fn what_is_no_handle_traps() {
    for call in ["get", "take", "ten-times", "through"] {
        for index in [0, 3] {
            let found = after_make(&format!("(call ${call} (i32.const {index}))"));
            assert_eq!(found, Err(Some(Trap::UnknownHandle(index))), "{call}");
        }
        let dropped = after_make(&format!("(call $drop (local.get $a)) (call ${call} (local.get $a))"));
        assert_eq!(dropped, Err(Some(Trap::UnknownHandle(1))), "{call}");
    }
}
