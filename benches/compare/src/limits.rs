//! What the machine or core wasm alone needs for a row's work.

use std::hint::black_box;

use wasmtime_peer::{
    Config, Engine, Func, Instance, InstanceAllocationStrategy, Linker, Module, PoolingAllocationConfig, Store,
};

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

/// Places of every pool: core instances, memories, tables, stacks.
pub const PLACES: u32 = 1000;

/// The peer's pool, and that of core instances alone.
pub fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_core_instances(PLACES).total_memories(PLACES).total_tables(PLACES).total_stacks(PLACES);
    pool
}

/// The core modules of the component that is instantiated.
const MODULES: [&str; 3] = [
    r#"(module
    (memory (export "memory") 17)
    (data (i32.const 1024) "hello, instance")
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096)))"#,
    r#"(module
    (import "memory" "memory" (memory 1))
    (table (export "table") 16 funcref)
    (elem (i32.const 0) $length)
    (func $length (export "length") (param $at i32) (param $length i32) (result i32) (local.get $length)))"#,
    r#"(module
    (import "code" "length" (func $length (param i32 i32) (result i32)))
    (import "memory" "memory" (memory 1))
    (global $ready (mut i32) (i32.const 0))
    (func $start (global.set $ready (call $length (i32.const 1024) (i32.const 15))))
    (start $start)
    (func (export "ready") (result i32) (global.get $ready)))"#,
];

/// The core instances of such a component, without any component: `per_store` times three in each store, from a pool.
/// Start functions run on the stack of whoever instantiates.
pub fn core_instances(per_store: u64) -> Result<Work, Failure> {
    let mut config = Config::new();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
    let engine = Engine::new(&config)?;
    let modules = MODULES.map(|text| Module::new(&engine, text));
    let [memory, code, main] = modules;
    let (memory, code, main) = (Linker::new(&engine).instantiate_pre(&memory?)?, code?, main?);
    let find = |module: &Module, name| module.get_export_index(name).ok_or("an export is missing");
    let (bytes, length) = (find(memory.module(), "memory")?, find(&code, "length")?);
    Ok(timed(move |n| {
        for at in (0..n).step_by(per_store as usize) {
            let mut store = Store::new(&engine, ());
            for _ in 0..per_store.min(n - at) {
                let first = memory.instantiate(&mut store)?;
                let memory = first.get_module_export(&mut store, &bytes).ok_or("no memory")?;
                let second = Instance::new(&mut store, &code, &[memory.clone()])?;
                let length = second.get_module_export(&mut store, &length).ok_or("no function")?;
                Instance::new(&mut store, &main, &[length, memory])?;
            }
        }
        Ok(())
    }))
}
