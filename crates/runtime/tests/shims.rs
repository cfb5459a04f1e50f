//! A component whose shim is left out does what it does with it, and where somebody could tell, the shim stays.

use std::sync::{Arc, Mutex};

use thalweg::{Caller, Component, Config, Engine, ErrorKind, Features, Linker, Prepared, Store, Trap};
use thalweg_testkit::polling::wait;

/// A component as tools write it: `run(n)` calls the host's `say` with a text and makes a text of what it answers. `between`
/// is instantiated before the table is full.
fn text(between: &str) -> String {
    format!(
        r#"(component
  (import "say" (func $say (param "text" string) (result string)))
  (import "count" (func $count (param "n" u32) (result u32)))
  (core module $shim
    (type $say (func (param i32 i32 i32)))
    (table (export "$imports") 1 1 funcref)
    (func (export "0") (type $say)
      (call_indirect (type $say) (local.get 0) (local.get 1) (local.get 2) (i32.const 0))))
  (core module $main
    (import "" "count" (func $count (param i32) (result i32)))
    (import "" "say" (func $say (param i32 i32 i32)))
    (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 1024))
    (data (i32.const 16) "hello, ")
    (func $realloc (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.get $free) (global.set $free (i32.add (global.get $free) (local.get 3))))
    (func (export "say") (call $say (i32.const 16) (i32.const 5) (i32.const 64)))
    (func (export "run") (param i32) (result i32)
      (call $say (i32.const 16) (call $count (local.get 0)) (i32.const 64))
      (i32.const 64)))
  (core module $fixup
    (import "" "0" (func $say (param i32 i32 i32)))
    (import "" "$imports" (table 1 1 funcref))
    (elem (i32.const 0) func $say))
  (core func $count (canon lower (func $count)))
  (core instance $shim (instantiate $shim))
  (core instance $main (instantiate $main
    (with "" (instance (export "count" (func $count)) (export "say" (func $shim "0"))))))
  (core func $say
    (canon lower (func $say) (memory (core memory $main "memory")) (realloc (core func $main "realloc"))))
  {between}
  (core instance (instantiate $fixup (with "" (instance
    (export "0" (func $say)) (export "$imports" (table $shim "$imports"))))))
  (func (export "run") (param "n" u32) (result string)
    (canon lift (core func $main "run") (memory (core memory $main "memory")) (realloc (core func $main "realloc")))))"#
    )
}

/// A module that calls the host while it is instantiated.
const STARTS: &str = r#"(core module $start (import "" "say" (func $say)) (start $say))
  (core instance (instantiate $start (with "" (instance $main))))"#;

type Said = Arc<Mutex<Vec<String>>>;

fn engine(keep_shims: bool) -> Engine {
    let config = Config::new().features(Features::all()).allow_precompiled(true).keep_shims(keep_shims);
    Engine::new(config).expect("an engine")
}

fn prepare(engine: &Engine, bytes: &[u8]) -> (Prepared<()>, Said) {
    let said = Said::default();
    let mut linker = Linker::new(engine);
    let mut root = linker.instance("").expect("the root");
    let heard = said.clone();
    root.func("say", move |_: Caller<'_, ()>, (text,): (String,)| {
        heard.lock().expect("nobody panicked").push(text.clone());
        Ok(text.to_uppercase())
    })
    .and_then(|root| root.func("count", |_, (n,): (u32,)| Ok(n + 1)))
    .expect("two definitions");
    let component = Component::from_bytes(engine, bytes).expect("a component");
    (linker.prepare(&component).expect("everything is there"), said)
}

