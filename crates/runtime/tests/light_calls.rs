//! A call of the host that needs no task does what one with a task does: `call` is compared with `start` and `finish`.

use thalweg::{Component, Config, Engine, Linker, Result, Store, Val};
use thalweg_testkit::polling::{finish, yield_once};

/// Exports of every kind whose calls can do without a task, and some that cannot.
const GUEST: &str = r#"
(component
  (import "note" (func $note (param "x" u32)))
  (import "soon" (func $soon async (param "x" u32) (result u32)))
  (core module $Memory
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.set $next (i32.add (global.get $next) (i32.const 64)))
      (i32.sub (global.get $next) (i32.const 64))))
  (core instance $memory (instantiate $Memory))
  (alias core export $memory "memory" (core memory $mem))
  (alias core export $memory "realloc" (core func $realloc))
  (core func $note (canon lower (func $note)))
  (core func $soon (canon lower (func $soon) async (memory $mem)))
  (core func $return (canon task.return (result u32)))
  (core func $return-text (canon task.return (result string) (memory $mem)))
  (core func $cancel (canon task.cancel))
  (core func $set (canon context.set i32 0))
  (core func $get (canon context.get i32 0))
  (core func $inc (canon backpressure.inc))
  (core func $dec (canon backpressure.dec))
  (core func $join (canon waitable.join))
  (core func $set-new (canon waitable-set.new))
  (core func $drop (canon subtask.drop))
  (core module $M
    (import "" "memory" (memory 1))
    (import "" "note" (func $note (param i32)))
    (import "" "soon" (func $soon (param i32 i32) (result i32)))
    (import "" "return" (func $return (param i32)))
    (import "" "return-text" (func $return-text (param i32 i32)))
    (import "" "cancel" (func $cancel))
    (import "" "set" (func $set (param i32)))
    (import "" "get" (func $get (result i32)))
    (import "" "inc" (func $inc))
    (import "" "dec" (func $dec))
    (import "" "join" (func $join (param i32 i32)))
    (import "" "set-new" (func $set-new (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (global $waitables (mut i32) (i32.const 0))
    (func $start (global.set $waitables (call $set-new)))
    (start $start)
    ;; Not async.
    (func (export "half") (param i32) (result i32) (i32.div_u (i32.const 100) (local.get 0)))
    (func (export "echo") (param i32 i32) (result i32)
      (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1))
      (call $note (local.get 1)) (i32.const 16))
    (func (export "echoed") (param i32) (i32.store (i32.load (local.get 0)) (i32.const 0x2a2a2a2a)))
    (func (export "leaves") (param i32) (call $note (i32.const 1)))
    (func (export "storage") (result i32)
      (call $set (i32.add (call $get) (i32.const 1))) (call $get))
    (func (export "cancels-itself") (call $cancel))
    ;; Async.
    (func (export "once") (param i32) (result i32) (call $return (i32.add (local.get 0) (i32.const 1))) (i32.const 0))
    (func (export "twice") (param i32) (result i32)
      (call $return (local.get 0)) (call $return (local.get 0)) (i32.const 0))
    (func (export "never") (param i32) (result i32) (i32.const 0))
    (func (export "bad-code") (param i32) (result i32) (call $return (local.get 0)) (i32.const 7))
    (func (export "yields") (param i32) (result i32) (call $set (local.get 0)) (i32.const 1 (; YIELD ;)))
    (func (export "goes-on") (param i32) (result i32)
      (call $set (i32.const -1)) (call $return (local.get 0)) (i32.const 1))
    (func (export "waits") (param i32) (result i32)
      (call $set (i32.add (local.get 0) (i32.const 1)))
      (call $join (i32.shr_u (call $soon (local.get 0) (i32.const 32)) (i32.const 4)) (global.get $waitables))
      (i32.or (i32.const 2 (; WAIT ;)) (i32.shl (global.get $waitables) (i32.const 4))))
    (func (export "closes") (param i32) (result i32)
      (call $inc) (call $return (local.get 0)) (i32.const 0))
    (func (export "opens") (call $dec))
    (func (export "text") (param i32 i32) (result i32) (call $return-text (local.get 0) (local.get 1)) (i32.const 0))
    (func (export "callback") (param $event i32) (param $index i32) (param $state i32) (result i32)
      (call $note (local.get $event))
      (if (i32.eq (local.get $event) (i32.const 1 (; SUBTASK ;))) (then (call $drop (local.get $index))))
      (if (i32.ne (call $get) (i32.const -1)) (then (call $return (call $get))))
      (i32.const 0)))
  (core instance $i (instantiate $M (with "" (instance
    (export "memory" (memory $mem)) (export "note" (func $note)) (export "soon" (func $soon))
    (export "return" (func $return)) (export "return-text" (func $return-text)) (export "cancel" (func $cancel))
    (export "set" (func $set)) (export "get" (func $get)) (export "inc" (func $inc)) (export "dec" (func $dec))
    (export "join" (func $join)) (export "set-new" (func $set-new)) (export "drop" (func $drop))))))
  (func (export "half") (param "x" u32) (result u32) (canon lift (core func $i "half")))
  (func (export "echo") (param "x" string) (result string)
    (canon lift (core func $i "echo") (memory $mem) (realloc $realloc) (post-return (core func $i "echoed"))))
  (func (export "leaves-late") (param "x" u32) (result u32)
    (canon lift (core func $i "half") (post-return (core func $i "leaves"))))
  (func (export "storage") (result u32) (canon lift (core func $i "storage")))
  (func (export "cancels-itself") (canon lift (core func $i "cancels-itself")))
  (func (export "opens") (canon lift (core func $i "opens")))
  (func (export "async-half") async (param "x" u32) (result u32) (canon lift (core func $i "half")))
  (func (export "once") async (param "x" u32) (result u32)
    (canon lift (core func $i "once") async (callback (core func $i "callback"))))
  (func (export "twice") async (param "x" u32) (result u32)
    (canon lift (core func $i "twice") async (callback (core func $i "callback"))))
  (func (export "never") async (param "x" u32) (result u32)
    (canon lift (core func $i "never") async (callback (core func $i "callback"))))
  (func (export "bad-code") async (param "x" u32) (result u32)
    (canon lift (core func $i "bad-code") async (callback (core func $i "callback"))))
  (func (export "yields") async (param "x" u32) (result u32)
    (canon lift (core func $i "yields") async (callback (core func $i "callback"))))
  (func (export "goes-on") async (param "x" u32) (result u32)
    (canon lift (core func $i "goes-on") async (callback (core func $i "callback"))))
  (func (export "waits") async (param "x" u32) (result u32)
    (canon lift (core func $i "waits") async (callback (core func $i "callback"))))
  (func (export "closes") async (param "x" u32) (result u32)
    (canon lift (core func $i "closes") async (callback (core func $i "callback"))))
  (func (export "text") async (param "x" string) (result string)
    (canon lift (core func $i "text") async (callback (core func $i "callback")) (memory $mem) (realloc $realloc))))
"#;

#[derive(Debug, Clone, Copy)]
enum Arg {
    Number(u32),
    Text(&'static str),
}

impl Arg {
    fn val(self) -> Val {
        match self {
            Arg::Number(number) => Val::U32(number),
            Arg::Text(text) => Val::String(text.into()),
        }
    }
}

/// Calls one after the other in one store, by `call` if `light`: what each came to, and what the host saw.
fn run(calls: &[(&str, Arg)], light: bool) -> Result<Vec<String>> {
    let engine = Engine::new(Config::new())?;
    let component = Component::from_bytes(&engine, GUEST.as_bytes())?;
    let mut linker = Linker::<Vec<u32>>::new(&engine);
    linker.instance("")?.func("note", |mut caller, (x,): (u32,)| {
        caller.data_mut().push(x);
        Ok(())
    })?;
    linker.instance("")?.func_async("soon", |_, (x,): (u32,)| async move {
        yield_once().await;
        Ok(x)
    })?;
    let mut store = Store::new(&engine, Vec::new());
    let instance = finish(linker.instantiate(&mut store, &component))?;
    let mut told = Vec::new();
    for (name, arg) in calls {
        let func = instance.func_dynamic(&mut store, name)?;
        let args: Vec<Val> = if func.ty().params.elements.is_empty() { Vec::new() } else { vec![arg.val()] };
        let result = match light {
            true => finish(func.call(&mut store, args)),
            false => match func.start(&mut store, args) {
                Ok(call) => finish(store.finish(call)).map(|result| result.0),
                Err(error) => Err(error),
            },
        };
        let live = store.live();
        told.push(format!("{name}: {result:?} {:?} {} tasks", *store.data(), live.tasks));
        let settled = finish(store.settle());
        told.push(format!("{settled:?} {:?} {:?}", *store.data(), store.live()));
    }
    Ok(told)
}

fn same(calls: &[(&str, Arg)]) -> Vec<String> {
    let [light, plain] = [true, false].map(|light| run(calls, light).unwrap_or_else(|error| panic!("{error:?}")));
    assert_eq!(light, plain, "{calls:?}");
    light
}

const NAMES: [&str; 14] = [
    "half",
    "leaves-late",
    "storage",
    "cancels-itself",
    "async-half",
    "once",
    "twice",
    "never",
    "bad-code",
    "yields",
    "goes-on",
    "waits",
    "closes",
    "opens",
];

#[test]
fn each_call_is_the_same_with_and_without_a_task() {
    for name in NAMES {
        same(&[(name, Arg::Number(5))]);
    }
    for name in ["echo", "text"] {
        let told = same(&[(name, Arg::Text("Thalweg")), (name, Arg::Text(""))]);
        assert!(told[0].contains("Ok(Some(String(\"Thalweg\")))"), "{told:?}");
    }
}

#[test]
fn each_pair_of_calls_is_the_same_with_and_without_a_task() {
    for first in NAMES {
        for second in NAMES {
            same(&[(first, Arg::Number(4)), (second, Arg::Number(0))]);
        }
    }
}

#[test]
fn they_do_what_they_are_written_to_do() {
    let ok = |name: &str, arg: u32, expected: &str| {
        let told = same(&[(name, Arg::Number(arg))]);
        assert!(told[0].contains(expected), "{told:?}");
    };
    ok("half", 4, "Ok(Some(U32(25)))");
    ok("half", 0, "Err(");
    ok("storage", 0, "Ok(Some(U32(1)))");
    ok("once", 4, "Ok(Some(U32(5))) [] 0 tasks");
    ok("goes-on", 4, "Ok(Some(U32(4))) [] 1 tasks");
    ok("yields", 4, "Ok(Some(U32(4))) [0] 0 tasks");
    ok("waits", 4, "Ok(Some(U32(5))) [1] 0 tasks");
    ok("never", 4, "Err(");
    ok("twice", 4, "Err(");
    ok("leaves-late", 4, "Err(");
}
