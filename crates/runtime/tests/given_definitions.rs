//! Core modules and components that an embedder gives to a component that imports them. What their types have to be is in
//! `tests/wast/definition-imports.wast`.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use thalweg::{Component, Config, DefinitionKind, Engine, Error, ErrorKind, Linker, Module, Plug, Prepared, Store};
use thalweg_testkit::polling::wait;

/// Imports a core module in an instance, a component that takes a function, and a function of the host.
const MAIN: &str = r#"(component
    (import "tools:lib/parts@1.2.0" (instance $parts
        (export "libc" (core module $Libc (export "mem" (memory 1)) (export "realloc"
            (func (param i32 i32 i32 i32) (result i32)))))
        (export "limit" (func (result u32)))))
    (import "greeter" (component $Greeter
        (import "shout" (func (param "s" string) (result string)))
        (export "greet" (func (param "who" string) (result string)))))
    (alias export $parts "libc" (core module $Libc))
    (core func $limit (canon lower (func $parts "limit")))
    (component $Shouts
        (import "libc" (core module $Libc (export "mem" (memory 1)) (export "realloc"
            (func (param i32 i32 i32 i32) (result i32)))))
        (core instance $libc (instantiate $Libc))
        (core module $M
            (import "" "mem" (memory 1))
            (func (export "shout") (param $at i32) (param $length i32) (result i32)
                (i32.store8 (local.get $at) (i32.sub (i32.load8_u (local.get $at)) (i32.const 32)))
                (i32.store (i32.const 8) (local.get $at))
                (i32.store (i32.const 12) (local.get $length))
                (i32.const 8)))
        (core instance $m (instantiate $M (with "" (instance (export "mem" (memory $libc "mem"))))))
        (func (export "shout") (param "s" string) (result string) (canon lift (core func $m "shout")
            (memory (core memory $libc "mem")) (realloc (core func $libc "realloc")))))
    (instance $shouts (instantiate $Shouts (with "libc" (core module $Libc))))
    (instance $greeter (instantiate $Greeter (with "shout" (func $shouts "shout"))))
    (core module $M
        (import "" "limit" (func $limit (result i32)))
        (func (export "limit") (result i32) (call $limit)))
    (core instance $m (instantiate $M (with "" (instance (export "limit" (func $limit))))))
    (func (export "limit") (result u32) (canon lift (core func $m "limit")))
    (func (export "greet") (alias export $greeter "greet")))"#;

const LIBC: &str = r#"(module
    (memory (export "mem") 1)
    (global $end (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (global.get $end)
        (global.set $end (i32.add (global.get $end) (local.get 3))))
    (func (export "more")))"#;

