//! Resources that a guest defines go from its component to another that was loaded apart and imports the type: owned, lent,
//! inside of other values, by streams and futures, and out to functions of the host. Whoever drops one runs its definer's
//! destructor.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use thalweg::{
    Component, Config, Engine, Features, Gate, Instance, Limits, Linker, Resource, ResourceAny, ResourceType, Store,
    StreamReader, Val,
};
use thalweg_testkit::polling::{finish, poll, wait};

/// Defines `thing`; the destructor adds to a sum that `dropped` tells, and traps for 666.
const THINGS: &str = r#"(component
    (core module $Dtor
        (memory (export "mem") 1)
        (global $dropped (mut i32) (i32.const 0))
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
        (func (export "dtor") (param $rep i32)
            (if (i32.eq (local.get $rep) (i32.const 666)) (then unreachable))
            (global.set $dropped (i32.add (global.get $dropped) (local.get $rep))))
        (func (export "dropped") (result i32) (global.get $dropped)))
    (core instance $dtor (instantiate $Dtor))
    (type $thing' (resource (rep i32) (dtor (core func $dtor "dtor"))))
    (export $thing "thing" (type $thing'))
    (type $many (list (tuple u8 (own $thing))))
    (type $stream (stream (own $thing)))
    (type $future (future (own $thing)))
    (core func $new (canon resource.new $thing'))
    (core func $rep (canon resource.rep $thing'))
    (core func $drop (canon resource.drop $thing'))
    (core func $stream.new (canon stream.new $stream))
    (core func $stream.write (canon stream.write $stream async (memory (core memory $dtor "mem"))))
    (core func $future.new (canon future.new $future))
    (core func $future.write (canon future.write $future async (memory (core memory $dtor "mem"))))
    (core module $M
        (import "" "mem" (memory 1))
        (import "" "new" (func $new (param i32) (result i32)))
        (import "" "rep" (func $rep (param i32) (result i32)))
        (import "" "drop" (func $drop (param i32)))
        (import "" "stream.new" (func $stream.new (result i64)))
        (import "" "stream.write" (func $stream.write (param i32 i32 i32) (result i32)))
        (import "" "future.new" (func $future.new (result i64)))
        (import "" "future.write" (func $future.write (param i32 i32) (result i32)))
        (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
        ;; The definer gets the representation of what it borrows.
        (func (export "read") (param i32) (result i32) (local.get 0))
        (func (export "take") (param i32) (result i32)
            (call $rep (local.get 0)) (call $drop (local.get 0)))
        (func (export "make-many") (result i32)
            (i32.store8 (i32.const 16) (i32.const 1))
            (i32.store (i32.const 20) (call $new (i32.const 30)))
            (i32.store8 (i32.const 24) (i32.const 2))
            (i32.store (i32.const 28) (call $new (i32.const 40)))
            (i32.store (i32.const 0) (i32.const 16))
            (i32.store (i32.const 4) (i32.const 2))
            (i32.const 0))
        (func (export "make-stream") (result i32)
            (local $ends i64)
            (local.set $ends (call $stream.new))
            (i32.store (i32.const 0) (call $new (i32.const 50)))
            (i32.store (i32.const 4) (call $new (i32.const 60)))
            (drop (call $stream.write (i32.wrap_i64 (i64.shr_u (local.get $ends) (i64.const 32)))
                (i32.const 0) (i32.const 2)))
            (i32.wrap_i64 (local.get $ends)))
        (func (export "make-future") (result i32)
            (local $ends i64)
            (local.set $ends (call $future.new))
            (i32.store (i32.const 0) (call $new (i32.const 70)))
            (drop (call $future.write (i32.wrap_i64 (i64.shr_u (local.get $ends) (i64.const 32))) (i32.const 0)))
            (i32.wrap_i64 (local.get $ends))))
    (core instance $m (instantiate $M (with "" (instance
        (export "mem" (memory $dtor "mem"))
        (export "new" (func $new)) (export "rep" (func $rep)) (export "drop" (func $drop))
        (export "stream.new" (func $stream.new)) (export "stream.write" (func $stream.write))
        (export "future.new" (func $future.new)) (export "future.write" (func $future.write))))))
    (func (export "make") (param "rep" u32) (result (own $thing)) (canon lift (core func $m "make")))
    (func (export "read") (param "t" (borrow $thing)) (result u32) (canon lift (core func $m "read")))
    (func (export "take") (param "t" (own $thing)) (result u32) (canon lift (core func $m "take")))
    (func (export "make-many") (result $many) (canon lift (core func $m "make-many")
        (memory (core memory $dtor "mem"))))
    (func (export "make-stream") (result $stream) (canon lift (core func $m "make-stream")))
    (func (export "make-future") (result $future) (canon lift (core func $m "make-future")))
    (func (export "dropped") (result u32) (canon lift (core func $dtor "dropped"))))"#;

/// Imports `thing` behind another resource, keeps and gives it; what it does itself is look at handles.
const USER: &str = r#"(component
    (import "a:b/things" (instance $things
        (export "other" (type (sub resource)))
        (export "thing" (type $thing (sub resource)))))
    (alias export $things "thing" (type $thing))
    (import "a:b/host" (instance $host
        (alias outer 1 $thing (type $thing'))
        (export "thing" (type $thing (eq $thing')))
        (export "hold" (func (param "t" (own $thing))))
        (export "back" (func (result (own $thing))))
        (export "peek" (func (param "t" (borrow $thing)) (result u32)))))
    (type $many (list (tuple u8 (own $thing))))
    (type $stream (stream (own $thing)))
    (type $future (future (own $thing)))
    (core module $Libc (memory (export "mem") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
    (core instance $libc (instantiate $Libc))
    (core func $drop (canon resource.drop $thing))
    (core func $hold (canon lower (func $host "hold")))
    (core func $back (canon lower (func $host "back")))
    (core func $peek (canon lower (func $host "peek")))
    (core func $stream.read (canon stream.read $stream async (memory (core memory $libc "mem"))))
    (core func $future.read (canon future.read $future async (memory (core memory $libc "mem"))))
    (core func $return (canon task.return (result u32)))
    (core module $M
        (import "" "mem" (memory 1))
        (import "" "drop" (func $drop (param i32)))
        (import "" "hold" (func $hold (param i32)))
        (import "" "back" (func $back (result i32)))
        (import "" "peek" (func $peek (param i32) (result i32)))
        (import "" "stream.read" (func $stream.read (param i32 i32 i32) (result i32)))
        (import "" "future.read" (func $future.read (param i32 i32) (result i32)))
        (import "" "return" (func $return (param i32)))
        (global $kept (mut i32) (i32.const 0))
        (func (export "keep") (param i32) (global.set $kept (local.get 0)))
        (func (export "give") (result i32) (global.get $kept))
        (func (export "drop") (call $drop (global.get $kept)))
        (func (export "look") (param i32) (result i32)
            (call $peek (local.get 0)) (call $drop (local.get 0)))
        (func (export "forgetful") (param i32))
        (func (export "drop-many") (param $at i32) (param $count i32)
            (loop $next
                (if (local.get $count) (then
                    (call $drop (i32.load (i32.add (local.get $at) (i32.const 4))))
                    (local.set $at (i32.add (local.get $at) (i32.const 8)))
                    (local.set $count (i32.sub (local.get $count) (i32.const 1)))
                    (br $next)))))
        (func (export "pass-many") (param i32 i32) (result i32)
            (i32.store (i32.const 0) (local.get 0))
            (i32.store (i32.const 4) (local.get 1))
            (i32.const 0))
        (func (export "read-stream") (param i32) (result i32)
            (local $came i32)
            (local.set $came (call $stream.read (local.get 0) (i32.const 512) (i32.const 9)))
            (call $drop (i32.load (i32.const 512)))
            (call $drop (i32.load (i32.const 516)))
            (i32.shr_u (local.get $came) (i32.const 4)))
        (func (export "read-future") (param i32)
            (drop (call $future.read (local.get 0) (i32.const 512)))
            (call $drop (i32.load (i32.const 512))))
        (func (export "to-the-host") (param i32) (call $hold (local.get 0)))
        (func (export "through-the-host") (param i32) (result i32)
            (call $hold (local.get 0)) (call $back))
        ;; Yields, then drops it in the callback.
        (func (export "later") (param i32) (result i32) (global.set $kept (local.get 0)) (i32.const 1))
        (func (export "callback") (param i32 i32 i32) (result i32)
            (call $drop (global.get $kept)) (call $return (i32.const 5)) (i32.const 0)))
    (core instance $m (instantiate $M (with "" (instance
        (export "mem" (memory $libc "mem")) (export "drop" (func $drop))
        (export "hold" (func $hold)) (export "back" (func $back)) (export "peek" (func $peek))
        (export "stream.read" (func $stream.read)) (export "future.read" (func $future.read))
        (export "return" (func $return))))))
    (func (export "keep") (param "t" (own $thing)) (canon lift (core func $m "keep")))
    (func (export "give") (result (own $thing)) (canon lift (core func $m "give")))
    (func (export "drop") (canon lift (core func $m "drop")))
    (func (export "look") (param "t" (borrow $thing)) (result u32) (canon lift (core func $m "look")))
    (func (export "forgetful") (param "t" (borrow $thing)) (canon lift (core func $m "forgetful")))
    (func (export "drop-many") (param "t" $many) (canon lift (core func $m "drop-many")
        (memory (core memory $libc "mem")) (realloc (core func $libc "realloc"))))
    (func (export "pass-many") (param "t" $many) (result $many) (canon lift (core func $m "pass-many")
        (memory (core memory $libc "mem")) (realloc (core func $libc "realloc"))))
    (func (export "read-stream") (param "t" $stream) (result u32) (canon lift (core func $m "read-stream")))
    (func (export "read-future") (param "t" $future) (canon lift (core func $m "read-future")))
    (func (export "to-the-host") (param "t" (own $thing)) (canon lift (core func $m "to-the-host")))
    (func (export "through-the-host") (param "t" (own $thing)) (result (own $thing))
        (canon lift (core func $m "through-the-host")))
    (func (export "later") async (param "t" (own $thing)) (result u32) (canon lift (core func $m "later") async
        (callback (core func $m "callback")))))"#;

struct Other;

/// What functions of the host got.
#[derive(Default)]
struct Held {
    owned: Vec<ResourceAny>,
    borrowed: Vec<ResourceAny>,
    /// Whether a function that waits for it goes on.
    goes_on: bool,
    waker: Option<Waker>,
}

fn component(engine: &Engine, text: &str) -> Component {
    Component::from_bytes(engine, text.as_bytes()).unwrap_or_else(|error| panic!("{error:?}"))
}

fn linker(engine: &Engine, thing: ResourceType) -> Linker<Held> {
    let mut linker = Linker::new(engine);
    let mut things = linker.instance("a:b/things").expect("a name");
    things.resource::<Other>("other", |_, _| Ok(())).expect("new");
    things.resource_type("thing", thing).expect("new");
    let mut host = linker.instance("a:b/host").expect("a name");
    host.func("hold", |mut caller: thalweg::Caller<'_, Held>, (thing,): (ResourceAny,)| {
        caller.data_mut().owned.push(thing);
        Ok(())
    })
    .expect("new");
    host.func("back", |mut caller: thalweg::Caller<'_, Held>, ()| {
        Ok(caller.data_mut().owned.pop().expect("it was given before"))
    })
    .expect("new");
    host.func("peek", |mut caller: thalweg::Caller<'_, Held>, (thing,): (ResourceAny,)| {
        assert!(!thing.is_owned());
        caller.data_mut().borrowed.push(thing);
        Ok(thing.rep() as u32)
    })
    .expect("new");
    linker
}

/// The component that defines `thing` and one that imports it, in one store.
struct Two {
    store: Store<Held>,
    things: Instance,
    user: Instance,
}

impl Two {
    fn new() -> Two {
        let mut features = Features::shipped();
        features.open(Gate::AsyncStackful).expect("it is supported");
        let engine = Engine::new(Config::new().features(features)).expect("an engine");
        let mut store = Store::new(&engine, Held::default());
        let things = Linker::new(&engine).prepare(&component(&engine, THINGS)).expect("it links");
        let things = wait(things.instantiate(&mut store)).expect("it instantiates");
        let thing = things.resource_type(&store, "thing").expect("it is exported");
        let user = wait(linker(&engine, thing).instantiate(&mut store, &component(&engine, USER)));
        Two { user: user.expect("it links"), store, things }
    }

    fn call(&mut self, instance: Instance, name: &str, args: Vec<Val>) -> thalweg::Result<Option<Val>> {
        let func = instance.func_dynamic(&mut self.store, name).expect("it is there");
        wait(func.call(&mut self.store, args))
    }

    fn things(&mut self, name: &str, args: Vec<Val>) -> Option<Val> {
        self.call(self.things, name, args).unwrap_or_else(|error| panic!("{name}: {error:?}"))
    }

    fn user(&mut self, name: &str, args: Vec<Val>) -> Option<Val> {
        self.call(self.user, name, args).unwrap_or_else(|error| panic!("{name}: {error:?}"))
    }

    fn make(&mut self, rep: u32) -> ResourceAny {
        match self.things("make", vec![Val::U32(rep)]) {
            Some(Val::Resource(thing)) => thing,
            other => panic!("{other:?}"),
        }
    }

    fn dropped(&mut self) -> u32 {
        match self.things("dropped", vec![]) {
            Some(Val::U32(sum)) => sum,
            other => panic!("{other:?}"),
        }
    }

    /// What calling `name` of the user is refused with.
    fn refused(&mut self, name: &str, args: Vec<Val>) -> String {
        format!("{:?}", self.call(self.user, name, args).expect_err("it is refused"))
    }
}

fn a_resource(val: Option<Val>) -> ResourceAny {
    match val {
        Some(Val::Resource(resource)) => resource,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_owned_resource_moves_and_is_dropped_by_its_destructor() {
    let mut two = Two::new();
    let thing = two.make(7);
    two.user("keep", vec![Val::Resource(thing)]);
    assert_eq!(two.dropped(), 0);
    two.user("drop", vec![]);
    assert_eq!(two.dropped(), 7);
    assert_eq!(two.store.live().handles, 0);
}

#[test]
fn it_comes_back_to_its_definer_as_what_it_was() {
    let mut two = Two::new();
    let thing = two.make(8);
    two.user("keep", vec![Val::Resource(thing)]);
    let back = a_resource(two.user("give", vec![]));
    assert_eq!(two.store.resource_type(&back).ok(), two.things.resource_type(&two.store, "thing").ok());
    assert_eq!(two.things("read", vec![Val::Resource(back)]), Some(Val::U32(8)));
    assert_eq!(two.things("take", vec![Val::Resource(back)]), Some(Val::U32(8)));
    assert_eq!(two.dropped(), 8);
}

#[test]
fn a_lent_resource_stays_the_hosts() {
    let mut two = Two::new();
    let thing = two.make(9);
    for _ in 0..3 {
        assert_eq!(two.user("look", vec![Val::Resource(thing)]), Some(Val::U32(9)));
    }
    assert_eq!((two.dropped(), two.store.live().resources), (0, 1));
    // What the host borrowed is over with the call.
    let borrowed = two.store.data().borrowed[0];
    assert!(two.store.drop_resource(borrowed).is_err());
    two.store.drop_resource(thing).expect("it is owned");
    assert_eq!((two.dropped(), two.store.live().resources), (9, 0));
    let refused = two.refused("look", vec![Val::Resource(borrowed)]);
    assert!(refused.contains("borrowed for a call that is over"), "{refused}");
}

#[test]
fn a_borrow_has_to_be_dropped_before_the_call_returns() {
    let mut two = Two::new();
    let thing = two.make(9);
    let refused = two.refused("forgetful", vec![Val::Resource(thing)]);
    assert!(refused.contains("borrow handles still remain at the end of the call"), "{refused}");
}

#[test]
fn resources_move_inside_of_other_values() {
    let mut two = Two::new();
    let many = two.things("make-many", vec![]).expect("a list");
    let many = two.user("pass-many", vec![many]).expect("a list");
    assert_eq!(two.dropped(), 0);
    two.user("drop-many", vec![many]);
    assert_eq!((two.dropped(), two.store.live().resources), (70, 0));
}

#[test]
fn resources_move_by_streams_and_futures() {
    let mut two = Two::new();
    let stream = two.things("make-stream", vec![]).expect("a stream");
    assert_eq!(two.user("read-stream", vec![stream]), Some(Val::U32(2)));
    assert_eq!(two.dropped(), 110);
    let future = two.things("make-future", vec![]).expect("a future");
    two.user("read-future", vec![future]);
    assert_eq!(two.dropped(), 180);
}

#[test]
fn the_host_reads_them_out_of_a_stream() {
    let mut two = Two::new();
    let make = two.things.func::<(), StreamReader<ResourceAny>>(&mut two.store, "make-stream").expect("it is there");
    let mut stream = wait(make.call(&mut two.store, ())).expect("it answers");
    let mut came = VecDeque::new();
    {
        let mut read = pin!(stream.read(&mut came, 9));
        while poll(read.as_mut()).is_pending() {
            let progress = two.store.poll_progress(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(progress, Poll::Ready(Ok(()))), "{progress:?}");
        }
    }
    assert_eq!((came.len(), two.store.live().resources), (2, 2));
    two.user("keep", vec![Val::Resource(came[1])]);
    two.user("drop", vec![]);
    two.store.drop_resource(came[0]).expect("it is owned");
    assert_eq!((two.dropped(), two.store.live().resources), (110, 0));
}

/// While a call goes on, the host has what it borrowed, and keeps what it has lent.
#[test]
fn what_is_lent_is_there_until_the_call_returns() {
    let mut two = Two::new();
    let engine = two.store.engine().clone();
    let ty = two.things.resource_type(&two.store, "thing").expect("it is there");
    let mut linker = Linker::<Held>::new(&engine);
    let mut things = linker.instance("a:b/things").expect("a name");
    things.resource_type("thing", ty).expect("new");
    let peek = |access: thalweg::Access<Held>, (thing,): (ResourceAny,)| async move {
        access.with(|held| held.borrowed.push(thing));
        poll_fn(|cx| {
            access.with(|held| {
                held.waker = Some(cx.waker().clone());
                if held.goes_on { Poll::Ready(()) } else { Poll::Pending }
            })
        })
        .await;
        Ok(thing.rep() as u32)
    };
    things.func_async("peek", peek).expect("new");
    let text = r#"(component
        (import "a:b/things" (instance $things
            (export "thing" (type $thing (sub resource)))
            (export "peek" (func async (param "t" (borrow $thing)) (result u32)))))
        (alias export $things "thing" (type $thing))
        (core func $peek (canon lower (func $things "peek")))
        (core func $drop (canon resource.drop $thing))
        (core func $return (canon task.return (result u32)))
        (core module $M
            (import "" "peek" (func $peek (param i32) (result i32)))
            (import "" "drop" (func $drop (param i32)))
            (import "" "return" (func $return (param i32)))
            (func (export "look") (param i32)
                (local $rep i32)
                (local.set $rep (call $peek (local.get 0)))
                (call $drop (local.get 0))
                (call $return (local.get $rep))))
        (core instance $m (instantiate $M (with "" (instance
            (export "peek" (func $peek)) (export "drop" (func $drop)) (export "return" (func $return))))))
        (func (export "look") async (param "t" (borrow $thing)) (result u32)
            (canon lift (core func $m "look") async)))"#;
    let looks = wait(linker.instantiate(&mut two.store, &component(&engine, text))).expect("it links");
    let thing = two.make(15);
    let look = looks.func_dynamic(&mut two.store, "look").expect("it is there");
    let call = look.start(&mut two.store, vec![Val::Resource(thing)]).expect("it starts");
    let borrowed = two.store.data().borrowed[0];
    // The definer may be lent it meanwhile, by either name.
    for lent in [thing, borrowed] {
        assert_eq!(two.things("read", vec![Val::Resource(lent)]), Some(Val::U32(15)));
    }
    let error = two.store.drop_resource(thing).expect_err("it is lent");
    assert!(error.to_string().contains("lent to a call"), "{error}");
    two.store.data_mut().goes_on = true;
    let waker = two.store.data_mut().waker.take().expect("it waits");
    waker.wake();
    assert_eq!(finish(two.store.finish(call)).expect("it answers").0, Some(Val::U32(15)));
    two.store.drop_resource(thing).expect("it is not lent any more");
    assert_eq!(two.dropped(), 15);
    let error = two.call(two.things, "read", vec![Val::Resource(borrowed)]).expect_err("it is over");
    assert!(error.to_string().contains("borrowed for a call that is over"), "{error}");
}

#[test]
fn functions_of_the_host_take_and_give_them() {
    let mut two = Two::new();
    let thing = two.make(11);
    two.user("to-the-host", vec![Val::Resource(thing)]);
    let held = two.store.data_mut().owned.pop().expect("it was given");
    assert_eq!(two.things("take", vec![Val::Resource(held)]), Some(Val::U32(11)));
    let thing = two.make(12);
    let back = a_resource(two.user("through-the-host", vec![Val::Resource(thing)]));
    two.store.drop_resource(back).expect("it is owned");
    assert_eq!(two.dropped(), 23);
}

#[test]
fn a_callback_that_drops_runs_the_destructor() {
    let mut two = Two::new();
    let thing = two.make(13);
    assert_eq!(two.user("later", vec![Val::Resource(thing)]), Some(Val::U32(5)));
    assert_eq!(two.dropped(), 13);
}

#[test]
fn a_trap_of_the_destructor_ends_the_store() {
    let mut two = Two::new();
    let thing = two.make(666);
    two.user("keep", vec![Val::Resource(thing)]);
    let refused = two.refused("drop", vec![]);
    assert!(refused.contains("unreachable"), "{refused}");
    let refused = two.call(two.things, "dropped", vec![]).expect_err("the store is over");
    assert!(refused.to_string().contains("cannot enter"), "{refused}");
}

#[test]
fn what_was_passed_on_is_not_passed_on_again() {
    let mut two = Two::new();
    let thing = two.make(14);
    two.user("keep", vec![Val::Resource(thing)]);
    let error = two.store.drop_resource(thing).expect_err("it is the user's");
    assert!(error.to_string().contains("passed on or dropped before"), "{error}");
    let refused = two.refused("keep", vec![Val::Resource(thing)]);
    assert!(refused.contains("passed on or dropped before"), "{refused}");
}

/// Who calls a function of the host can't fill the store with resources that the host does not care for.
#[test]
fn the_host_owns_no_more_than_a_table_would_hold() {
    let mut limits = Limits::default();
    limits.max_handles = 20;
    let engine = Engine::new(Config::new().limits(limits)).expect("an engine");
    let mut store = Store::new(&engine, Held::default());
    let things = wait(Linker::new(&engine).instantiate(&mut store, &component(&engine, THINGS))).expect("it links");
    let make = things.func::<(u32,), ResourceAny>(&mut store, "make").expect("it is there");
    let kept = (0..20).map(|rep| wait(make.call(&mut store, (rep,))).expect("there is room")).last();
    store.drop_resource(kept.expect("twenty")).expect("it is owned");
    wait(make.call(&mut store, (20,))).expect("there is room again");
    let error = wait(make.call(&mut store, (21,))).expect_err("there is none");
    assert!(error.to_string().contains("the host owns 20 resources of guests"), "{error}");
}

/// A second instance of the same component has a resource type of its own. Spec: resource types are generative.
#[test]
fn the_type_of_another_instance_is_another() {
    let mut two = Two::new();
    let engine = two.store.engine().clone();
    let second = Linker::new(&engine).prepare(&component(&engine, THINGS)).expect("it links");
    let second = wait(second.instantiate(&mut two.store)).expect("it instantiates");
    let types = [two.things, second].map(|instance| instance.resource_type(&two.store, "thing").expect("it is there"));
    assert_ne!(types[0], types[1]);
    let thing = a_resource(two.call(second, "make", vec![Val::U32(1)]).expect("it answers"));
    let refused = two.refused("keep", vec![Val::Resource(thing)]);
    for words in ["of another type than the guest expects", "`thing`, which a guest defines"] {
        assert!(refused.contains(words), "{refused}");
    }
}

#[test]
fn a_stream_of_another_instances_resource_is_refused() {
    let mut two = Two::new();
    let engine = two.store.engine().clone();
    let second = Linker::new(&engine).prepare(&component(&engine, THINGS)).expect("it links");
    let second = wait(second.instantiate(&mut two.store)).expect("it instantiates");
    let stream = two.call(second, "make-stream", vec![]).expect("it answers").expect("a stream");
    let refused = two.refused("read-stream", vec![stream]);
    assert!(refused.contains("of another type than the guest expects"), "{refused}");
}

#[test]
fn resources_and_types_belong_to_one_store() {
    let (mut two, mut others) = (Two::new(), Two::new());
    let (thing, engine) = (others.make(1), two.store.engine().clone());
    assert!(two.store.drop_resource(thing).is_err());
    let ty = others.things.resource_type(&others.store, "thing").expect("it is there");
    let user = component(&engine, USER);
    let error = wait(linker(&engine, ty).instantiate(&mut two.store, &user)).expect_err("another store");
    assert!(error.to_string().contains("another store"), "{error}");
    // Nothing was entered.
    assert_eq!(two.dropped(), 0);
    let refused = two.refused("keep", vec![Val::Resource(thing)]);
    assert!(refused.contains("another store"), "{refused}");
}

#[test]
fn only_resource_types_are_resource_types() {
    let two = Two::new();
    for (name, words) in [("make", "is no resource type"), ("nothing", "exports no resource type `nothing`")] {
        let error = two.things.resource_type(&two.store, name).expect_err("it is none");
        assert!(error.to_string().contains(words), "{error}");
    }
}

/// A function of the host with a Rust type for the resource is not for one that a guest defines.
#[test]
fn a_rust_type_is_not_a_guests_resource() {
    let two = Two::new();
    let engine = two.store.engine().clone();
    let mut linker = Linker::<Held>::new(&engine);
    let thing = two.things.resource_type(&two.store, "thing").expect("it is there");
    let mut things = linker.instance("a:b/things").expect("a name");
    things.resource_type("thing", thing).expect("new");
    things.func("number", |_, (thing,): (Resource<Other>,)| Ok(thing.rep())).expect("new");
    let text = r#"(component (import "a:b/things" (instance
        (export "thing" (type $t (sub resource)))
        (export "number" (func (param "t" (borrow $t)) (result u32))))))"#;
    let error = linker.check(&component(&engine, text)).expect_err("another type");
    assert!(error.to_string().contains("another resource than"), "{error}");
}

/// A type that the host defines may go on from the component that imports it, too: it stays the Rust type's.
#[test]
fn a_type_of_the_host_goes_on_by_an_instance() {
    let engine = Engine::new(Config::new()).expect("an engine");
    let mut store = Store::new(&engine, Held::default());
    let passes_on = r#"(component
        (import "a:b/things" (instance $things (export "other" (type (sub resource)))))
        (alias export $things "other" (type $other))
        (export "other" (type $other)))"#;
    let mut linker = Linker::<Held>::new(&engine);
    linker.instance("a:b/things").expect("a name").resource::<Other>("other", |_, _| Ok(())).expect("new");
    let first = wait(linker.instantiate(&mut store, &component(&engine, passes_on))).expect("it links");
    let other = first.resource_type(&store, "other").expect("it is exported");

    let mut linker = Linker::<Held>::new(&engine);
    let mut second = linker.instance("c:d/others").expect("a name");
    second.resource_type("other", other).expect("new");
    second.func("number", |_, (other,): (Resource<Other>,)| Ok(other.rep())).expect("new");
    let text = r#"(component
        (import "c:d/others" (instance $others
            (export "other" (type $other (sub resource)))
            (export "number" (func (param "t" (borrow $other)) (result u32)))))
        (alias export $others "other" (type $other))
        (core func $number (canon lower (func $others "number")))
        (core module $M
            (import "" "number" (func $number (param i32) (result i32)))
            (func (export "number") (param i32) (result i32) (call $number (local.get 0))))
        (core instance $m (instantiate $M (with "" (instance (export "number" (func $number))))))
        (func (export "number") (param "t" (own $other)) (result u32) (canon lift (core func $m "number"))))"#;
    let second = wait(linker.instantiate(&mut store, &component(&engine, text))).expect("it links");
    assert_eq!(
        second.resource_type(&store, "other").err().map(|error| error.to_string().contains("exports no")),
        Some(true)
    );
    let number = second.func::<(Resource<Other>,), u32>(&mut store, "number").expect("it is there");
    assert_eq!(wait(number.call(&mut store, (Resource::new_own(17),))).expect("it answers"), 17);
}
