//! Loads a component from text and calls one of its exports, first with Rust types, then with dynamic values.

mod block_on;

use block_on::block_on;
use thalweg::{Component, Config, Engine, Linker, Result, Store, Val};

const GREETER: &str = r#"
(component
  (core module $m
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (global.get $next))
      (global.set $next (i32.add (global.get $next) (i32.and (i32.add (local.get 3) (i32.const 7)) (i32.const -8))))
      (local.get $at))
    ;; Puts "Hello, " before the name.
    (func (export "greet") (param $ptr i32) (param $len i32) (result i32)
      (memory.copy (i32.const 64) (i32.const 32) (i32.const 7))
      (memory.copy (i32.const 71) (local.get $ptr) (local.get $len))
      (i32.store (i32.const 16) (i32.const 64))
      (i32.store (i32.const 20) (i32.add (local.get $len) (i32.const 7)))
      (i32.const 16))
    (data (i32.const 32) "Hello, "))
  (core instance $i (instantiate $m))
  (func (export "greet") (param "name" string) (result string)
    (canon lift (core func $i "greet") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
"#;

fn main() -> Result<()> {
    let engine = Engine::new(Config::new())?;
    let component = Component::from_bytes(&engine, GREETER.as_bytes())?;
    let linker = Linker::<()>::new(&engine);
    let mut store = Store::new(&engine, ());
    block_on(async {
        let instance = linker.instantiate(&mut store, &component).await?;

        let greet = instance.func::<(String,), String>(&mut store, "greet")?;
        let greeting = greet.call(&mut store, ("Ada".into(),)).await?;
        assert_eq!(greeting, "Hello, Ada");

        let greet = instance.func_dynamic(&mut store, "greet")?;
        println!("greet: {}", greet.ty());
        let greeting = greet.call(&mut store, vec![Val::String("Alan".into())]).await?;
        assert_eq!(greeting, Some(Val::String("Hello, Alan".into())));
        Ok(())
    })
}

#[test]
fn runs() -> Result<()> {
    main()
}