const GREETER: &str = r#"(component
    (import "shout" (func $shout (param "s" string) (result string)))
    (core module $Libc
        (memory (export "mem") 1)
        (global $end (mut i32) (i32.const 1024))
        (func (export "realloc") (param i32 i32 i32 i32) (result i32)
            (global.get $end)
            (global.set $end (i32.add (global.get $end) (local.get 3)))))
    (core instance $libc (instantiate $Libc))
    (core func $shout' (canon lower (func $shout)
        (memory (core memory $libc "mem")) (realloc (core func $libc "realloc"))))
    (core module $M
        (import "" "shout" (func $shout (param i32 i32 i32)))
        (func (export "greet") (param i32 i32) (result i32)
            (call $shout (local.get 0) (local.get 1) (i32.const 16))
            (i32.const 16)))
    (core instance $m (instantiate $M (with "" (instance (export "shout" (func $shout'))))))
    (func (export "greet") (param "who" string) (result string) (canon lift (core func $m "greet")
        (memory (core memory $libc "mem")) (realloc (core func $libc "realloc")))))"#;

fn load(engine: &Engine, text: &str) -> Component {
    Component::from_bytes(engine, text.as_bytes()).expect("a component")
}

fn linker(engine: &Engine) -> Linker<()> {
    let mut linker = Linker::new(engine);
    let libc = Module::from_bytes(engine, LIBC.as_bytes()).expect("a module");
    let mut parts = linker.instance("tools:lib/parts@1.5.0").expect("a name");
    parts.func("limit", |_, ()| Ok(7u32)).expect("new").module("libc", &libc).expect("new");
    linker.root().component("greeter", &load(engine, GREETER)).expect("new");
    linker
}

fn greets(engine: &Engine, prepared: &Prepared<()>) {
    let mut store = Store::new(engine, ());
    let instance = wait(prepared.instantiate(&mut store)).expect("it instantiates");
    let greet = instance.func::<(String,), String>(&mut store, "greet").expect("it is there");
    assert_eq!(wait(greet.call(&mut store, ("ada".into(),))).expect("it answers"), "Ada");
    let limit = instance.func::<(), u32>(&mut store, "limit").expect("it is there");
    assert_eq!(wait(limit.call(&mut store, ())).expect("it answers"), 7);
}

#[test]
fn definitions_are_given_by_a_linker() {
    for adapters in [true, false] {
        let engine = Engine::new(Config::new().adapters(adapters)).expect("an engine");
        let main = load(&engine, MAIN);
        assert_eq!(main.plan().needs.len(), 2);
        let linker = linker(&engine);
        let prepared = linker.prepare(&main).expect("it links");
        let plan = prepared.component().plan();
        assert!(plan.needs.is_empty() && plan.function_names() == ["limit", "greet"], "{plan}");
        greets(&engine, &prepared);
        greets(&engine, &prepared);
        linker.check(&main).expect("it links");
    }
}

#[test]
fn what_a_linker_gives_is_listed() {
    let engine = Engine::new(Config::new()).expect("an engine");
    let linker = linker(&engine);
    let given = linker.definitions().into_iter().filter(|definition| definition.kind != DefinitionKind::Func);
    let given: Vec<_> = given.map(|definition| (definition.interface, definition.name, definition.kind)).collect();
    assert_eq!(
        given,
        [("", "greeter", DefinitionKind::Component), ("tools:lib/parts@1.5.0", "libc", DefinitionKind::Module)]
    );
}

#[test]
fn the_whole_is_precompiled() {
    let engine = Engine::new(Config::new().allow_precompiled(true)).expect("an engine");
    let linker = linker(&engine);
    let artifact = linker.prepare(&load(&engine, MAIN)).expect("it links").component().precompile().expect("code");
    let whole = Component::from_bytes(&engine, &artifact).expect("it is ours");
    // Nothing but the function is left to find.
    let mut linker = Linker::new(&engine);
    linker.instance("tools:lib/parts@1.2.0").expect("a name").func("limit", |_, ()| Ok(7u32)).expect("new");
    greets(&engine, &linker.prepare(&whole).expect("it links"));
}

#[test]
fn the_whole_is_cached() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("given-definitions");
    let _ = std::fs::remove_dir_all(&folder);
    let compiled = |with: &str| {
        let count = Arc::new(AtomicUsize::new(0));
        let counter = count.clone();
        let config = Config::new().cache(Some(folder.clone())).progress(move |started| {
            counter.fetch_add(usize::from(started.is_some()), Ordering::Relaxed);
        });
        let engine = Engine::new(config).expect("an engine");
        let mut linker = Linker::new(&engine);
        let module = Module::from_bytes(&engine, with.as_bytes()).expect("a module");
        linker.root().module("m", &module).expect("new");
        let text = r#"(component (import "m" (core module $M (export "f" (func (result i32)))))
            (core instance $m (instantiate $M)) (func (export "f") (result u32) (canon lift (core func $m "f"))))"#;
        let prepared = linker.prepare(&load(&engine, text)).expect("it links");
        let mut store = Store::new(&engine, ());
        let instance = wait(prepared.instantiate(&mut store)).expect("it instantiates");
        let f = instance.func::<(), u32>(&mut store, "f").expect("it is there");
        (wait(f.call(&mut store, ())).expect("it answers"), count.load(Ordering::Relaxed))
    };
    let (one, two) = (
        "(module (func (export \"f\") (result i32) (i32.const 1)))",
        "(module (func (export \"f\") (result i32) (i32.const 2)))",
    );
    assert_eq!(compiled(one), (1, 1));
    assert_eq!(compiled(one), (1, 0), "it was compiled before");
    assert_eq!(compiled(two), (2, 1), "another definition makes another component");
    assert_eq!(compiled(one), (1, 0));
}

#[test]
fn what_can_not_be_given_is_refused() {
    let engine = Engine::new(Config::new()).expect("an engine");
    let refused = |error: Option<Error>| error.map(|error| error.to_string()).unwrap_or_default();
    let component = load(&engine, "(component)");
    assert!(refused(Module::from_bytes(&engine, b"(component)").err()).contains("not a core module"));
    assert!(Module::from_bytes(&engine, b"(module (func (result i32)))").is_err(), "an invalid module");
    let mut linker = Linker::<()>::new(&engine);
    linker.root().component("c", &component).expect("new");
    assert!(refused(linker.root().component("c", &component).err()).contains("twice"));

    let served = r#"(component (import "f" (func)))"#;
    let serves = r#"(component (core module $m (func (export "f"))) (core instance $m (instantiate $m))
        (func (export "f") (canon lift (core func $m "f"))))"#;
    let (root, plug) = (Plug { name: "a", bytes: served.as_bytes() }, Plug { name: "b", bytes: serves.as_bytes() });
    let linked = Component::with_plugs(&engine, root, &[plug]).expect("they fit");
    assert!(refused(linker.root().component("d", &linked).err()).contains("was linked with other components"));

    let open = load(&engine, MAIN).precompile().err().map(|error| error.kind());
    assert_eq!(open, Some(ErrorKind::Link), "there is nothing to compile yet");

    let missing = linker.prepare(&load(&engine, MAIN)).err().map(|error| (error.kind(), error.to_string()));
    let (kind, words) = missing.expect("nothing is given");
    assert_eq!(kind, ErrorKind::Link);
    assert!(words.contains("tools:lib/parts@1.2.0"), "{words}");
}

/// One of several components that are linked imports a definition, another exports it, and a third comes from the linker.
#[test]
fn plugs_give_definitions_to_each_other() {
    let engine = Engine::new(Config::new()).expect("an engine");
    let root = r#"(component
        (import "m" (core module $M (export "f" (func (result i32)))))
        (import "bag" (instance $bag (export "n" (core module (export "g" (func (result i32)))))))
        (import "c" (component $C (export "h" (func (result u32)))))
        (core instance $m (instantiate $M))
        (alias export $bag "n" (core module $N))
        (core instance $n (instantiate $N))
        (instance $c (instantiate $C))
        (func (export "f") (result u32) (canon lift (core func $m "f")))
        (func (export "g") (result u32) (canon lift (core func $n "g")))
        (func (export "h") (alias export $c "h")))"#;
    let plug = |g: &str| {
        format!(
            r#"(component
                (core module $M (func (export "f") (result i32) (i32.const 1)))
                (core module $N (func (export "{g}") (result i32) (i32.const 2)))
                (instance $bag (export "n" (core module $N)))
                (export "m" (core module $M))
                (export "bag" (instance $bag)))"#
        )
    };
    let with = |g: &str| {
        let plug = plug(g);
        let plug = Plug { name: "plug", bytes: plug.as_bytes() };
        Component::with_plugs(&engine, Plug { name: "root", bytes: root.as_bytes() }, &[plug])
    };
    let error = with("other").err().map(|error| format!("{error} {:?}", error.have())).expect("`g` is missing");
    assert!(
        error.contains("`plug` exports `bag` with another type") && error.contains("missing expected export `g`"),
        "{error}"
    );

    let linked = with("g").expect("they fit");
    let mut linker = Linker::<()>::new(&engine);
    let h = r#"(component (core module $m (func (export "h") (result i32) (i32.const 3)))
        (core instance $m (instantiate $m)) (func (export "h") (result u32) (canon lift (core func $m "h"))))"#;
    linker.root().component("c", &load(&engine, h)).expect("new");
    let mut store = Store::new(&engine, ());
    let instance = wait(linker.instantiate(&mut store, &linked)).expect("it links");
    for (name, answer) in [("f", 1), ("g", 2), ("h", 3)] {
        let func = instance.func::<(), u32>(&mut store, name).expect("it is there");
        assert_eq!(wait(func.call(&mut store, ())).expect("it answers"), answer);
    }
}
