//! What a call from one component to another does besides moving values, by compiled adapters and without them: flags,
//! thread-local storage, exceptions, allocators that lie, calls while an instance starts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use thalweg::{Component, Config, Engine, Linker, Store, Trap};
use thalweg_testkit::abi::both;
use thalweg_testkit::polling::wait;

/// A leaf component with `f: func()`.
const LEAF: &str = r#"
  (component $leaf
    (core module $m (func (export "f")))
    (core instance $m (instantiate $m))
    (func (export "f") (canon lift (core func $m "f"))))
  (instance $leaf (instantiate $leaf))"#;

/// A callee that takes and gives a text, and has `leaf` to call; a caller that calls it with one byte of its memory.
fn texts(callee_realloc: &str, callee_post: &str, caller_realloc: &str) -> String {
    format!(
        r#"(component {LEAF}
  (component $callee
    (import "leaf" (func $leaf))
    (core func $leaf (canon lower (func $leaf)))
    (core module $m
      (import "" "leaf" (func $leaf))
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) {callee_realloc})
      (func (export "post") (param i32) {callee_post})
      (func (export "f") (param i32 i32) (result i32)
        (i32.store (i32.const 0) (local.get 0)) (i32.store (i32.const 4) (local.get 1)) (i32.const 0)))
    (core instance $m (instantiate $m (with "" (instance (export "leaf" (func $leaf))))))
    (func (export "f") (param "text" string) (result string)
      (canon lift (core func $m "f") (memory (core memory $m "memory")) (realloc (core func $m "realloc"))
        (post-return (core func $m "post")))))
  (component $caller
    (import "f" (func $f (param "text" string) (result string)))
    (import "leaf" (func $leaf))
    (core func $leaf (canon lower (func $leaf)))
    (core module $memory
      (import "" "leaf" (func $leaf))
      (memory (export "memory") 1)
      (data (i32.const 64) "x")
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) {caller_realloc}))
    (core instance $m (instantiate $memory (with "" (instance (export "leaf" (func $leaf))))))
    (core func $f (canon lower (func $f) (memory (core memory $m "memory")) (realloc (core func $m "realloc"))))
    (core module $main
      (import "" "memory" (memory 1))
      (import "" "f" (func $f (param i32 i32 i32)))
      (func (export "run") (result i32)
        (call $f (i32.const 64) (i32.const 1) (i32.const 16))
        (i32.load8_u (i32.load (i32.const 16)))))
    (core instance $main (instantiate $main
      (with "" (instance (export "f" (func $f)) (export "memory" (memory $m "memory"))))))
    (func (export "run") (result u32) (canon lift (core func $main "run"))))
  (instance $callee (instantiate $callee (with "leaf" (func $leaf "f"))))
  (instance $caller (instantiate $caller (with "f" (func $callee "f")) (with "leaf" (func $leaf "f"))))
  (func (export "run") (alias export $caller "run")))"#
    )
}

const AT_512: &str = "(i32.const 512)";

#[test]
fn allocators_and_post_return_cannot_leave() {
    assert_eq!(both(&texts(AT_512, "", AT_512)), Ok(u32::from(b'x')));
    let leaves = "(call $leaf) (i32.const 512)";
    assert_eq!(both(&texts(leaves, "", AT_512)), Err(Some(Trap::CannotLeave)));
    assert_eq!(both(&texts(AT_512, "(call $leaf)", AT_512)), Err(Some(Trap::CannotLeave)));
    assert_eq!(both(&texts(AT_512, "", leaves)), Err(Some(Trap::CannotLeave)));
}

#[test]
fn allocators_are_checked() {
    assert_eq!(both(&texts("(i32.const 65535)", "", AT_512)), Ok(u32::from(b'x')));
    for bad in ["(i32.const 65536)", "(i32.const -1)"] {
        assert_eq!(both(&texts(bad, "", AT_512)), Err(Some(Trap::ReallocOutOfBounds)));
        assert_eq!(both(&texts(AT_512, "", bad)), Err(Some(Trap::ReallocOutOfBounds)));
    }
    let numbers = texts("(i32.const 514)", "", AT_512).replace("string", "(list u32)");
    assert_eq!(both(&numbers), Err(Some(Trap::ReallocUnaligned)));
    assert_eq!(both(&texts("(unreachable)", "", AT_512)), Err(Some(Trap::Unreachable)));
}

