//! Streams and futures of resources from one component to another that was loaded apart from it, through the host. Each
//! component has numbers of its own for the resources that it imports.

use thalweg::{
    Component, Config, Engine, Features, FutureReader, Gate, Instance, Linker, Resource, Store, StreamReader, Val,
};
use thalweg_testkit::polling::wait;

/// What the host has: how many are made, and which were dropped.
#[derive(Default)]
struct Ticks {
    made: u32,
    dropped: Vec<u32>,
}

struct Tick;
struct Other;
struct Third;

fn linker(engine: &Engine) -> Linker<Ticks> {
    let mut linker = Linker::new(engine);
    let mut host = linker.instance("a:b/ticks").expect("a name");
    host.resource::<Other>("other", |_, _| Ok(())).expect("new");
    host.resource::<Third>("third", |_, _| Ok(())).expect("new");
    host.resource::<Tick>("tick", |ticks: &mut Ticks, rep| {
        ticks.dropped.push(rep);
        Ok(())
    })
    .expect("new");
    let make = |mut caller: thalweg::Caller<'_, Ticks>, ()| {
        let mut ticks = caller.data_mut();
        ticks.made += 1;
        Ok(Resource::<Tick>::new_own(ticks.made * 10))
    };
    host.func("make", make).expect("new");
    host.func("number", |_, (tick,): (Resource<Tick>,)| Ok(tick.rep())).expect("new");
    linker
}

/// A type around the resource `$tick`, its size in memory, and where the handle is in it.
struct Item {
    ty: &'static str,
    size: u32,
    at: u32,
}

const OWN: Item = Item { ty: "(own $tick)", size: 4, at: 0 };
const IN_A_RECORD: Item = Item { ty: "$record", size: 12, at: 8 };

/// Gives, takes, passes on and forwards. Words in `@` are filled in by [`component`].
const GUEST: &str = r#"(component
    (import "a:b/ticks" (instance $ticks
        @FIRST@
        (export "tick" (type $tick (sub resource)))
        (export "make" (func (result (own $tick))))
        (export "number" (func (param "t" (borrow $tick)) (result u32)))))
    (alias export $ticks "tick" (type $tick))
    (type $record (tuple u32 u8 (own $tick)))
    (type $k (@KIND@ @TY@))
    (core module $Libc (memory (export "mem") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
    (core instance $libc (instantiate $Libc))
    (core func $make (canon lower (func $ticks "make")))
    (core func $number (canon lower (func $ticks "number")))
    (core func $drop (canon resource.drop $tick))
    (core func $new (canon @KIND@.new $k))
    (core func $read (canon @KIND@.read $k async (memory (core memory $libc "mem"))
        (realloc (core func $libc "realloc"))))
    (core func $write (canon @KIND@.write $k async (memory (core memory $libc "mem"))))
    (core func $forward (canon @KIND@.forward $k))
    (core module $M
        (import "" "mem" (memory 1))
        (import "" "make" (func $make (result i32)))
        (import "" "number" (func $number (param i32) (result i32)))
        (import "" "drop" (func $drop (param i32)))
        (import "" "new" (func $new (result i64)))
        (import "" "read" (func $read (param i32 i32 @TYPE_OF_COUNT@) (result i32)))
        (import "" "write" (func $write (param i32 i32 @TYPE_OF_COUNT@) (result i32)))
        (import "" "forward" (func $forward (param i32 i32)))
        ;; Three items are in memory while the write waits.
        (func (export "give") (result i32)
            (local $ends i64) (local $i i32)
            (local.set $ends (call $new))
            (loop $next
                (i32.store (i32.add (i32.const @AT@) (i32.mul (local.get $i) (i32.const @SIZE@))) (call $make))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $next (i32.lt_u (local.get $i) (i32.const 3))))
            (drop (call $write (i32.wrap_i64 (i64.shr_u (local.get $ends) (i64.const 32))) (i32.const 0) @COUNT@))
            (i32.wrap_i64 (local.get $ends)))
        ;; Reads, and adds up the numbers of what came; 1000 for each call that brought nothing.
        (func (export "take") (param $end i32) (result i32)
            (local $sum i32) (local $i i32) (local $came i32)
            (local.set $came (call $read (local.get $end) (i32.const 512) @COUNT@))
            (if (i32.eq (local.get $came) (i32.const -1)) (then (return (i32.const 1000))))
            (local.set $came (select (i32.shr_u (local.get $came) (i32.const 4)) (i32.const 1) (i32.const @IS_STREAM@)))
            (loop $next
                (if (i32.lt_u (local.get $i) (local.get $came)) (then
                    (local.set $end (i32.load (i32.add (i32.const @FIRST_HANDLE@)
                        (i32.mul (local.get $i) (i32.const @SIZE@)))))
                    (local.set $sum (i32.add (local.get $sum) (call $number (local.get $end))))
                    (call $drop (local.get $end))
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br $next))))
            (local.get $sum))
        (func (export "pass") (param i32) (result i32) (local.get 0))
        ;; Passes on another end in its place.
        (func (export "forward") (param $end i32) (result i32)
            (local $ends i64)
            (local.set $ends (call $new))
            (call $forward (local.get $end) (i32.wrap_i64 (i64.shr_u (local.get $ends) (i64.const 32))))
            (i32.wrap_i64 (local.get $ends)))
        (func (export "one") (result i32) (call $make))
        (func (export "value") (param $tick i32) (result i32)
            (call $number (local.get $tick))
            (call $drop (local.get $tick))))
    (core instance $m (instantiate $M (with "" (instance
        (export "mem" (memory $libc "mem")) (export "make" (func $make)) (export "number" (func $number))
        (export "drop" (func $drop)) (export "new" (func $new)) (export "read" (func $read))
        (export "write" (func $write)) (export "forward" (func $forward))))))
    (func (export "give") (result $k) (canon lift (core func $m "give")))
    (func (export "take") (param "k" $k) (result u32) (canon lift (core func $m "take")))
    (func (export "pass") (param "k" $k) (result $k) (canon lift (core func $m "pass")))
    (func (export "forward") (param "k" $k) (result $k) (canon lift (core func $m "forward")))
    (func (export "one") (result (own $tick)) (canon lift (core func $m "one")))
    (func (export "owned") (param "t" (own $tick)) (result u32) (canon lift (core func $m "value")))
    (func (export "borrowed") (param "t" (borrow $tick)) (result u32) (canon lift (core func $m "value"))))"#;