/// What `run` gives for some numbers in two instances, the last of which traps, and what the host was told.
fn outcomes(engine: &Engine, bytes: &[u8]) -> (Vec<Result<String, Option<Trap>>>, Vec<String>) {
    let (prepared, said) = prepare(engine, bytes);
    let mut outcomes = Vec::new();
    let mut store = Store::new(engine, ());
    for _ in 0..2 {
        let instance = wait(prepared.instantiate(&mut store)).expect("an instance");
        let run = instance.func::<(u32,), String>(&mut store, "run").expect("an export");
        for n in [4, 6] {
            outcomes.push(wait(run.call(&mut store, (n,))).map_err(|error| error.as_trap()));
        }
    }
    let instance = wait(prepared.instantiate(&mut store)).expect("an instance");
    let run = instance.func::<(u32,), String>(&mut store, "run").expect("an export");
    outcomes.push(wait(run.call(&mut store, (1 << 20,))).map_err(|error| error.as_trap()));
    let said = said.lock().expect("nobody panicked").clone();
    (outcomes, said)
}

#[test]
fn with_and_without_a_shim_the_same_happens() {
    let text = text("");
    let [with, without] = [true, false].map(|keep| {
        let engine = engine(keep);
        let component = Component::from_bytes(&engine, text.as_bytes()).expect("a component");
        assert_eq!(component.plan().core_instances, if keep { 3 } else { 1 });
        let outcomes = outcomes(&engine, text.as_bytes());
        let precompiled = component.precompile().expect("code");
        assert_eq!(self::outcomes(&engine, &precompiled), outcomes);
        outcomes
    });
    assert_eq!(with, without);
    assert_eq!(with.0[..2], [Ok("HELLO".to_owned()), Ok("HELLO, ".to_owned())]);
    assert_eq!(with.0[4], Err(Some(Trap::StringOutOfBounds)));
    assert_eq!(with.1, ["hello", "hello, ", "hello", "hello, "]);
}

#[test]
fn who_calls_too_early_traps_with_either() {
    for keep in [true, false] {
        let engine = engine(keep);
        let (prepared, said) = prepare(&engine, text(STARTS).as_bytes());
        let error = wait(prepared.instantiate(&mut Store::new(&engine, ()))).map(drop).expect_err("a trap");
        assert!(error.as_trap().is_some(), "{error}");
        assert!(said.lock().expect("nobody panicked").is_empty());
    }
}

#[test]
fn a_large_component_without_its_code_has_the_same_plan() {
    // Large enough that the main module is kept without code when it is precompiled.
    let data = format!(r#"(data (i32.const 16) "hello, ") (data (i32.const 32768) "{}")"#, "x".repeat(1100 << 10));
    let text = text("").replace(r#"(data (i32.const 16) "hello, ")"#, &data);
    let text = text.replace(r#"(memory (export "memory") 1)"#, r#"(memory (export "memory") 20)"#);
    for keep in [true, false] {
        let engine = engine(keep);
        let component = Component::from_bytes(&engine, text.as_bytes()).expect("a component");
        let precompiled = component.precompile().expect("code");
        let outcomes = |bytes: &[u8]| {
            let (prepared, said) = prepare(&engine, bytes);
            let mut store = Store::new(&engine, ());
            let instance = wait(prepared.instantiate(&mut store)).expect("an instance");
            let run = instance.func::<(u32,), String>(&mut store, "run").expect("an export");
            let outcome = wait(run.call(&mut store, (4,))).expect("a text");
            let instances = prepared.component().plan().core_instances;
            (outcome, instances, said.lock().expect("nobody panicked").clone())
        };
        let expected = ("HELLO".to_owned(), if keep { 3 } else { 1 }, vec!["hello".to_owned()]);
        assert_eq!([outcomes(text.as_bytes()), outcomes(&precompiled)], [expected.clone(), expected]);
    }
}

#[test]
fn code_made_with_shims_is_not_taken_without() {
    let [with, without] = [true, false].map(engine);
    let text = text("");
    for (from, to) in [(&with, &without), (&without, &with)] {
        let precompiled = Component::from_bytes(from, text.as_bytes()).and_then(|it| it.precompile()).expect("code");
        let error = Component::from_bytes(to, &precompiled).map(drop).expect_err("another engine's");
        assert_eq!(error.kind(), ErrorKind::Malformed);
    }
}
