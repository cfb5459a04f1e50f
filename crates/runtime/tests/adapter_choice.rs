//! Whether a call has a compiled adapter is known once the imports are: a callee that calls functions of the host that
//! answer at once has one, a callee that may be suspended has none. It is told by function.

use thalweg::{Component, Config, Engine, Features, Linker, Store, Trap};
use thalweg_testkit::polling::wait;

/// A caller whose `run(n)` calls a callee that traps if the host's `f(n)` says 0, and else answers what it says.
const TEXT: &str = r#"(component
  (import "f" (func $f (param "n" u32) (result u32)))
  (component $callee
    (import "f" (func $f (param "n" u32) (result u32)))
    (core func $f (canon lower (func $f)))
    (core module $m (import "" "f" (func $f (param i32) (result i32)))
      (func (export "g") (param i32) (result i32) (local $n i32)
        (local.set $n (call $f (local.get 0)))
        (if (i32.eqz (local.get $n)) (then (unreachable)))
        (local.get $n)))
    (core instance $m (instantiate $m (with "" (instance (export "f" (func $f))))))
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
  (func (export "run") (alias export $caller "run")))"#;

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
    let component = Component::from_bytes(&engine, TEXT.as_bytes()).expect("a component");
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
    // Beside `g` there is `h`, and a table with a function that waits, of another type than what `g` calls through it.
    let with_another = |body: &str, call: &str| {
        let text = TEXT
            .replace("(core func $f (canon lower (func $f)))\n    (core module $m", "(core func $f (canon lower (func $f)))\n    (core func $yield (canon thread.yield))\n    (core module $m (import \"\" \"yield\" (func $yield (result i32)))\n (table funcref (elem $yield $same))\n (func $same (param i32) (result i32) (local.get 0))")
            .replace("(local.set $n (call $f (local.get 0)))", call)
            .replace("(local.get $n)))\n    (core instance", &format!("(local.get $n)) (func (export \"h\") (result i32) {body}))\n    (core instance"))
            .replace("(instance (export \"f\" (func $f)))", "(instance (export \"f\" (func $f)) (export \"yield\" (func $yield)))")
            .replacen("(func (export \"g\") (param \"n\" u32)", "(func (export \"h\") (result u32) (canon lift (core func $m \"h\"))) (func (export \"g\") (param \"n\" u32)", 1);
        let component =
            Component::from_bytes(&engine, text.as_bytes()).unwrap_or_else(|error| panic!("{error:?}{text}"));
        goes_through_an_adapter(&engine, &component, &linker)
    };
    let direct = "(local.set $n (call $f (local.get 0)))";
    let through =
        "(local.set $n (call $f (call_indirect (param i32) (result i32) (local.get 0) (i32.eqz (i32.const 0)))))";
    assert!(with_another("(i32.const 1)", direct));
    assert!(with_another("(call $yield)", direct));
    assert!(with_another("(call $yield)", through));
    let waits = "(drop (call $yield)) (local.set $n (call $f (local.get 0)))";
    assert!(!with_another("(i32.const 1)", waits));
}
