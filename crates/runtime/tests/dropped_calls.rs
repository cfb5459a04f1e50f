//! A call that nobody waits for any more is cancelled, and what it has started with it.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use thalweg::{Component, Config, Engine, Instance, Linker, Result, Store};
use thalweg_testkit::polling::{finish, poll, yield_once};

/// Two components: the outer one calls the inner one, which waits for two host functions. Each passes a cancellation on.
const CHAIN: &str = r#"
(component
  (import "forever" (func $forever async))
  (import "soon" (func $soon async))
  (component $Waiter
    (import "a" (func $a async))
    (import "b" (func $b async))
    (core func $a (canon lower (func $a) async))
    (core func $b (canon lower (func $b) async))
    (core func $return (canon task.return))
    (core func $cancelled (canon task.cancel))
    (core func $set-new (canon waitable-set.new))
    (core func $set-drop (canon waitable-set.drop))
    (core func $join (canon waitable.join))
    (core func $drop (canon subtask.drop))
    (core func $cancel (canon subtask.cancel))
    (core module $m
      (import "" "a" (func $a (result i32)))
      (import "" "b" (func $b (result i32)))
      (import "" "return" (func $return))
      (import "" "cancelled" (func $cancelled))
      (import "" "set-new" (func $set-new (result i32)))
      (import "" "set-drop" (func $set-drop (param i32)))
      (import "" "join" (func $join (param i32 i32)))
      (import "" "drop" (func $drop (param i32)))
      (import "" "cancel" (func $cancel (param i32) (result i32)))
      (global $set (mut i32) (i32.const 0))
      (global $left (mut i32) (i32.const 0))
      (global $first (mut i32) (i32.const 0))
      (global $second (mut i32) (i32.const 0))
      (func $begin (param $status i32) (result i32)
        (if (i32.eq (local.get $status) (i32.const 2 (; RETURNED ;))) (then (return (i32.const 0))))
        (global.set $left (i32.add (global.get $left) (i32.const 1)))
        (call $join (i32.shr_u (local.get $status) (i32.const 4)) (global.get $set))
        (i32.shr_u (local.get $status) (i32.const 4)))
      (func $end (param $subtask i32)
        (call $join (local.get $subtask) (i32.const 0))
        (call $drop (local.get $subtask))
        (if (i32.eq (local.get $subtask) (global.get $first)) (then (global.set $first (i32.const 0))))
        (if (i32.eq (local.get $subtask) (global.get $second)) (then (global.set $second (i32.const 0))))
        (global.set $left (i32.sub (global.get $left) (i32.const 1))))
      (func $stop (param $subtask i32)
        (if (i32.eqz (local.get $subtask)) (then (return)))
        (call $join (local.get $subtask) (i32.const 0))
        (drop (call $cancel (local.get $subtask)))
        (call $end (local.get $subtask)))
      (func (export "wait") (result i32)
        (global.set $set (call $set-new))
        (global.set $first (call $begin (call $a)))
        (global.set $second (call $begin (call $b)))
        (i32.or (i32.const 2 (; WAIT ;)) (i32.shl (global.get $set) (i32.const 4))))
      (func (export "on") (param $event i32) (param $index i32) (param $state i32) (result i32)
        (if (i32.eq (local.get $event) (i32.const 6 (; TASK_CANCELLED ;)))
          (then
            (call $stop (global.get $first))
            (call $stop (global.get $second))
            (call $set-drop (global.get $set))
            (call $cancelled)
            (return (i32.const 0))))
        (call $end (local.get $index))
        (if (global.get $left)
          (then (return (i32.or (i32.const 2) (i32.shl (global.get $set) (i32.const 4))))))
        (call $set-drop (global.get $set))
        (call $return)
        (i32.const 0)))
    (core instance $i (instantiate $m (with "" (instance
      (export "a" (func $a)) (export "b" (func $b)) (export "return" (func $return))
      (export "cancelled" (func $cancelled)) (export "set-new" (func $set-new)) (export "set-drop" (func $set-drop))
      (export "join" (func $join)) (export "drop" (func $drop)) (export "cancel" (func $cancel))))))
    (func (export "wait") async (canon lift (core func $i "wait") async (callback (core func $i "on")))))
  (instance $inner (instantiate $Waiter (with "a" (func $forever)) (with "b" (func $soon))))
  (instance $outer (instantiate $Waiter (with "a" (func $inner "wait")) (with "b" (func $soon))))
  (export "wait" (func $outer "wait")))