/// Imports `first` before the resource, so that its number differs from component to component.
fn component(engine: &Engine, first: &str, kind: &str, item: &Item) -> Component {
    let is_stream = kind == "stream";
    let (count, type_of_count) = if is_stream { ("(i32.const 3)", "i32") } else { ("", "") };
    let numbers = [item.at, item.size, u32::from(is_stream), 512 + item.at].map(|number| number.to_string());
    let [at, size, is_stream, first_handle] = &numbers;
    let words = [
        ("@FIRST@", first),
        ("@KIND@", kind),
        ("@TY@", item.ty),
        ("@COUNT@", count),
        ("@TYPE_OF_COUNT@", type_of_count),
        ("@AT@", at),
        ("@SIZE@", size),
        ("@IS_STREAM@", is_stream),
        ("@FIRST_HANDLE@", first_handle),
    ];
    let text = words.iter().fold(GUEST.to_owned(), |text, (word, with)| text.replace(word, with));
    Component::from_bytes(engine, text.as_bytes()).unwrap_or_else(|error| panic!("{error:?}"))
}

const FIRST: &str = r#"(export "other" (type (sub resource)))"#;

fn engine() -> Engine {
    let mut features = Features::shipped();
    features.open(Gate::Forward).expect("it is supported");
    Engine::new(Config::new().features(features)).expect("an engine")
}

/// Two components in one store; the resource is number 0 in the one and 1 in the other.
fn two(engine: &Engine, kind: &str, item: &Item) -> (Store<Ticks>, Instance, Instance) {
    let mut store = Store::new(engine, Ticks::default());
    let linker = linker(engine);
    let [one, other] = ["", FIRST].map(|first| {
        let component = component(engine, first, kind, item);
        wait(linker.instantiate(&mut store, &component)).expect("it links")
    });
    (store, one, other)
}

#[test]
fn owned_handles_move_by_a_stream() {
    let engine = engine();
    let (mut store, one, other) = two(&engine, "stream", &OWN);
    for (from, to) in [(&one, &other), (&other, &one)] {
        *store.data_mut() = Ticks::default();
        let give = from.func::<(), StreamReader<Resource<Tick>>>(&mut store, "give").expect("it is there");
        let take = to.func::<(StreamReader<Resource<Tick>>,), u32>(&mut store, "take").expect("it is there");
        let stream = wait(give.call(&mut store, ())).expect("it answers");
        assert_eq!(wait(take.call(&mut store, (stream,))).expect("it answers"), 60);
        assert_eq!(store.data().dropped, [10, 20, 30]);
    }
}

#[test]
fn a_stream_that_comes_back_is_as_it_was() {
    let engine = engine();
    let (mut store, one, other) = two(&engine, "stream", &OWN);
    type Ends = StreamReader<Resource<Tick>>;
    let give = one.func::<(), Ends>(&mut store, "give").expect("it is there");
    let pass = other.func::<(Ends,), Ends>(&mut store, "pass").expect("it is there");
    let take = one.func::<(Ends,), u32>(&mut store, "take").expect("it is there");
    let stream = wait(give.call(&mut store, ())).expect("it answers");
    let stream = wait(pass.call(&mut store, (stream,))).expect("it answers");
    // Both of its ends are in one instance, which the standard does not allow for handles.
    let error = wait(take.call(&mut store, (stream,))).expect_err("it traps");
    assert!(error.to_string().contains("intra-component"), "{error}");
}

#[test]
fn handles_in_tuples_move_by_a_stream() {
    let engine = engine();
    let (mut store, one, other) = two(&engine, "stream", &IN_A_RECORD);
    let give = one.func_dynamic(&mut store, "give").expect("it is there");
    let take = other.func_dynamic(&mut store, "take").expect("it is there");
    let stream = wait(give.call(&mut store, vec![])).expect("it answers").expect("a stream");
    assert!(matches!(stream, Val::Stream(_)));
    assert_eq!(wait(take.call(&mut store, vec![stream])).expect("it answers"), Some(Val::U32(60)));
    assert_eq!(store.data().dropped, [10, 20, 30]);
}