#[test]
fn the_place_of_a_result_is_checked() {
    for (place, trap) in [(18, Trap::UnalignedPointer), (65532, Trap::PointerOutOfBounds)] {
        let text = texts(AT_512, "", AT_512)
            .replace("(i32.const 1) (i32.const 16))", &format!("(i32.const 1) (i32.const {place}))"));
        assert_eq!(both(&text), Err(Some(trap)));
    }
}

/// The outer component's `f` reaches back into the inner component, which called it, as often as `depth` says.
fn recursive(depth: u32) -> String {
    format!(
        r#"(component $outer
  (core module $shim
    (table (export "table") 1 funcref)
    (func (export "f") (param i32) (result i32)
      (if (result i32) (local.get 0)
        (then (call_indirect (param i32) (result i32) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))
        (else (i32.const 7)))))
  (core instance $shim (instantiate $shim))
  (func $f (param "n" u32) (result u32) (canon lift (core func $shim "f")))
  (component $inner
    (import "f" (func $f (param "n" u32) (result u32)))
    (core func $f (canon lower (func $f)))
    (core module $m (import "" "f" (func $f (param i32) (result i32)))
      (func (export "g") (param i32) (result i32) (call $f (local.get 0))))
    (core instance $m (instantiate $m (with "" (instance (export "f" (func $f))))))
    (func (export "g") (param "n" u32) (result u32) (canon lift (core func $m "g"))))
  (instance $inner (instantiate $inner (with "f" (func $f))))
  (core func $g (canon lower (func $inner "g")))
  (core module $fill
    (import "" "table" (table 1 funcref)) (import "" "g" (func $g (param i32) (result i32)))
    (elem (i32.const 0) func $g)
    (func (export "run") (result i32) (call $g (i32.const {depth}))))
  (core instance $fill (instantiate $fill
    (with "" (instance (export "table" (table $shim "table")) (export "g" (func $g))))))
  (func (export "run") (result u32) (canon lift (core func $fill "run"))))"#
    )
}

#[test]
fn a_child_and_its_parent_may_call_each_other_again_and_again() {
    assert_eq!(both(&recursive(0)), Ok(7));
    assert_eq!(both(&recursive(5)), Ok(7));
}

#[test]
fn a_callee_has_storage_of_its_own() {
    let text = r#"(component
  (component $callee
    (core func $get (canon context.get i32 0)) (core func $set (canon context.set i32 0))
    (core module $m
      (import "" "get" (func $get (result i32))) (import "" "set" (func $set (param i32)))
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (i32.store (i32.const 0) (i32.add (call $get) (i32.const 1))) (call $set (i32.const 50)) (i32.const 8))
      (func (export "post") (param i32) (if (i32.ne (call $get) (i32.const 9)) (then (unreachable))))
      (func (export "f") (param i32 i32) (result i32) (local $seen i32)
        (local.set $seen (call $get))
        (call $set (i32.const 9))
        (i32.add (i32.mul (call $get) (i32.const 100)) (i32.add (local.get $seen) (i32.load (i32.const 0))))))
    (core instance $m (instantiate $m
      (with "" (instance (export "get" (func $get)) (export "set" (func $set))))))
    (func (export "f") (param "text" string) (result u32)
      (canon lift (core func $m "f") (memory (core memory $m "memory")) (realloc (core func $m "realloc"))
        (post-return (core func $m "post")))))
  (component $caller
    (import "f" (func $f (param "text" string) (result u32)))
    (core func $get (canon context.get i32 0)) (core func $set (canon context.set i32 0))
    (core module $memory (memory (export "memory") 1))
    (core instance $m (instantiate $memory))
    (core func $f (canon lower (func $f) (memory (core memory $m "memory"))))
    (core module $main
      (import "" "get" (func $get (result i32))) (import "" "set" (func $set (param i32)))
      (import "" "f" (func $f (param i32 i32) (result i32)))
      (func (export "run") (result i32)
        (call $set (i32.const 2))
        (i32.add (call $f (i32.const 0) (i32.const 3)) (i32.mul (call $get) (i32.const 1000)))))
    (core instance $main (instantiate $main
      (with "" (instance (export "get" (func $get)) (export "set" (func $set)) (export "f" (func $f))))))
    (func (export "run") (result u32) (canon lift (core func $main "run"))))
  (instance $callee (instantiate $callee))
  (instance $caller (instantiate $caller (with "f" (func $callee "f"))))
  (func (export "run") (alias export $caller "run")))"#;
    // The caller's 2 stays, the callee starts from 0 and sets 9, and its allocator saw 0.
    assert_eq!(both(text), Ok(2000 + 900 + 1));
}

