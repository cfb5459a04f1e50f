//! Starts two calls of one instance and cancels one of them: a started call is a value.

mod block_on;

use block_on::block_on;
use thalweg::{Component, Config, Engine, Linker, Result, Store};

/// An async export with a callback: it waits for the host's signal, and gives up politely when it is cancelled.
const WAITER: &str = r#"
(component
  (import "signal" (func $signal async (param "n" u32)))
  (core module $memory (memory (export "memory") 1))
  (core instance $memory (instantiate $memory))
  (core func $signal (canon lower (func $signal) async (memory (core memory $memory "memory"))))
  (core func $return (canon task.return (result u32)))
  (core func $cancelled (canon task.cancel))
  (core func $set-new (canon waitable-set.new))
  (core func $join (canon waitable.join))
  (core func $drop (canon subtask.drop))
  (core func $cancel (canon subtask.cancel))
  (core func $get (canon context.get i32 0))
  (core func $put (canon context.set i32 0))
  (core module $m
    (import "rt" "signal" (func $signal (param i32) (result i32)))
    (import "rt" "return" (func $return (param i32)))
    (import "rt" "cancelled" (func $cancelled))
    (import "rt" "set-new" (func $set-new (result i32)))
    (import "rt" "join" (func $join (param i32 i32)))
    (import "rt" "drop" (func $drop (param i32)))
    (import "rt" "cancel" (func $cancel (param i32) (result i32)))
    (import "rt" "get" (func $get (result i32)))
    (import "rt" "put" (func $put (param i32)))
    (func (export "wait") (param $n i32) (result i32)
      (local $set i32) (local $subtask i32)
      (local.set $subtask (i32.shr_u (call $signal (local.get $n)) (i32.const 4)))
      (call $put (local.get $subtask))
      (local.set $set (call $set-new))
      (call $join (local.get $subtask) (local.get $set))
      ;; WAIT on the set
      (i32.or (i32.const 2) (i32.shl (local.get $set) (i32.const 4))))
    (func (export "callback") (param $event i32) (param $index i32) (param $state i32) (result i32)
      (if (i32.eq (local.get $event) (i32.const 6)) ;; TASK_CANCELLED
        (then
          (call $join (call $get) (i32.const 0))
          (drop (call $cancel (call $get)))
          (call $drop (call $get))
          (call $cancelled)
          (return (i32.const 0))))
      (call $join (call $get) (i32.const 0))
      (call $drop (call $get))
      (call $return (i32.const 42))
      (i32.const 0)))
  (core instance $i (instantiate $m (with "rt" (instance
    (export "signal" (func $signal)) (export "return" (func $return)) (export "cancelled" (func $cancelled))
    (export "set-new" (func $set-new)) (export "join" (func $join)) (export "drop" (func $drop))
    (export "cancel" (func $cancel)) (export "get" (func $get)) (export "put" (func $put))))))
  (func (export "wait") async (param "n" u32) (result u32)
    (canon lift (core func $i "wait") async (callback (core func $i "callback")))))
"#;

fn main() -> Result<()> {
    let engine = Engine::new(Config::new())?;
    let component = Component::from_bytes(&engine, WAITER.as_bytes())?;
    let mut linker = Linker::<()>::new(&engine);
    linker.instance("")?.func_async("signal", |_access, (n,): (u32,)| async move {
        match n {
            // The first signal never comes.
            1 => std::future::pending().await,
            _ => yield_once().await,
        }
        Ok(())
    })?;
    let mut store = Store::new(&engine, ());
    block_on(async {
        let instance = linker.instantiate(&mut store, &component).await?;
        let wait = instance.func::<(u32,), u32>(&mut store, "wait")?;
        let forever = wait.start(&mut store, (1,))?;
        let soon = wait.start(&mut store, (2,))?;

        store.cancel(&forever)?;
        assert_eq!(store.finish(soon).await?, 42);
        let error = store.finish(forever).await.expect_err("it was cancelled");
        println!("the first call: {error}");

        store.settle().await?;
        assert_eq!(store.live().tasks + store.live().host_tasks + store.live().subtasks, 0, "nothing is left over");
        Ok(())
    })
}

/// Lets others go first, once.
async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

#[test]
fn runs() -> Result<()> {
    main()
}