#[test]
fn an_owned_handle_moves_by_a_future() {
    let engine = engine();
    let (mut store, one, other) = two(&engine, "future", &OWN);
    let give = one.func::<(), FutureReader<Resource<Tick>>>(&mut store, "give").expect("it is there");
    let take = other.func::<(FutureReader<Resource<Tick>>,), u32>(&mut store, "take").expect("it is there");
    let future = wait(give.call(&mut store, ())).expect("it answers");
    assert_eq!(wait(take.call(&mut store, (future,))).expect("it answers"), 10);
    assert_eq!(store.data().dropped, [10]);
}

/// The host writes; the component that got the stream first has passed it on.
#[test]
fn what_the_host_writes_is_for_whoever_reads() {
    let engine = engine();
    let (mut store, one, other) = two(&engine, "future", &OWN);
    let pass = other.func::<(FutureReader<Resource<Tick>>,), FutureReader<Resource<Tick>>>(&mut store, "pass");
    let take = one.func::<(FutureReader<Resource<Tick>>,), u32>(&mut store, "take").expect("it is there");
    let future = FutureReader::ready(Resource::<Tick>::new_own(7));
    let future = wait(pass.expect("it is there").call(&mut store, (future,))).expect("it answers");
    assert_eq!(wait(take.call(&mut store, (future,))).expect("it answers"), 7);
    assert_eq!(store.data().dropped, [7]);
}

/// A handle as such, as a value of a type that only the component it is from has a number for.
#[test]
fn a_handle_moves_as_a_value() {
    let engine = engine();
    let (mut store, one, other) = two(&engine, "stream", &OWN);
    for (from, to) in [(&one, &other), (&other, &one)] {
        *store.data_mut() = Ticks::default();
        let make = from.func_dynamic(&mut store, "one").expect("it is there");
        for (name, number) in [("owned", 10), ("borrowed", 20)] {
            let func = to.func_dynamic(&mut store, name).expect("it is there");
            let tick = wait(make.call(&mut store, vec![])).expect("it answers").expect("a resource");
            assert_eq!(wait(func.call(&mut store, vec![tick])).expect("it answers"), Some(Val::U32(number)));
        }
        assert_eq!(store.data().dropped, [10], "a borrow is not dropped");
    }
}

/// Writer, forwarder and reader are three components with three numbers for the resource.
#[test]
fn a_forwarded_stream_is_still_of_that_resource() {
    let engine = engine();
    for kind in ["stream", "future"] {
        let (mut store, one, other) = two(&engine, kind, &OWN);
        let third = component(&engine, &(FIRST.to_owned() + r#"(export "third" (type (sub resource)))"#), kind, &OWN);
        let third = wait(linker(&engine).instantiate(&mut store, &third)).expect("it links");
        let give = one.func_dynamic(&mut store, "give").expect("it is there");
        let forward = other.func_dynamic(&mut store, "forward").expect("it is there");
        let take = third.func_dynamic(&mut store, "take").expect("it is there");
        let end = wait(give.call(&mut store, vec![])).expect("it answers").expect("an end");
        let end = wait(forward.call(&mut store, vec![end])).expect("it answers").expect("an end");
        let sum = if kind == "stream" { 60 } else { 10 };
        assert_eq!(wait(take.call(&mut store, vec![end])).expect("it answers"), Some(Val::U32(sum)), "{kind}");
    }
}

#[test]
fn a_stream_of_another_resource_is_refused() {
    let engine = engine();
    let mut store = Store::new(&engine, Ticks::default());
    let linker = linker(&engine);
    let text = r#"(component
        (import "a:b/ticks" (instance $ticks (export "other" (type $other (sub resource)))))
        (alias export $ticks "other" (type $other))
        (type $k (stream (own $other)))
        (core func $new (canon stream.new $k))
        (core module $M (import "" "new" (func $new (result i64)))
            (func (export "give") (result i32) (i32.wrap_i64 (call $new))))
        (core instance $m (instantiate $M (with "" (instance (export "new" (func $new))))))
        (func (export "give") (result $k) (canon lift (core func $m "give"))))"#;
    let gives = Component::from_bytes(&engine, text.as_bytes()).expect("a component");
    let gives = wait(linker.instantiate(&mut store, &gives)).expect("it links");
    let takes = wait(linker.instantiate(&mut store, &component(&engine, "", "stream", &OWN))).expect("it links");
    let give = gives.func_dynamic(&mut store, "give").expect("it is there");
    let take = takes.func_dynamic(&mut store, "take").expect("it is there");
    // Both are number 0 of their component.
    let stream = wait(give.call(&mut store, vec![])).expect("it answers").expect("a stream");
    let error = wait(take.call(&mut store, vec![stream])).expect_err("another resource");
    assert!(error.to_string().contains("of another type than the guest expects"), "{error}");
}
