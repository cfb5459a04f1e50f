//! Instances from a pool: places are used again and nothing of the former instance is seen; without a place an instance is
//! refused.

use thalweg::{Component, Config, Engine, Linker, Store};
use thalweg_testkit::polling::wait;

const TEXT: &str = r#"(component
  (core module $m (memory (export "memory") 3) (data (i32.const 8) "\05")
    (func (export "add") (param i32) (result i32)
      (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (local.get 0)))
      (i32.store (i32.const 150000) (i32.add (i32.load (i32.const 150000)) (local.get 0)))
      (i32.add (i32.load (i32.const 8)) (i32.load (i32.const 150000)))))
  (core instance $m (instantiate $m))
  (func (export "add") (param "n" u32) (result u32) (canon lift (core func $m "add"))))"#;

#[test]
fn places_are_used_again_and_are_as_new() {
    let engine = Engine::new(Config::new().pooling(2)).expect("an engine");
    let component = Component::from_bytes(&engine, TEXT.as_bytes()).expect("a component");
    let prepared = Linker::new(&engine).prepare(&component).expect("no imports");
    for n in 1..20 {
        let mut store = Store::new(&engine, ());
        for _ in 0..2 {
            let instance = wait(prepared.instantiate(&mut store)).expect("a place");
            let add = instance.func::<(u32,), u32>(&mut store, "add").expect("an export");
            assert_eq!(wait(add.call(&mut store, (n,))).expect("a result"), 5 + 2 * n);
        }
        assert!(wait(prepared.instantiate(&mut store)).is_err());
    }
}

/// Beyond what a place keeps of a memory, and more than one page of a table.
const LARGE: &str = r#"(component
  (core module $m
    (memory (export "memory") 20) (data (i32.const 4096) "\01\02") (data (i32.const 700000) "\07")
    (table $t 9000 funcref) (elem (i32.const 0) $one) (func $one)
    (func (export "look") (result i32) (local $at i32) (local $sum i32)
      (loop $next
        (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $at))))
        (i32.store8 (local.get $at) (i32.const 255))
        (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1024))) (i32.const 1310720))))
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u (i32.const 4097))))
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u (i32.const 700000))))
      (i32.store8 (i32.const 4097) (i32.const 255)) (i32.store8 (i32.const 700000) (i32.const 255))
      (local.set $at (i32.const 1))
      (loop $next
        (local.set $sum (i32.add (local.get $sum) (i32.eqz (ref.is_null (table.get $t (local.get $at))))))
        (table.set $t (local.get $at) (table.get $t (i32.const 0)))
        (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 9000))))
      (local.get $sum)))
  (core instance $m (instantiate $m))
  (func (export "look") (result u32) (canon lift (core func $m "look"))))"#;

#[test]
fn whatever_was_written_is_gone() {
    let engine = Engine::new(Config::new().pooling(1)).expect("an engine");
    let component = Component::from_bytes(&engine, LARGE.as_bytes()).expect("a component");
    let prepared = Linker::new(&engine).prepare(&component).expect("no imports");
    for _ in 0..5 {
        let mut store = Store::new(&engine, ());
        let instance = wait(prepared.instantiate(&mut store)).expect("the place");
        let look = instance.func::<(), u32>(&mut store, "look").expect("an export");
        assert_eq!(wait(look.call(&mut store, ())).expect("a result"), 1 + 2 + 7);
    }
}
