//! Start functions that wait for the host: instantiating waits with them, and nothing that needs the instance runs before.

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Poll, Waker};

use thalweg::{Access, Component, Config, Engine, Linker, Store, Trap};
use thalweg_testkit::polling::{finish, poll, wait};

/// What the host is asked for.
#[derive(Default)]
struct Host {
    open: bool,
    waker: Option<Waker>,
    calls: u32,
}

impl Host {
    fn open(&mut self) {
        self.open = true;
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

fn linker(engine: &Engine) -> Linker<Host> {
    let mut linker = Linker::new(engine);
    let number = |access: Access<Host>, ()| async move {
        access.with(|host| host.calls += 1);
        poll_fn(|cx| {
            access.with(|host| {
                host.waker = Some(cx.waker().clone());
                if host.open { Poll::Ready(()) } else { Poll::Pending }
            })
        })
        .await;
        Ok(21u32)
    };
    linker.root().func_async("number", number).expect("new");
    linker
}

/// The start function of the first module asks twice; the second module is given the sum. `then` follows.
fn asks(engine: &Engine, then: &str) -> Component {
    let text = r#"(component
        (import "number" (func $number (result u32)))
        (core func $number (canon lower (func $number)))
        (core module $First
            (import "" "number" (func $number (result i32)))
            (global (export "sum") (mut i32) (i32.const 0))
            (func $start
                (global.set 0 (i32.add (call $number) (call $number)))
                @THEN@)
            (start $start))
        (core instance $first (instantiate $First (with "" (instance (export "number" (func $number))))))
        (core module $Second
            (import "" "sum" (global $sum (mut i32)))
            (func (export "sum") (result i32) (global.get $sum)))
        (core instance $second (instantiate $Second (with "" (instance (export "sum" (global $first "sum"))))))
        (func (export "sum") (result u32) (canon lift (core func $second "sum"))))"#;
    component(engine, &text.replace("@THEN@", then))
}

/// The start function of one component calls another, whose function asks the host.
const THROUGH: &str = r#"(component
    (import "number" (func $number (result u32)))
    (component $C
        (import "number" (func $number (result u32)))
        (core func $number (canon lower (func $number)))
        (core module $M
            (import "" "number" (func $number (result i32)))
            (func (export "twice") (result i32) (i32.add (call $number) (call $number))))
        (core instance $m (instantiate $M (with "" (instance (export "number" (func $number))))))
        (func (export "twice") (result u32) (canon lift (core func $m "twice"))))
    (component $D
        (import "twice" (func $twice (result u32)))
        (core func $twice (canon lower (func $twice)))
        (core module $M
            (import "" "twice" (func $twice (result i32)))
            (global $sum (mut i32) (i32.const 0))
            (func $start (global.set $sum (call $twice)))
            (start $start)
            (func (export "sum") (result i32) (global.get $sum)))
        (core instance $m (instantiate $M (with "" (instance (export "twice" (func $twice))))))
        (func (export "sum") (result u32) (canon lift (core func $m "sum"))))
    (instance $c (instantiate $C (with "number" (func $number))))
    (instance $d (instantiate $D (with "twice" (func $c "twice"))))
    (func (export "sum") (alias export $d "sum")))"#;

fn component(engine: &Engine, text: &str) -> Component {
    Component::from_bytes(engine, text.as_bytes()).unwrap_or_else(|error| panic!("{error:?}"))
}

fn engine() -> Engine {
    Engine::new(Config::new()).expect("an engine")
}

#[test]
fn instantiating_waits_with_its_start_functions() {
    let engine = engine();
    for component in [asks(&engine, ""), component(&engine, THROUGH)] {
        let prepared = linker(&engine).prepare(&component).expect("it links");
        // Once more with what was prepared: another path makes the instances.
        for _ in 0..2 {
            let mut store = Store::new(&engine, Host::default());
            let access = store.access();
            let instance = {
                let mut instance = pin!(prepared.instantiate(&mut store));
                assert!(poll(instance.as_mut()).is_pending());
                assert!(poll(instance.as_mut()).is_pending());
                access.with(Host::open);
                finish(instance).expect("it starts")
            };
            assert_eq!(store.data().calls, 2);
            let sum = instance.func::<(), u32>(&mut store, "sum").expect("it is there");
            assert_eq!(wait(sum.call(&mut store, ())).expect("it answers"), 42);
            assert_eq!((store.live().tasks, store.live().threads, store.live().stacks), (0, 0, 0));
        }
    }
}

#[test]
fn what_is_ready_at_once_needs_no_second_poll() {
    let engine = engine();
    let mut store = Store::new(&engine, Host { open: true, ..Host::default() });
    let instance = wait(linker(&engine).instantiate(&mut store, &asks(&engine, ""))).expect("it starts");
    let sum = instance.func::<(), u32>(&mut store, "sum").expect("it is there");
    assert_eq!(wait(sum.call(&mut store, ())).expect("it answers"), 42);
}

#[test]
fn a_trap_after_the_wait_is_the_instantiations() {
    let engine = engine();
    let mut store = Store::new(&engine, Host::default());
    let access = store.access();
    let (linker, asks) = (linker(&engine), asks(&engine, "unreachable"));
    let error = {
        let mut instance = pin!(linker.instantiate(&mut store, &asks));
        assert!(poll(instance.as_mut()).is_pending());
        access.with(Host::open);
        finish(instance).expect_err("it traps")
    };
    assert_eq!(error.as_trap(), Some(Trap::Unreachable));
}

#[test]
fn one_that_is_given_up_harms_no_other() {
    let engine = engine();
    let mut store = Store::new(&engine, Host::default());
    let (linker, asks) = (linker(&engine), asks(&engine, ""));
    {
        let mut instance = pin!(linker.instantiate(&mut store, &asks));
        assert!(poll(instance.as_mut()).is_pending());
    }
    assert_eq!(store.live().tasks, 1);
    store.data_mut().open();
    let instance = finish(linker.instantiate(&mut store, &asks)).expect("it starts");
    let sum = instance.func::<(), u32>(&mut store, "sum").expect("it is there");
    assert_eq!(wait(sum.call(&mut store, ())).expect("it answers"), 42);
    finish(store.settle()).expect("the other start function ends");
    assert_eq!(store.live().tasks, 0);
}

/// An embedder may instantiate on any thread of its executor.
#[test]
fn instantiating_can_go_to_another_thread() {
    let engine = engine();
    let mut store = Store::new(&engine, Host::default());
    let (linker, asks, access) = (linker(&engine), asks(&engine, ""), store.access());
    std::thread::scope(|scope| {
        let mut instance = Box::pin(linker.instantiate(&mut store, &asks));
        assert!(poll(instance.as_mut()).is_pending());
        access.with(Host::open);
        scope.spawn(move || finish(instance).map(drop).expect("it starts"));
    });
}

#[test]
fn a_store_may_go_while_a_start_function_waits() {
    let engine = engine();
    let mut store = Store::new(&engine, Host::default());
    let (linker, asks) = (linker(&engine), asks(&engine, ""));
    {
        let mut instance = pin!(linker.instantiate(&mut store, &asks));
        assert!(poll(instance.as_mut()).is_pending());
    }
    drop(store);
}
