//! Whether a call has a compiled adapter is known once the imports are: a callee that calls functions of the host that
//! answer at once has one, a callee that may be suspended has none. It is told by function.

use thalweg::{Component, Config, Engine, Features, Linker, Store, Trap};
use thalweg_testkit::polling::wait;

/// A caller whose `run(n)` calls a callee's `g`, which traps if the host's `f(n)` says 0, and else answers what it
/// says. Before that, `g` executes `first`, and the callee has a function `h` that executes `other`. Both may call
/// `$yield`, a built-in that waits; it is in a table, with a function of another type.
fn text(first: &str, other: &str) -> String {
    format!(
        r#"(component
  (import "f" (func $f (param "n" u32) (result u32)))
  (component $callee
    (import "f" (func $f (param "n" u32) (result u32)))
    (core func $f (canon lower (func $f)))
    (core func $yield (canon thread.yield))
    (core module $m (import "" "f" (func $f (param i32) (result i32))) (import "" "yield" (func $yield (result i32)))
      (table funcref (elem $yield $same))
      (func $same (param i32) (result i32) (local.get 0))
      (func (export "h") (result i32) {other})
      (func (export "g") (param i32) (result i32) (local $n i32)
        (drop {first})
        (local.set $n (call $f (local.get 0)))
        (if (i32.eqz (local.get $n)) (then (unreachable)))
        (local.get $n)))
    (core instance $m (instantiate $m (with "" (instance (export "f" (func $f)) (export "yield" (func $yield))))))
    (func (export "h") (result u32) (canon lift (core func $m "h")))
    (func (export "g") (param "n" u32) (result u32) (canon lift (core func $m "g"))))
  (component $caller
    (import "g" (func $g (param "n" u32) (result u32)))
    (core func $g (canon lower (func $g)))
    (core module $m (import "" "g" (func $g (param i32) (result i32)))
      (func (export "run") (param i32) (result i32) (call $g (local.get 0))))
    (core instance $m (instantiate $m (with "" (instance (export "g" (func $g))))))
    (func (export "run") (param "n" u32) (result u32) (canon lift (core func $m "run"))))
  (instance $callee (instantiate $callee (with "f" (func $f))))
  (instance $caller (instantiate $caller (with "g" (func $callee "g"))))
  (export "h" (func $callee "h"))
  (func (export "run") (alias export $caller "run")))"#
    )
}

const NOTHING: &str = "(i32.const 0)";

fn engine() -> Engine {
    Engine::new(Config::new().features(Features::all())).expect("an engine")
}

/// Whether an adapter is on the stack of the trap, in two instances of one preparation.
fn goes_through_an_adapter(engine: &Engine, component: &Component, linker: &Linker<()>) -> bool {
    let prepared = linker.prepare(component).expect("everything is there");
    let outcomes = [0, 1].map(|_| {
        let mut store = Store::new(engine, ());
        let instance = wait(prepared.instantiate(&mut store)).expect("an instance");
        let run = instance.func::<(u32,), u32>(&mut store, "run").expect("an export");
        assert_eq!(wait(run.call(&mut store, (4,))).expect("a result"), 5);
        let error = wait(run.call(&mut store, (u32::MAX,))).expect_err("a trap");
        assert_eq!(error.as_trap(), Some(Trap::Unreachable));
        error.guest_backtrace().iter().any(|frame| frame.contains("adapter!"))
    });
    assert_eq!(outcomes[0], outcomes[1]);
    outcomes[0]
}

#[test]
fn a_host_function_that_answers_at_once_leaves_the_adapter() {
    let engine = engine();
    let component = Component::from_bytes(&engine, text(NOTHING, NOTHING).as_bytes()).expect("a component");
    let mut linker = Linker::new(&engine);
    let answers = |_: thalweg::Caller<'_, ()>, (n,): (u32,)| Ok(n.wrapping_add(1));
    linker.instance("").and_then(|mut root| root.func("f", answers).map(drop)).expect("a definition");
    assert!(goes_through_an_adapter(&engine, &component, &linker));

    let mut linker = Linker::new(&engine);
    let waits = |_: thalweg::Access<()>, (n,): (u32,)| async move { Ok(n.wrapping_add(1)) };
    linker.instance("").and_then(|mut root| root.func_async("f", waits).map(drop)).expect("a definition");
    assert!(!goes_through_an_adapter(&engine, &component, &linker));
}

#[test]
fn a_function_of_the_callee_that_waits_leaves_the_others_their_adapters() {
    let engine = engine();
    let mut linker = Linker::new(&engine);
    let answers = |_: thalweg::Caller<'_, ()>, (n,): (u32,)| Ok(n.wrapping_add(1));
    linker.instance("").and_then(|mut root| root.func("f", answers).map(drop)).expect("a definition");
    let has_adapter = |first: &str, other: &str| {
        let component = Component::from_bytes(&engine, text(first, other).as_bytes()).expect("a component");
        goes_through_an_adapter(&engine, &component, &linker)
    };
    let through = "(call_indirect (param i32) (result i32) (i32.const 1) (i32.eqz (i32.const 0)))";
    let waits_through = "(call_indirect (result i32) (i32.eqz (i32.const 1)))";
    assert!(has_adapter(NOTHING, "(call $yield)"));
    assert!(has_adapter(through, "(call $yield)"));
    assert!(!has_adapter("(call $yield)", NOTHING));
    assert!(!has_adapter(waits_through, NOTHING));
}
