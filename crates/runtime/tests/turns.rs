//! A stack whose call is over makes the next turns of the loop, as many as there may be in a poll: however many that are,
//! guests and the host see the same.

use thalweg::{Choose, Component, Config, Engine, Linker, Result, Store};
use thalweg_testkit::polling::{finish, yield_once};

/// Tasks whose callbacks yield, wait for the host and for each other, of components that can block and of one that cannot.
/// Some park in a callback, some end without an answer.
const GUESTS: &str = r#"
(component
  (import "note" (func $note (param "x" u32)))
  (import "soon" (func $soon async (param "x" u32) (result u32)))
  (component $Leaf
    (import "note" (func $note (param "x" u32)))
    (import "soon" (func $soon async (param "x" u32) (result u32)))
    (core module $Memory (memory (export "memory") 1))
    (core instance $memory (instantiate $Memory))
    (alias core export $memory "memory" (core memory $mem))
    (core func $note (canon lower (func $note)))
    (core func $soon (canon lower (func $soon) async (memory $mem)))
    (core func $return (canon task.return (result u32)))
    (core func $set (canon context.set i32 0))
    (core func $get (canon context.get i32 0))
    (core module $M
      (import "" "note" (func $note (param i32)))
      (import "" "return" (func $return (param i32)))
      (import "" "set" (func $set (param i32)))
      (import "" "get" (func $get (result i32)))
      ;; Yields `x` times.
      (func (export "f") (param $x i32) (result i32) (call $set (local.get $x)) (i32.const 1 (; YIELD ;)))
      (func (export "callback") (param i32 i32 i32) (result i32)
        (call $note (i32.add (i32.const 1000) (call $get)))
        (if (call $get) (then (call $set (i32.sub (call $get) (i32.const 1))) (return (i32.const 1))))
        (call $return (i32.const 7))
        (i32.const 0)))
    (core instance $i (instantiate $M (with "" (instance
      (export "note" (func $note)) (export "return" (func $return)) (export "set" (func $set))
      (export "get" (func $get))))))
    (func (export "f") async (param "x" u32) (result u32)
      (canon lift (core func $i "f") async (callback (core func $i "callback")))))
  (component $Blocking
    (import "f" (func $f async (param "x" u32) (result u32)))
    (import "note" (func $note (param "x" u32)))
    (import "soon" (func $soon async (param "x" u32) (result u32)))
    (core module $Memory (memory (export "memory") 1))
    (core instance $memory (instantiate $Memory))
    (alias core export $memory "memory" (core memory $mem))
    (core func $note (canon lower (func $note)))
    (core func $soon (canon lower (func $soon)))
    (core func $f (canon lower (func $f) async (memory $mem)))
    (core func $return (canon task.return (result u32)))
    (core func $set (canon context.set i32 0))
    (core func $get (canon context.get i32 0))
    (core func $join (canon waitable.join))
    (core func $set-new (canon waitable-set.new))
    (core func $drop (canon subtask.drop))
    (core module $M
      (import "" "note" (func $note (param i32)))
      (import "" "soon" (func $soon (param i32) (result i32)))
      (import "" "f" (func $f (param i32 i32) (result i32)))
      (import "" "return" (func $return (param i32)))
      (import "" "set" (func $set (param i32)))
      (import "" "get" (func $get (result i32)))
      (import "" "join" (func $join (param i32 i32)))
      (import "" "set-new" (func $set-new (result i32)))
      (import "" "drop" (func $drop (param i32)))
      (global $waitables (mut i32) (i32.const 0))
      (func $start (global.set $waitables (call $set-new)))
      (start $start)
      ;; Calls `f` as often as the context says.
      (func $next (result i32) (local $status i32)
        (if (i32.eqz (call $get)) (then (call $return (i32.const 9)) (return (i32.const 0))))
        ;; Parks in the callback.
        (if (i32.eq (call $get) (i32.const 3)) (then (drop (call $soon (i32.const 1)))))
        (local.set $status (call $f (call $get) (i32.const 16)))
        (call $set (i32.sub (call $get) (i32.const 1)))
        (if (i32.eq (local.get $status) (i32.const 2 (; RETURNED ;))) (then (return (i32.const 1 (; YIELD ;)))))
        (call $join (i32.shr_u (local.get $status) (i32.const 4)) (global.get $waitables))
        (i32.or (i32.const 2 (; WAIT ;)) (i32.shl (global.get $waitables) (i32.const 4))))
      (func (export "f") (param $x i32) (result i32) (call $set (local.get $x)) (call $next))
      (func (export "callback") (param $event i32) (param $index i32) (param $state i32) (result i32)
        (call $note (i32.add (i32.const 2000) (local.get $event)))
        (if (i32.and (i32.eq (local.get $event) (i32.const 1 (; SUBTASK ;)))
                     (i32.ne (local.get $state) (i32.const 2 (; RETURNED ;))))
          (then (return (i32.or (i32.const 2) (i32.shl (global.get $waitables) (i32.const 4))))))
        (if (i32.eq (local.get $event) (i32.const 1)) (then (call $drop (local.get $index))))
        (if (i32.gt_u (call $get) (i32.const 100)) (then (return (i32.const 0 (; EXIT without an answer ;)))))
        (call $next)))
    (core instance $i (instantiate $M (with "" (instance
      (export "note" (func $note)) (export "soon" (func $soon)) (export "f" (func $f))
      (export "return" (func $return)) (export "set" (func $set)) (export "get" (func $get))
      (export "join" (func $join)) (export "set-new" (func $set-new)) (export "drop" (func $drop))))))
    (func (export "f") async (param "x" u32) (result u32)
      (canon lift (core func $i "f") async (callback (core func $i "callback")))))
  (instance $leaf (instantiate $Leaf (with "note" (func $note)) (with "soon" (func $soon))))
  (instance $inner (instantiate $Blocking
    (with "f" (func $leaf "f")) (with "note" (func $note)) (with "soon" (func $soon))))
  (instance $outer (instantiate $Blocking
    (with "f" (func $inner "f")) (with "note" (func $note)) (with "soon" (func $soon))))
  (func (export "leaf") (alias export $leaf "f"))
  (func (export "inner") (alias export $inner "f"))
  (func (export "outer") (alias export $outer "f")))
