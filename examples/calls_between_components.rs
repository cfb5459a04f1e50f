//! Measures calls from one component to another, as compiled adapters and through the runtime: nanoseconds per call of
//! a `u32` and of strings of 32 bytes, 1 KiB and 64 KiB.

mod block_on;

use std::time::Instant;

use block_on::block_on;
use thalweg::{Component, Config, Engine, Linker, Result, Store};

const COMPOSED: &str = r#"
(component
  (component $callee
    (core module $m
      (memory (export "memory") 4)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
      (func (export "add-one") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
      (func (export "length") (param i32 i32) (result i32) (local.get 1)))
    (core instance $m (instantiate $m))
    (func (export "add-one") (param "number" u32) (result u32) (canon lift (core func $m "add-one")))
    (func (export "length") (param "text" string) (result u32)
      (canon lift (core func $m "length") (memory (core memory $m "memory")) (realloc (core func $m "realloc")))))
  (component $caller
    (import "add-one" (func $add-one (param "number" u32) (result u32)))
    (import "length" (func $length (param "text" string) (result u32)))
    (core module $memory
      (memory (export "memory") 4)
      (func $fill (memory.fill (i32.const 1024) (i32.const 97) (i32.const 65536)))
      (start $fill))
    (core instance $memory (instantiate $memory))
    (core func $add-one (canon lower (func $add-one)))
    (core func $length (canon lower (func $length) (memory (core memory $memory "memory"))))
    (core module $loops
      (import "" "add-one" (func $add-one (param i32) (result i32)))
      (import "" "length" (func $length (param i32 i32) (result i32)))
      (func (export "numbers") (param $times i32) (result i32) (local $sum i32)
        (loop $again
          (local.set $sum (call $add-one (local.get $sum)))
          (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
        (local.get $sum))
      (func (export "texts") (param $times i32) (param $length i32) (result i32) (local $sum i32)
        (loop $again
          (local.set $sum (i32.add (local.get $sum) (call $length (i32.const 1024) (local.get $length))))
          (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
        (local.get $sum)))
    (core instance $loops (instantiate $loops
      (with "" (instance (export "add-one" (func $add-one)) (export "length" (func $length))))))
    (func (export "numbers") (param "times" u32) (result u32) (canon lift (core func $loops "numbers")))
    (func (export "texts") (param "times" u32) (param "length" u32) (result u32)
      (canon lift (core func $loops "texts"))))
  (instance $callee (instantiate $callee))
  (instance $caller (instantiate $caller
    (with "add-one" (func $callee "add-one")) (with "length" (func $callee "length"))))
  (func (export "numbers") (alias export $caller "numbers"))
  (func (export "texts") (alias export $caller "texts")))
"#;

/// Batches of each kind; the fastest counts.
const BATCHES: u32 = 9;

fn main() -> Result<()> {
    measure(200_000)
}

fn measure(times: u32) -> Result<()> {
    for (name, adapters, times) in [("compiled adapters", true, times), ("the runtime", false, times / 50)] {
        println!("through {name}, in ns per call:");
        block_on(calls(adapters, times.max(1)))?;
    }
    Ok(())
}

async fn calls(adapters: bool, times: u32) -> Result<()> {
    let engine = Engine::new(Config::new().adapters(adapters))?;
    let component = Component::from_bytes(&engine, COMPOSED.as_bytes())?;
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate(&mut store, &component).await?;
    let numbers = instance.func::<(u32,), u32>(&mut store, "numbers")?;
    let mut best = f64::MAX;
    for _ in 0..BATCHES {
        let start = Instant::now();
        assert_eq!(numbers.call(&mut store, (times,)).await?, times);
        best = best.min(per_call(start, times));
    }
    println!("  u32           {best:10.1}");
    let texts = instance.func::<(u32, u32), u32>(&mut store, "texts")?;
    for length in [32, 1 << 10, 64 << 10] {
        let times = (times / (1 + length / 1024)).max(1);
        let mut best = f64::MAX;
        for _ in 0..BATCHES {
            let start = Instant::now();
            assert_eq!(texts.call(&mut store, (times, length)).await?, times.wrapping_mul(length));
            best = best.min(per_call(start, times));
        }
        println!("  string {length:6} {best:10.1}");
    }
    Ok(())
}

fn per_call(start: Instant, times: u32) -> f64 {
    start.elapsed().as_nanos() as f64 / f64::from(times)
}

#[test]
fn runs() -> Result<()> {
    measure(100)
}