/// A caller whose `caller` code calls `$f` of a callee with the `callee` code.
fn plain(callee: &str, caller: &str) -> String {
    format!(
        r#"(component
  (component $callee
    (core module $m {callee})
    (core instance $m (instantiate $m))
    (func (export "f") (result u32) (canon lift (core func $m "f"))))
  (component $caller
    (import "f" (func $f (result u32)))
    (core func $f (canon lower (func $f)))
    (core module $m (import "" "f" (func $f (result i32))) {caller})
    (core instance $m (instantiate $m (with "" (instance (export "f" (func $f))))))
    (func (export "run") (result u32) (canon lift (core func $m "run"))))
  (instance $callee (instantiate $callee))
  (instance $caller (instantiate $caller (with "f" (func $callee "f"))))
  (func (export "run") (alias export $caller "run")))"#
    )
}

#[test]
fn an_exception_does_not_reach_the_caller() {
    let throws = r#"(tag $t) (func (export "f") (result i32) (throw $t))"#;
    let catches = r#"(func (export "run") (result i32)
        (block $caught (try_table (catch_all $caught) (return (call $f)))) (i32.const 1))"#;
    assert_eq!(both(&plain(throws, catches)), Err(Some(Trap::UncaughtException)));
}

#[test]
fn a_start_function_calls() {
    let counts = r#"(global $n (mut i32) (i32.const 0))
        (func (export "f") (result i32) (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n))"#;
    let starts = r#"(global $n (mut i32) (i32.const 0))
        (func $start (global.set $n (call $f)))
        (start $start)
        (func (export "run") (result i32) (i32.add (i32.mul (global.get $n) (i32.const 10)) (call $f)))"#;
    assert_eq!(both(&plain(counts, starts)), Ok(12));
}

#[test]
fn compiled_code_is_kept_with_its_adapters() {
    let text =
        plain(r#"(func (export "f") (result i32) (i32.const 5))"#, r#"(func (export "run") (result i32) (call $f))"#);
    let directory = tempfile::tempdir().expect("a directory");
    let run = |adapters: bool, bytes: &[u8]| {
        let compiled = Arc::new(AtomicUsize::new(0));
        let count = compiled.clone();
        let progress = move |what: Option<(usize, usize)>| {
            count.fetch_add(what.map_or(0, |(modules, _)| modules), Ordering::Relaxed);
        };
        let config = Config::new().adapters(adapters).cache(Some(directory.path().into())).progress(progress);
        let engine = Engine::new(config.allow_precompiled(true)).expect("an engine");
        let component = Component::from_bytes(&engine, bytes).expect("a component");
        let mut store = Store::new(&engine, ());
        let instance = wait(Linker::new(&engine).instantiate(&mut store, &component)).expect("no imports");
        let run = instance.func::<(), u32>(&mut store, "run").expect("an export");
        assert_eq!(wait(run.call(&mut store, ())).expect("a result"), 5);
        (compiled.load(Ordering::Relaxed), component.precompile().expect("code"))
    };
    let ((with, long), (without, short)) = (run(true, text.as_bytes()), run(false, text.as_bytes()));
    // The two core modules and the glue, with and without an adapter.
    assert_eq!((with, without), (4, 3));
    assert!(long.len() > short.len());
    for adapters in [true, false] {
        for bytes in [text.as_bytes(), &long, &short] {
            assert_eq!(run(adapters, bytes).0, 0, "compiled again");
        }
    }
}

#[test]
fn a_trap_of_the_callee_is_the_calls() {
    let divides = r#"(func (export "f") (result i32) (i32.div_u (i32.const 1) (i32.const 0)))"#;
    let calls = r#"(func (export "run") (result i32) (call $f))"#;
    assert_eq!(both(&plain(divides, calls)), Err(Some(Trap::IntegerDivisionByZero)));
}