"#;

/// Starts `calls` and finishes them in order: what they came to, and what the host saw.
fn run(calls: &[(&str, u32)], turns: usize, seed: Option<u64>) -> Result<Vec<String>> {
    let engine = Engine::new(Config::new())?;
    let component = Component::from_bytes(&engine, GUESTS.as_bytes())?;
    let mut linker = Linker::<Vec<u32>>::new(&engine);
    linker.instance("")?.func("note", |mut caller, (x,): (u32,)| {
        caller.data_mut().push(x);
        Ok(())
    })?;
    linker.instance("")?.func_async("soon", |access, (x,): (u32,)| async move {
        yield_once().await;
        access.with(|notes| notes.push(3000 + x));
        Ok(x)
    })?;
    let mut store = Store::new(&engine, Vec::new());
    store.set_turns_per_poll(turns);
    if let Some(seed) = seed {
        store.set_choose(Choose::seeded(seed));
    }
    let instance = finish(linker.instantiate(&mut store, &component))?;
    let mut started = Vec::new();
    for &(name, x) in calls {
        let func = instance.func::<(u32,), u32>(&mut store, name)?;
        started.push(func.start(&mut store, (x,))?);
    }
    let mut told = Vec::new();
    for call in started {
        let result = finish(store.finish(call));
        told.push(format!("{:?} {:?}", result.map_err(|error| error.message().to_string()), *store.data()));
    }
    told.push(format!("{:?} {:?}", finish(store.settle()).is_ok(), store.live()));
    Ok(told)
}

#[test]
fn turns_on_one_stack_are_the_turns_of_the_loop() {
    let all: [&[(&str, u32)]; 6] = [
        &[("leaf", 3)],
        &[("inner", 4)],
        &[("outer", 4)],
        &[("outer", 2), ("leaf", 5), ("outer", 1), ("inner", 3)],
        &[("inner", 3), ("inner", 3), ("outer", 3), ("leaf", 2)],
        &[("leaf", 2), ("outer", 300), ("inner", 4)],
    ];
    for calls in all {
        for seed in [None, Some(1), Some(2), Some(3)] {
            let told = |turns| run(calls, turns, seed).unwrap_or_else(|error| panic!("{error:?}"));
            let plain = told(1);
            for turns in [2, 3, 5, 8, 1024] {
                assert_eq!(told(turns), plain, "{calls:?} with {turns} turns in a poll, seed {seed:?}");
            }
        }
    }
    let told = run(all[2], 1024, None).expect("no trap");
    assert!(told[0].starts_with("Ok(9)") && told[0].contains("3001"), "{told:?}");
}
