//! What the machine or core wasm alone needs for a row's work.

use std::hint::black_box;

use wasmtime_peer::{Engine, Func, Instance, Module, Store};

use crate::row::{Failure, Work, timed};

/// Copies `bytes` bytes from one place in memory to another, over and over.
pub fn memcpy(bytes: usize) -> Result<Work, Failure> {
    let (from, mut to) = (vec![97_u8; bytes], vec![0_u8; bytes]);
    Ok(timed(move |n| {
        for _ in 0..n {
            to.copy_from_slice(black_box(&from));
            black_box(&mut to);
        }
        Ok(())
    }))
}

const CALLEE: &str =
    r#"(module (func (export "add-one") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))"#;

const CALLER: &str = r#"(module
  (import "" "add-one" (func $add-one (param i32) (result i32)))
  (func (export "run") (param $n i32)
    (loop $next
      (if (i32.ne (call $add-one (i32.const 1)) (i32.const 2)) (then unreachable))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"#;

/// Calls of a core function that another instance exports, without any component.
pub fn core_calls() -> Result<Work, Failure> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let callee = Instance::new(&mut store, &Module::new(&engine, CALLEE)?, &[])?;
    let add_one = callee.get_func(&mut store, "add-one").ok_or("the callee exports no `add-one`")?;
    let caller = Instance::new(&mut store, &Module::new(&engine, CALLER)?, &[add_one.into()])?;
    let run = caller.get_typed_func::<u32, ()>(&mut store, "run")?;
    Ok(timed(move |n| Ok(run.call(&mut store, n as u32)?)))
}

/// The host calls a core function.
pub fn call_core() -> Result<Work, Failure> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let callee = Instance::new(&mut store, &Module::new(&engine, CALLEE)?, &[])?;
    let add_one = callee.get_typed_func::<u32, u32>(&mut store, "add-one")?;
    Ok(timed(move |n| {
        for k in 0..n {
            black_box(add_one.call(&mut store, k as u32)?);
        }
        Ok(())
    }))
}

/// Core wasm calls a function of the host.
pub fn call_host() -> Result<Work, Failure> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let add_one = Func::wrap(&mut store, |x: u32| x + 1);
    let caller = Instance::new(&mut store, &Module::new(&engine, CALLER)?, &[add_one.into()])?;
    let run = caller.get_typed_func::<u32, ()>(&mut store, "run")?;
    Ok(timed(move |n| Ok(run.call(&mut store, n as u32)?)))
}
