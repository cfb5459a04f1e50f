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
