//! Copies between a guest and the host: the short ways, which the first choice takes, and the long ones, which seeds mix
//! them with, come to the same.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use thalweg::{
    Choose, Component, Config, Destination, Engine, Features, Flow, Gate, Linker, Result, Source, Store,
    StreamConsumer, StreamProducer, StreamReader,
};
use thalweg_testkit::polling::finish;

/// Reads or writes in lengths of 0 to 4 bytes, until the other end is gone or 40 bytes were written. What it answers is
/// computed from every result and every byte that came.
const GUEST: &str = r#"(component
  (import "source" (func $source (result (stream u8))))
  (import "sink" (func $sink (param "from" (stream u8))))
  (type $stream (stream u8))
  (core module $memory (memory (export "memory") 1))
  (core instance $memory (instantiate $memory))
  (core func $source (canon lower (func $source)))
  (core func $sink (canon lower (func $sink)))
  (core func $return (canon task.return (result u64)))
  (core func $join (canon waitable.join))
  (core func $set-new (canon waitable-set.new))
  (core func $new (canon stream.new $stream))
  (core func $read (canon stream.read $stream async (memory (core memory $memory "memory"))))
  (core func $write (canon stream.write $stream async (memory (core memory $memory "memory"))))
  (core func $drop-readable (canon stream.drop-readable $stream))
  (core func $drop-writable (canon stream.drop-writable $stream))
  (core module $m
    (import "" "memory" (memory 1))
    (import "" "source" (func $source (result i32)))
    (import "" "sink" (func $sink (param i32)))
    (import "" "return" (func $return (param i64)))
    (import "" "join" (func $join (param i32 i32)))
    (import "" "set-new" (func $set-new (result i32)))
    (import "" "new" (func $new (result i64)))
    (import "" "read" (func $read (param i32 i32 i32) (result i32)))
    (import "" "write" (func $write (param i32 i32 i32) (result i32)))
    (import "" "drop-readable" (func $drop-readable (param i32)))
    (import "" "drop-writable" (func $drop-writable (param i32)))
    (global $set (mut i32) (i32.const 0))
    (global $end (mut i32) (i32.const 0))
    (global $writes (mut i32) (i32.const 0))
    (global $turn (mut i32) (i32.const 0))
    (global $moved (mut i32) (i32.const 0))
    (global $sum (mut i64) (i64.const 7))
    (func $note (param $what i32)
      (global.set $sum
        (i64.add (i64.mul (global.get $sum) (i64.const 31)) (i64.extend_i32_u (local.get $what)))))
    ;; Whether the stream goes on.
    (func $done (param $result i32) (result i32) (local $count i32) (local $i i32)
      (call $note (local.get $result))
      (local.set $count (i32.shr_u (local.get $result) (i32.const 4)))
      (global.set $moved (i32.add (global.get $moved) (local.get $count)))
      (block $end (loop $byte
        (br_if $end (i32.ge_u (local.get $i) (local.get $count)))
        (call $note (i32.load8_u offset=64 (local.get $i)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $byte)))
      (i32.and
        (i32.eqz (i32.and (local.get $result) (i32.const 15)))
        (i32.or (i32.eqz (global.get $writes)) (i32.lt_u (global.get $moved) (i32.const 40)))))
    (func $go-on (result i32) (local $length i32) (local $result i32)
      (loop $next
        (global.set $turn (i32.add (global.get $turn) (i32.const 1)))
        (local.set $length (i32.rem_u (i32.mul (global.get $turn) (i32.const 7)) (i32.const 5)))
        (local.set $result (if (result i32) (global.get $writes)
          (then (i32.store (i32.const 64) (i32.mul (global.get $turn) (i32.const 0x01020304)))
            (call $write (global.get $end) (i32.const 64) (local.get $length)))
          (else (call $read (global.get $end) (i32.const 64) (local.get $length)))))
        (if (i32.eq (local.get $result) (i32.const -1))
          (then (return (i32.or (i32.const 2) (i32.shl (global.get $set) (i32.const 4))))))
        (br_if $next (call $done (local.get $result))))
      (call $finish))
    (func $finish (result i32)
      (if (global.get $writes)
        (then (call $drop-writable (global.get $end)))
        (else (call $drop-readable (global.get $end))))
      (call $return (global.get $sum))
      (i32.const 0))
    (func $begin (param $end i32) (result i32)
      (global.set $end (local.get $end))
      (global.set $set (call $set-new))
      (call $join (local.get $end) (global.get $set))
      (call $go-on))
    (func (export "read") (result i32) (call $begin (call $source)))
    (func (export "write") (result i32) (local $ends i64)
      (global.set $writes (i32.const 1))
      (local.set $ends (call $new))
      (call $sink (i32.wrap_i64 (local.get $ends)))
      (call $begin (i32.wrap_i64 (i64.shr_u (local.get $ends) (i64.const 32)))))
    (func (export "callback") (param $event i32) (param $index i32) (param $result i32) (result i32)
      (if (result i32) (call $done (local.get $result)) (then (call $go-on)) (else (call $finish)))))
  (core instance $i (instantiate $m (with "" (instance
    (export "memory" (memory $memory "memory"))
    (export "source" (func $source)) (export "sink" (func $sink)) (export "return" (func $return))
    (export "join" (func $join)) (export "set-new" (func $set-new)) (export "new" (func $new))
    (export "read" (func $read)) (export "write" (func $write))
    (export "drop-readable" (func $drop-readable)) (export "drop-writable" (func $drop-writable))))))
  (func (export "read") async (result u64)
    (canon lift (core func $i "read") async (callback (core func $i "callback"))))
  (func (export "write") async (result u64)
    (canon lift (core func $i "write") async (callback (core func $i "callback")))))"#;

