//! Components linked with each other when they are loaded. What messages say is in `tests/cli/plug`.

use thalweg::{Component, Config, Engine, ErrorKind, Linker, Plug, Store};
use thalweg_testkit::polling::wait;

const ROOT: &str = r#"(component
    (import "a:b/next" (instance $i (export "next" (func (param "s" string) (result string)))))
    (core module $memory
        (memory (export "memory") 1)
        (global $end (mut i32) (i32.const 1024))
        (func (export "realloc") (param i32 i32 i32 i32) (result i32)
            (global.get $end)
            (global.set $end (i32.add (global.get $end) (local.get 3)))))
    (core instance $memory (instantiate $memory))
    (core func $next (canon lower (func $i "next") (memory (core memory $memory "memory"))
        (realloc (core func $memory "realloc"))))
    (core module $m
        (import "" "next" (func $next (param i32 i32 i32)))
        (func (export "go") (param i32 i32) (result i32)
            (call $next (local.get 0) (local.get 1) (i32.const 512))
            (i32.const 512)))
    (core instance $m (instantiate $m (with "" (instance (export "next" (func $next))))))
    (func (export "go") (param "s" string) (result string) (canon lift (core func $m "go")
        (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
)"#;

const ECHO: &str = r#"(component
    (core module $m
        (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
        (func (export "next") (param i32 i32) (result i32)
            (i32.store (i32.const 8) (local.get 0))
            (i32.store (i32.const 12) (local.get 1))
            (i32.const 8)))
    (core instance $m (instantiate $m))
    (func $f (param "s" string) (result string) (canon lift (core func $m "next")
        (memory (core memory $m "memory")) (realloc (core func $m "realloc"))))
    (instance $e (export "next" (func $f)))
    (export "a:b/next" (instance $e))
)"#;

fn plug(name: &'static str, text: &'static str) -> Plug<'static> {
    Plug { name, bytes: text.as_bytes() }
}

fn call(engine: &Engine, component: &Component) -> String {
    let linker = Linker::<()>::new(engine);
    let mut store = Store::new(engine, ());
    let instance = wait(linker.instantiate(&mut store, component)).expect("it links");
    let go = instance.func::<(String,), String>(&mut store, "go").expect("the export");
    wait(go.call(&mut store, ("a string".to_string(),))).expect("it returns")
}

#[test]
fn a_plug_serves_an_import() {
    for adapters in [true, false] {
        let engine = Engine::new(Config::new().adapters(adapters)).expect("an engine");
        let component = Component::with_plugs(&engine, plug("root", ROOT), &[plug("echo", ECHO)]).expect("they fit");
        assert_eq!(call(&engine, &component), "a string");
        assert!(component.plan().imports.is_empty());
    }
}

#[test]
fn what_was_linked_can_be_precompiled() {
    let engine = Engine::new(Config::new().allow_precompiled(true)).expect("an engine");
    let component = Component::with_plugs(&engine, plug("root", ROOT), &[plug("echo", ECHO)]).expect("they fit");
    let code = component.precompile().expect("it compiles");
    let component = Component::from_bytes(&engine, &code).expect("it loads again");
    assert_eq!(call(&engine, &component), "a string");
    let refused = Component::with_plugs(&engine, Plug { name: "root", bytes: &code }, &[]).err().expect("refused");
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    assert!(refused.message().contains("precompiled"), "{refused}");
}

#[test]
fn what_was_linked_is_no_file() {
    let engine = Engine::new(Config::new()).expect("an engine");
    let component = Component::with_plugs(&engine, plug("root", ROOT), &[plug("echo", ECHO)]).expect("they fit");
    let refused = Component::from_bytes(&engine, component.bytes().expect("at hand")).err().expect("refused");
    assert_eq!(refused.kind(), ErrorKind::Malformed);
}