"#;

/// Counts host functions under way.
struct UnderWay(Arc<AtomicUsize>);

impl UnderWay {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        UnderWay(count.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The store, the instance, and how many host functions are under way.
fn world() -> Result<(Store<()>, Instance, Arc<AtomicUsize>)> {
    let engine = Engine::new(Config::new())?;
    let component = Component::from_bytes(&engine, CHAIN.as_bytes())?;
    let under_way = Arc::new(AtomicUsize::new(0));
    let mut linker = Linker::<()>::new(&engine);
    let count = under_way.clone();
    linker.instance("")?.func_async("forever", move |_access, (): ()| {
        let under_way = UnderWay::new(&count);
        async move {
            std::future::pending::<()>().await;
            drop(under_way);
            Ok(())
        }
    })?;
    let count = under_way.clone();
    linker.instance("")?.func_async("soon", move |_access, (): ()| {
        let under_way = UnderWay::new(&count);
        async move {
            for _ in 0..3 {
                yield_once().await;
            }
            drop(under_way);
            Ok(())
        }
    })?;
    let mut store = Store::new(&engine, ());
    let instance = finish(linker.instantiate(&mut store, &component))?;
    Ok((store, instance, under_way))
}

fn assert_nothing_left(store: &mut Store<()>, under_way: &AtomicUsize, when: &str) {
    finish(store.settle()).expect("no trap");
    let live = store.live();
    let all = live.tasks + live.threads + live.stacks + live.subtasks + live.host_tasks + live.waitable_sets;
    assert_eq!(all + live.ends + live.streams_and_futures + live.handles + live.orphans, 0, "{when}: {live:?}");
    assert_eq!(under_way.load(Ordering::Relaxed), 0, "{when}: a host function goes on");
}

#[test]
fn a_dropped_call_cancels_what_it_has_started() -> Result<()> {
    let (mut store, instance, under_way) = world()?;
    let wait = instance.func::<(), ()>(&mut store, "wait")?;
    let call = wait.start(&mut store, ())?;
    assert_eq!(under_way.load(Ordering::Relaxed), 3);
    drop(call);
    assert_nothing_left(&mut store, &under_way, "at once");
    Ok(())
}

#[test]
fn a_call_can_be_dropped_after_each_turn() -> Result<()> {
    let (mut store, instance, under_way) = world()?;
    let wait = instance.func::<(), ()>(&mut store, "wait")?;
    for turns in 0..20 {
        let call = wait.start(&mut store, ())?;
        store.set_turns_per_poll(1);
        {
            let mut finished = pin!(store.finish(call));
            for _ in 0..turns {
                assert!(poll(finished.as_mut()).is_pending(), "it waits for ever");
            }
        }
        store.set_turns_per_poll(1024);
        assert_nothing_left(&mut store, &under_way, &format!("after {turns} turns"));
    }
    Ok(())
}

#[test]
fn a_call_that_is_over_is_not_cancelled() -> Result<()> {
    let (mut store, instance, under_way) = world()?;
    let wait = instance.func::<(), ()>(&mut store, "wait")?;
    let call = wait.start(&mut store, ())?;
    store.cancel(&call)?;
    let error = finish(store.finish(call)).expect_err("it was cancelled");
    assert_eq!(error.message(), "the call was cancelled");
    assert_nothing_left(&mut store, &under_way, "over");
    Ok(())
}

#[test]
fn a_store_that_is_dropped_keeps_no_future_that_was_left_for_it() {
    let engine = Engine::new(Config::new()).expect("an engine");
    let data = Arc::new(());
    let store = Store::new(&engine, data.clone());
    let access = store.access();
    let leave = |access: &thalweg::Access<Arc<()>>| {
        let held = access.clone();
        access.spawn(async move {
            let _held = held;
            std::future::pending::<()>().await;
        });
    };
    leave(&access);
    drop(store);
    leave(&access);
    drop(access);
    assert_eq!(Arc::strong_count(&data), 1, "somebody holds the store's data");
}
