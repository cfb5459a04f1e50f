//! Stores share the core functions of a component's imports and built-ins. Each call still means its own store, its own
//! instance and its own linker; components that are beyond what is shared are the plain twin.

use thalweg::{Caller, Component, Config, Engine, Features, Instance, Linker, Prepared, Resource, Store, Trap};
use thalweg_testkit::polling::wait;

/// `run(n)` sends `n` through a stream inside of the instance, makes and drops a resource `n` of the host, tells the host a
/// text of as many letters as the instance was called, and gives what the host answers.
const MAIN: &str = r#"(core module $main
    (import "" "make" (func $make (param i32) (result i32)))
    (import "" "say" (func $say (param i32 i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (import "" "new" (func $new (result i64)))
    (import "" "read" (func $read (param i32 i32 i32) (result i32)))
    (import "" "write" (func $write (param i32 i32 i32) (result i32)))
    (import "" "cancel" (func $cancel (param i32) (result i32)))
    (import "" "drop-readable" (func $drop-readable (param i32)))
    (import "" "drop-writable" (func $drop-writable (param i32)))
    MEMORY
    (global $calls (mut i32) (i32.const 0))
    (func (export "run") (param $n i32) (result i32) (local $ends i64) (local $r i32) (local $w i32)
      (local.set $ends (call $new))
      (local.set $r (i32.wrap_i64 (local.get $ends)))
      (local.set $w (i32.wrap_i64 (i64.shr_u (local.get $ends) (i64.const 32))))
      (i32.store (i32.const 0) (local.get $n))
      (if (i32.ne (call $read (local.get $r) (i32.const 16) (i32.const 1)) (i32.const -1)) (then unreachable))
      (if (i32.ne (call $write (local.get $w) (i32.const 0) (i32.const 1)) (i32.const 16)) (then unreachable))
      (drop (call $cancel (local.get $r)))
      (call $drop-readable (local.get $r))
      (call $drop-writable (local.get $w))
      (call $drop (call $make (i32.load (i32.const 16))))
      (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
      (call $say TEXT (global.get $calls))))"#;

/// What needs no memory.
const BEFORE: &str = r#"
  (import "host" (instance $host
    (export "thing" (type $thing (sub resource)))
    (export "make" (func (param "n" u32) (result (own $thing))))
    (export "say" (func (param "text" string) (result u32)))))
  (alias export $host "thing" (type $thing))
  (alias export $host "make" (func $make))
  (alias export $host "say" (func $say))
  (type $bytes (stream u32))
  (core func $make (canon lower (func $make)))
  (core func $drop (canon resource.drop $thing))
  (core func $new (canon stream.new $bytes))
  (core func $cancel (canon stream.cancel-read $bytes))
  (core func $drop-readable (canon stream.drop-readable $bytes))
  (core func $drop-writable (canon stream.drop-writable $bytes))"#;

/// What does.
const MEMORY_NEEDED: &str = r#"
  (core func $say (canon lower (func $say) (memory (core memory $memory "m"))))
  (core func $read (canon stream.read $bytes async (memory (core memory $memory "m"))))
  (core func $write (canon stream.write $bytes async (memory (core memory $memory "m"))))"#;

const EXPORTS: &str = r#"(export "make" (func $make)) (export "drop" (func $drop)) (export "new" (func $new))
    (export "cancel" (func $cancel)) (export "drop-readable" (func $drop-readable))
    (export "drop-writable" (func $drop-writable))"#;

/// A component whose main module imports functions and a memory.
fn with_a_memory() -> String {
    let main = MAIN.replace("MEMORY", r#"(import "memory" "m" (memory 1))"#).replace("TEXT", "(i32.const 100)");
    format!(
        r#"(component {BEFORE}
  (core module $memory (memory (export "m") 1) (data (i32.const 100) "abcdefgh"))
  (core instance $memory (instantiate $memory))
  {MEMORY_NEEDED} {main}
  (core instance $main (instantiate $main (with "memory" (instance $memory)) (with "" (instance {EXPORTS}
    (export "say" (func $say)) (export "read" (func $read)) (export "write" (func $write))))))
  (func (export "run") (param "n" u32) (result u32) (canon lift (core func $main "run"))))"#
    )
}

/// The same, but the main module has the memory itself, behind a shim, and imports nothing but functions. `text` is where
/// the text is.
fn of_functions_alone_at(text: &str) -> String {
    let memory = r#"(memory (export "m") 1) (data (i32.const 100) "abcdefgh")"#;
    let main = MAIN.replace("MEMORY", memory).replace("TEXT", text);
    let after = MEMORY_NEEDED.replace("$memory", "$main");
    format!(
        r#"(component {BEFORE} {main}
  (core module $shim
    (type $say (func (param i32 i32) (result i32))) (type $copy (func (param i32 i32 i32) (result i32)))
    (table (export "t") 3 3 funcref)
    (func (export "0") (type $say) (call_indirect (type $say) (local.get 0) (local.get 1) (i32.const 0)))
    (func (export "1") (type $copy)
      (call_indirect (type $copy) (local.get 0) (local.get 1) (local.get 2) (i32.const 1)))
    (func (export "2") (type $copy)
      (call_indirect (type $copy) (local.get 0) (local.get 1) (local.get 2) (i32.const 2))))
  (core module $fixup
    (import "" "0" (func (param i32 i32) (result i32)))
    (import "" "1" (func (param i32 i32 i32) (result i32)))
    (import "" "2" (func (param i32 i32 i32) (result i32)))
    (import "" "t" (table 3 3 funcref))
    (elem (i32.const 0) func 0 1 2))
  (core instance $shim (instantiate $shim))
  (core instance $main (instantiate $main (with "" (instance {EXPORTS}
    (export "say" (func $shim "0")) (export "read" (func $shim "1")) (export "write" (func $shim "2"))))))
  {after}
  (core instance (instantiate $fixup (with "" (instance
    (export "0" (func $say)) (export "1" (func $read)) (export "2" (func $write)) (export "t" (table $shim "t"))))))
  (func (export "run") (param "n" u32) (result u32) (canon lift (core func $main "run"))))"#
    )
}

fn of_functions_alone() -> String {
    of_functions_alone_at("(i32.const 100)")
}

struct Thing;

/// What a store has: what the host was told, and the things that were dropped.
#[derive(Default)]
struct Host {
    said: Vec<String>,
    dropped: Vec<u32>,
}

fn engine() -> Engine {
    Engine::new(Config::new().features(Features::all())).expect("an engine")
}

/// Everything that the component imports; `say` adds `base` to the number of texts.
fn linker(engine: &Engine, base: u32) -> Linker<Host> {
    let mut linker = Linker::new(engine);
    let mut host = linker.instance("host").expect("an instance");
    host.resource::<Thing>("thing", |host: &mut Host, rep| {
        host.dropped.push(rep);
        Ok(())
    })
    .and_then(|host| host.func("make", |_: Caller<'_, Host>, (n,): (u32,)| Ok(Resource::<Thing>::new_own(n))))
    .and_then(|host| {
        host.func("say", move |mut caller: Caller<'_, Host>, (text,): (String,)| {
            let mut host = caller.data_mut();
            host.said.push(text);
            Ok(base + host.said.len() as u32)
        })
    })
    .expect("definitions");
    linker
}

fn call(store: &mut Store<Host>, instance: &Instance, n: u32) -> u32 {
    let run = instance.func::<(u32,), u32>(store, "run").expect("an export");
    wait(run.call(store, (n,))).expect("a number")
}

/// Makes `count` instances in one store, calls them in turn, and says what they answered and did.
fn in_one_store(engine: &Engine, prepared: &Prepared<Host>, count: u32) -> (Vec<u32>, Vec<String>, Vec<u32>) {
    let mut store = Store::new(engine, Host::default());
    let make = |store: &mut Store<Host>| wait(prepared.instantiate(store)).expect("an instance");
    let instances: Vec<_> = (0..count).map(|_| make(&mut store)).collect();
    let mut answers = Vec::new();
    for round in 0..3 {
        for (n, instance) in instances.iter().enumerate() {
            answers.push(call(&mut store, instance, 1000 * round + n as u32));
        }
    }
    let mut host = store.data_mut();
    (answers, std::mem::take(&mut host.said), std::mem::take(&mut host.dropped))
}

fn prepare(engine: &Engine, text: &str, base: u32) -> Prepared<Host> {
    let component = Component::from_bytes(engine, text.as_bytes()).unwrap_or_else(|error| panic!("{error:?}"));
    linker(engine, base).prepare(&component).expect("everything is there")
}

/// What `count` instances in one store come to, whichever functions they have.
fn expected(count: u32, base: u32) -> (Vec<u32>, Vec<String>, Vec<u32>) {
    let all = || (0..3).flat_map(move |round| (0..count).map(move |n| (round, n)));
    let said = all().map(|(round, _)| "abcdefgh"[..=round as usize].to_owned()).collect();
    let dropped = all().map(|(round, n)| 1000 * round + n).collect();
    ((1..=3 * count).map(|n| base + n).collect(), said, dropped)
}

#[test]
fn instances_in_any_place_do_the_same() {
    let engine = engine();
    for text in [with_a_memory(), of_functions_alone()] {
        let prepared = prepare(&engine, &text, 0);
        // More than share their functions, and then some that find them made.
        for count in [1, 2, 70, 1, 70] {
            assert_eq!(in_one_store(&engine, &prepared, count), expected(count, 0));
        }
    }
}

#[test]
fn a_component_means_the_linker_it_was_prepared_with() {
    let engine = engine();
    let component = Component::from_bytes(&engine, of_functions_alone().as_bytes()).expect("a component");
    let prepared = [0, 500].map(|base| linker(&engine, base).prepare(&component).expect("everything is there"));
    for _ in 0..2 {
        for (prepared, base) in prepared.iter().zip([0, 500]) {
            assert_eq!(in_one_store(&engine, prepared, 2), expected(2, base));
        }
    }
    let mut store = Store::new(&engine, Host::default());
    let [one, other] = prepared.each_ref().map(|prepared| wait(prepared.instantiate(&mut store)).expect("an instance"));
    assert_eq!([call(&mut store, &one, 1), call(&mut store, &other, 1)], [1, 502]);
    assert_eq!([call(&mut store, &other, 1), call(&mut store, &one, 1)], [503, 4]);
}

/// A component with several instances inside, so that what comes after it has other numbers in its store.
const NESTED: &str = r#"(component
  (component $inner (core module $m (func (export "f"))) (core instance $i (instantiate $m))
    (func (export "f") (canon lift (core func $i "f"))))
  (instance (instantiate $inner)) (instance (instantiate $inner)))"#;

#[test]
fn other_numbers_in_a_store_are_no_obstacle() {
    let engine = engine();
    let (first, nested) = (prepare(&engine, &of_functions_alone(), 0), prepare(&engine, NESTED, 0));
    for round in 0..3 {
        let mut store = Store::new(&engine, Host::default());
        // In the second place with one set of numbers first, then with another.
        let before = if round == 1 { &nested } else { &first };
        wait(before.instantiate(&mut store)).expect("an instance");
        let instance = wait(first.instantiate(&mut store)).expect("an instance");
        assert_eq!([call(&mut store, &instance, 7), call(&mut store, &instance, 8)], [1, 2]);
        assert_eq!(store.data_mut().said, ["a", "ab"]);
        assert_eq!(store.data_mut().dropped, [7, 8]);
    }
}

#[test]
fn a_store_that_ends_is_no_others_business() {
    let engine = engine();
    let prepared = prepare(&engine, &of_functions_alone(), 0);
    let make = || {
        let mut store = Store::new(&engine, Host::default());
        let instance = wait(prepared.instantiate(&mut store)).expect("an instance");
        (store, instance)
    };
    let [(mut one, of_one), (mut other, of_other), (mut third, of_third)] = [make(), make(), make()];
    assert_eq!(call(&mut one, &of_one, 1), 1);
    assert_eq!([call(&mut other, &of_other, 2), call(&mut other, &of_other, 2)], [1, 2]);
    drop(one);
    assert_eq!([call(&mut other, &of_other, 2), call(&mut third, &of_third, 3)], [3, 1]);
    assert_eq!([call(&mut third, &of_third, 3), call(&mut third, &of_third, 4)], [2, 3]);
    drop((prepared, other));
    assert_eq!(call(&mut third, &of_third, 5), 4);
    assert_eq!(third.data_mut().dropped, [3, 3, 4, 5]);
}

#[test]
fn a_trap_in_a_shared_function_ends_one_store() {
    let engine = engine();
    // The text is beyond the memory.
    let prepared = prepare(&engine, &of_functions_alone_at("(local.get $n)"), 0);
    let mut stores = [(); 2].map(|()| Store::new(&engine, Host::default()));
    let instances = stores.each_mut().map(|store| wait(prepared.instantiate(store)).expect("an instance"));
    let [one, other] = &mut stores;
    let run = instances[0].func::<(u32,), u32>(one, "run").expect("an export");
    let error = wait(run.call(one, (1 << 20,))).expect_err("a trap");
    assert_eq!(error.as_trap(), Some(Trap::StringOutOfBounds));
    assert!(wait(run.call(one, (100,))).is_err(), "the store is poisoned");
    assert_eq!(call(other, &instances[1], 100), 1);
    assert_eq!(other.data_mut().said, ["a"]);
}

#[test]
fn a_store_of_another_engine_is_refused() {
    let [one, other] = [engine(), engine()];
    let prepared = prepare(&one, &of_functions_alone(), 0);
    for _ in 0..2 {
        let error = wait(prepared.instantiate(&mut Store::new(&other, Host::default()))).expect_err("another engine");
        assert_eq!(error.message(), "the store is of another engine than the component");
        assert_eq!(in_one_store(&one, &prepared, 1), expected(1, 0));
    }
}