/// The guest with a memory of 64 bits.
fn widened() -> String {
    let pairs = [
        (r#"(memory (export "memory") 1)"#, r#"(memory (export "memory") i64 1)"#),
        (r#"(import "" "memory" (memory 1))"#, r#"(import "" "memory" (memory i64 1))"#),
        ("(func $read (param i32 i32 i32) (result i32))", "(func $read (param i32 i64 i64) (result i64))"),
        ("(func $write (param i32 i32 i32) (result i32))", "(func $write (param i32 i64 i64) (result i64))"),
        ("(i32.load8_u offset=64 (local.get $i))", "(i32.load8_u offset=64 (i64.extend_i32_u (local.get $i)))"),
        ("(i32.store (i32.const 64)", "(i32.store (i64.const 64)"),
        (
            "(call $write (global.get $end) (i32.const 64) (local.get $length))",
            "(i32.wrap_i64 (call $write (global.get $end) (i64.const 64) (i64.extend_i32_u (local.get $length))))",
        ),
        (
            "(call $read (global.get $end) (i32.const 64) (local.get $length))",
            "(i32.wrap_i64 (call $read (global.get $end) (i64.const 64) (i64.extend_i32_u (local.get $length))))",
        ),
    ];
    pairs.iter().fold(GUEST.to_owned(), |text, (narrow, wide)| {
        assert!(text.contains(narrow), "{narrow}");
        text.replace(narrow, wide)
    })
}

/// What the host's end does when it is polled.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Is pending once.
    Wait,
    /// Moves up to so many bytes.
    Move(usize),
    /// Moves up to so many bytes, and is over.
    End(usize),
}

use Step::{End, Move, Wait};

struct HostEnd {
    steps: VecDeque<Step>,
    next: u8,
    log: Arc<Mutex<Vec<u8>>>,
}

impl HostEnd {
    /// How many bytes to move, and what to answer; none: pending.
    fn step(&mut self, task: &Context<'_>, room: usize) -> Option<(usize, Flow)> {
        match self.steps.front().copied().unwrap_or(End(0)) {
            Wait => {
                self.steps.pop_front();
                task.waker().wake_by_ref();
                None
            }
            _ if room == 0 => Some((0, Flow::Continue)),
            Move(n) => {
                self.steps.pop_front();
                Some((n.min(room), Flow::Continue))
            }
            End(n) => Some((n.min(room), Flow::End)),
        }
    }
}

impl StreamProducer<u8> for HostEnd {
    fn poll_produce(&mut self, task: &mut Context<'_>, destination: &mut Destination<'_, u8>) -> Poll<Result<Flow>> {
        let Some((n, flow)) = self.step(task, destination.remaining()) else { return Poll::Pending };
        for _ in 0..n {
            self.next = self.next.wrapping_add(1);
            destination.write(&[self.next])?;
        }
        Poll::Ready(Ok(flow))
    }
}

impl StreamConsumer<u8> for HostEnd {
    fn poll_consume(&mut self, task: &mut Context<'_>, source: &mut Source<'_, u8>) -> Poll<Result<Flow>> {
        let Some((n, flow)) = self.step(task, source.remaining()) else { return Poll::Pending };
        self.log.lock().expect("nobody panicked").extend_from_slice(&source.bytes()?[..n]);
        source.advance(n);
        Poll::Ready(Ok(flow))
    }

    fn end(&mut self) {
        self.log.lock().expect("nobody panicked").push(0xff);
    }
}

/// What the guest's `name` answers, what a consumer got, and how often the store was left with something.
fn run(engine: &Engine, component: &Component, choose: Choose, name: &str, steps: &[Step]) -> (u64, Vec<u8>, usize) {
    let log = Arc::new(Mutex::new(Vec::new()));
    let end = {
        let (steps, log) = (VecDeque::from(steps.to_vec()), log.clone());
        move || HostEnd { steps: steps.clone(), next: 0, log: log.clone() }
    };
    let mut linker = Linker::new(engine);
    let source = end.clone();
    linker.instance("").expect("free").func("source", move |_, ()| Ok(StreamReader::new(source()))).expect("free");
    linker
        .instance("")
        .expect("free")
        .func("sink", move |_, (stream,): (StreamReader<u8>,)| {
            stream.pipe(end());
            Ok(())
        })
        .expect("free");
    let mut store = Store::new(engine, ());
    store.set_choose(choose);
    let instance = finish(linker.instantiate(&mut store, component)).expect("an instance");
    let func = instance.func::<(), u64>(&mut store, name).expect("an export");
    let sum = finish(func.call(&mut store, ())).expect("a sum");
    finish(store.settle()).expect("no trap");
    let live = store.live();
    let got = log.lock().expect("nobody panicked").clone();
    (sum, got, live.streams_and_futures + live.ends + live.orphans)
}

#[test]
fn short_ways_and_long_ones_come_to_the_same() {
    let mut features = Features::shipped();
    features.open(Gate::Memory64).unwrap();
    let engine = Engine::new(Config::new().features(features)).unwrap();
    let component = Component::from_bytes(&engine, GUEST.as_bytes()).unwrap();
    let wide = Component::from_bytes(&engine, widened().as_bytes()).unwrap();
    let scripts: [&[Step]; 6] = [
        &[Move(1), Move(9), Wait, Move(2), Move(3), Wait, Wait, Move(1), End(3)],
        &[Wait, Move(4), Move(4), Move(4), End(0)],
        &[Move(4), Wait, End(1)],
        &[End(2)],
        &[Wait, End(0)],
        &[Move(4); 30],
    ];
    let mut sums = Vec::new();
    for name in ["read", "write"] {
        for steps in scripts {
            let expected = run(&engine, &component, Choose::first(), name, steps);
            assert_eq!(expected.2, 0, "{name} {steps:?} leaves something behind");
            for seed in 0..20 {
                let choose = Choose::seeded(seed);
                assert_eq!(run(&engine, &component, choose, name, steps), expected, "{name} {steps:?} seed {seed}");
                let choose = if seed == 0 { Choose::first() } else { Choose::seeded(seed) };
                assert_eq!(run(&engine, &wide, choose, name, steps), expected, "{name} {steps:?} seed {seed}, 64 bits");
            }
            sums.push(expected.0);
        }
    }
    sums.sort_unstable();
    sums.dedup();
    assert!(sums.len() > 8, "the scripts differ in nothing that shows");
}
