//! A guest writes a future that the host reads, and the host drops its end when the value has come but nobody has
//! looked: its end was over before. Whatever the guest does with its own end afterwards is fine, as if the host had
//! taken the value.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};

use thalweg::{Component, Config, Engine, Features, FutureReader, Linker, Store};
use thalweg_testkit::polling::wait;

const GUEST: &str = r#"(component
  (type $F (future u32))
  (core module $Memory (memory (export "mem") 1) (data (i32.const 0) "\07"))
  (core instance $memory (instantiate $Memory))
  (core func $new (canon future.new $F))
  (core func $write (canon future.write $F (memory (core memory $memory "mem"))))
  (core func $drop (canon future.drop-writable $F))
  (core func $return (canon task.return))
  (core module $m
    (import "" "new" (func $new (result i64)))
    (import "" "write" (func $write (param i32 i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (import "" "return" (func $return))
    (global $end (mut i32) (i32.const 0))
    (func (export "give") (result i32) (local $both i64)
      (local.set $both (call $new))
      (global.set $end (i32.wrap_i64 (i64.shr_u (local.get $both) (i64.const 32))))
      (i32.wrap_i64 (local.get $both)))
    (func (export "write") (result i32) (call $write (global.get $end) (i32.const 0)))
    (func (export "turn") (result i32) (i32.const 1 (; YIELD ;)))
    (func (export "callback") (param i32 i32 i32) (result i32) (call $return) (i32.const 0 (; EXIT ;)))
    (func (export "drop") (call $drop (global.get $end))))
  (core instance $i (instantiate $m (with "" (instance
    (export "new" (func $new)) (export "write" (func $write)) (export "drop" (func $drop))
    (export "return" (func $return))))))
  (func (export "give") async (result $F) (canon lift (core func $i "give")))
  (func (export "write") async (result u32) (canon lift (core func $i "write")))
  (func (export "turn") async (canon lift (core func $i "turn") async (callback (core func $i "callback"))))
  (func (export "drop") async (canon lift (core func $i "drop"))))"#;

#[test]
fn a_value_that_came_and_was_not_taken() {
    let engine = Engine::new(Config::new().features(Features::all())).expect("an engine");
    let component = Component::from_bytes(&engine, GUEST.as_bytes()).expect("a component");
    let mut store = Store::new(&engine, ());
    let instance = wait(Linker::new(&engine).instantiate(&mut store, &component)).expect("an instance");
    let give = instance.func::<(), FutureReader<u32>>(&mut store, "give").expect("it is there");
    let write = instance.func::<(), u32>(&mut store, "write").expect("it is there");
    let turn = instance.func::<(), ()>(&mut store, "turn").expect("it is there");
    let drop_end = instance.func::<(), ()>(&mut store, "drop").expect("it is there");

    let mut reader = wait(give.call(&mut store, ())).expect("it answers");
    assert!(Pin::new(&mut reader).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert_eq!(wait(write.call(&mut store, ())).expect("the host reads"), 0, "COMPLETED");
    drop(reader);
    // With a turn, the store looks at what the host asked for.
    wait(turn.call(&mut store, ())).expect("it answers");
    wait(drop_end.call(&mut store, ())).expect("the guest has its end until it drops it");
}
