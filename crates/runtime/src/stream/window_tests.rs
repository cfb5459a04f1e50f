//! Guests that read, write and cancel as if by chance, with windows and without: nobody can tell which it was.

use std::sync::{Arc, Mutex};

use thalweg_testkit::polling::finish;

use super::window::Windows;
use crate::{Choose, Component, Config, Engine, Features, Gate, Linker, Result, Store, Trap};

/// What a guest of a chain does. A source writes, a relay reads and writes, a sink reads.
#[derive(Clone, Copy)]
enum Role {
    Source = 1,
    Relay = 2,
    Sink = 3,
}

use Role::{Relay, Sink, Source};

/// Items are `$shift` bits of bytes. Lengths, cancellations, calls of the host and growth of the memory come from the seed;
/// its upper bits name a guest that does something forbidden in its turn 300. What a guest notes in the end was computed
/// from every result that it got and every byte that came.
const GUEST: &str = r#"
  (type $stream (stream ITEM))
  (core module $Memory (memory (export "memory") 1))
  (core instance $memory (instantiate $Memory))
  (core func $note (canon lower (func $note)))
  (core func $return-stream (canon task.return (result $stream)))
  (core func $return-sum (canon task.return (result u64)))
  (core func $join (canon waitable.join))
  (core func $set-new (canon waitable-set.new))
  (core func $get (canon context.get i32 0))
  (core func $subtask-drop (canon subtask.drop))
  (core func $new (canon stream.new $stream))
  (core func $read (canon stream.read $stream async (memory (core memory $memory "memory"))))
  (core func $write (canon stream.write $stream async (memory (core memory $memory "memory"))))
  (core func $cancel-read (canon stream.cancel-read $stream async))
  (core func $cancel-write (canon stream.cancel-write $stream async))
  (core func $drop-readable (canon stream.drop-readable $stream))
  (core func $drop-writable (canon stream.drop-writable $stream))
  (core module $M
    (import "" "memory" (memory 1))
    (import "" "produce" (func $produce (param i32 i32) (result i32)))
    (import "" "note" (func $note (param i64)))
    (import "" "return-stream" (func $return-stream (param i32)))
    (import "" "return-sum" (func $return-sum (param i64)))
    (import "" "join" (func $join (param i32 i32)))
    (import "" "set-new" (func $set-new (result i32)))
    (import "" "get" (func $get (result i32)))
    (import "" "subtask-drop" (func $subtask-drop (param i32)))
    (import "" "new" (func $new (result i64)))
    (import "" "read" (func $read (param i32 i32 i32) (result i32)))
    (import "" "write" (func $write (param i32 i32 i32) (result i32)))
    (import "" "cancel-read" (func $cancel-read (param i32) (result i32)))
    (import "" "cancel-write" (func $cancel-write (param i32) (result i32)))
    (import "" "drop-readable" (func $drop-readable (param i32)))
    (import "" "drop-writable" (func $drop-writable (param i32)))
    (global $role i32 (i32.const ROLE))
    (global $shift i32 (i32.const SHIFT))
    (global $seed (mut i32) (i32.const 0))
    (global $forbidden (mut i32) (i32.const 0))
    (global $often (mut i32) (i32.const 7))
    (global $set (mut i32) (i32.const 0))
    (global $in (mut i32) (i32.const 0))
    (global $out (mut i32) (i32.const 0))
    (global $turn (mut i32) (i32.const 0))
    (global $left (mut i32) (i32.const 900))
    (global $buffer (mut i32) (i32.const 1024))
    (global $at (mut i32) (i32.const 1024))
    (global $held (mut i32) (i32.const 0))
    (global $ended (mut i32) (i32.const 0))
    (global $gone (mut i32) (i32.const 0))
    (global $copying (mut i32) (i32.const 0))
    (global $byte (mut i32) (i32.const 0))
    (global $sum (mut i64) (i64.const 7))
    (func $chance (param $n i32) (result i32)
      (global.set $seed (i32.add (i32.mul (global.get $seed) (i32.const 1103515245)) (i32.const 12345)))
      (i32.rem_u (i32.and (i32.shr_u (global.get $seed) (i32.const 12)) (i32.const 0xffff)) (local.get $n)))
    (func $add (param $what i32)
      (global.set $sum (i64.add (i64.mul (global.get $sum) (i64.const 31)) (i64.extend_i32_u (local.get $what)))))
    (func $wait (result i32) (i32.or (i32.const 2) (i32.shl (global.get $set) (i32.const 4))))
    (func $min (param i32 i32) (result i32)
      (select (local.get 0) (local.get 1) (i32.lt_u (local.get 0) (local.get 1))))
    (func $read-done (param $result i32)
      (call $add (local.get $result))
      (global.set $copying (i32.const 0))
      (global.set $at (global.get $buffer))
      (global.set $held (i32.shr_u (local.get $result) (i32.const 4)))
      (global.set $ended (i32.eq (i32.and (local.get $result) (i32.const 15)) (i32.const 1))))
    (func $write-done (param $result i32) (local $n i32)
      (call $add (local.get $result))
      (global.set $copying (i32.const 0))
      (local.set $n (i32.shr_u (local.get $result) (i32.const 4)))
      (global.set $at (i32.add (global.get $at) (i32.shl (local.get $n) (global.get $shift))))
      (global.set $held (i32.sub (global.get $held) (local.get $n)))
      (global.set $gone (i32.eq (i32.and (local.get $result) (i32.const 15)) (i32.const 1))))
    (func $finish (result i32)
      (if (global.get $in) (then (call $drop-readable (global.get $in))))
      (if (global.get $out) (then (call $drop-writable (global.get $out))))
      (call $note (global.get $sum))
      (if (i32.eq (global.get $role) (i32.const 3)) (then (call $return-sum (global.get $sum))))
      (i32.const 0))
    (func $fill (local $i i32)
      (global.set $at (global.get $buffer))
      (global.set $held (call $min (global.get $left) (i32.add (i32.const 1) (call $chance (i32.const 4)))))
      (global.set $left (i32.sub (global.get $left) (global.get $held)))
      (loop $next
        (global.set $byte (i32.add (i32.mul (global.get $byte) (i32.const 5)) (i32.const 3)))
        (i32.store8 (i32.add (global.get $at) (local.get $i)) (global.get $byte))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $i) (i32.shl (global.get $held) (global.get $shift))))))
    (func $take (local $i i32)
      (loop $next
        (call $add (i32.load8_u (i32.add (global.get $at) (local.get $i))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $i) (i32.shl (global.get $held) (global.get $shift)))))
      (global.set $held (i32.const 0)))
    ;; A call of the host, a larger memory and another place in it, or what is forbidden.
    (func $now-and-then (local $end i32) (local $pages i32)
      (global.set $turn (i32.add (global.get $turn) (i32.const 1)))
      (if (i32.eqz (call $chance (global.get $often))) (then (call $add (call $get))))
      (if (i32.and (i32.eqz (global.get $held)) (i32.eqz (call $chance (i32.const 101)))) (then
        (local.set $pages (memory.grow (i32.const 1)))
        (if (i32.lt_u (local.get $pages) (i32.const 100)) (then
          (global.set $buffer (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 64)))))))
      (br_if 0 (i32.lt_u (global.get $turn) (i32.const 300)))
      (local.set $end (select (global.get $in) (global.get $out) (global.get $in)))
      (block $long (block $far (block $handle (block $none (block $unaligned
        (br_table $none $unaligned $handle $far $long $none (global.get $forbidden)))
        (call $copy (local.get $end) (i32.const 1025) (i32.const 1)) (return))
        (return))
        (call $copy (i32.add (local.get $end) (i32.const 100)) (i32.const 1024) (i32.const 1)) (return))
        (call $copy (local.get $end) (i32.const -64) (i32.const 1)) (return))
      (call $copy (local.get $end) (i32.const 1024) (i32.const 0x10000000)))
    (func $copy (param $end i32) (param $ptr i32) (param $length i32)
      (if (global.get $in)
        (then (drop (call $read (local.get $end) (local.get $ptr) (local.get $length))))
        (else (drop (call $write (local.get $end) (local.get $ptr) (local.get $length))))))
    (func $go-on (result i32) (local $result i32)
      (loop $next
        (call $now-and-then)
        (if (global.get $held)
          (then
            (if (i32.eqz (global.get $out)) (then (call $take) (br $next)))
            (if (global.get $gone) (then (return (call $finish))))
            (local.set $result (call $write (global.get $out) (global.get $at)
              (call $min (global.get $held) (call $chance (i32.const 6)))))
            (if (i32.eq (local.get $result) (i32.const -1)) (then
              (global.set $copying (i32.const 3))
              (if (call $chance (i32.const 9)) (then (return (call $wait))))
              (local.set $result (call $cancel-write (global.get $out)))))
            (call $write-done (local.get $result)))
          (else
            (if (i32.eqz (global.get $in)) (then
              (if (i32.eqz (global.get $left)) (then (return (call $finish))))
              (call $fill) (br $next)))
            (if (global.get $ended) (then (return (call $finish))))
            (local.set $result
              (call $read (global.get $in) (global.get $buffer) (call $chance (i32.const 5))))
            (if (i32.eq (local.get $result) (i32.const -1)) (then
              (global.set $copying (i32.const 2))
              (if (call $chance (i32.const 9)) (then (return (call $wait))))
              (local.set $result (call $cancel-read (global.get $in)))))
            (call $read-done (local.get $result))))
        (br $next))
      (unreachable))
    (func $begin (result i32) (local $ends i64)
      (if (i32.ne (global.get $role) (i32.const 1)) (then
        (global.set $in (i32.load (i32.const 16)))
        (call $join (global.get $in) (global.get $set))))
      (if (i32.ne (global.get $role) (i32.const 3)) (then
        (local.set $ends (call $new))
        (global.set $out (i32.wrap_i64 (i64.shr_u (local.get $ends) (i64.const 32))))
        (call $join (global.get $out) (global.get $set))
        (call $return-stream (i32.wrap_i64 (local.get $ends)))))
      (call $go-on))
    (func (export "start") (param $seed i32) (result i32) (local $answer i32)
      (global.set $seed (i32.add (local.get $seed) (global.get $role)))
      ;; Some rarely call the host, so that there are lanes.
      (if (i32.and (local.get $seed) (i32.const 256)) (then (global.set $often (i32.const 97))))
      (if (i32.eq (i32.shr_u (local.get $seed) (i32.const 28)) (global.get $role)) (then
        (global.set $forbidden (i32.and (i32.shr_u (local.get $seed) (i32.const 24)) (i32.const 15)))))
      (global.set $set (call $set-new))
      (if (i32.eq (global.get $role) (i32.const 1)) (then (return (call $begin))))
      (local.set $answer (call $produce (local.get $seed) (i32.const 16)))
      (if (i32.eq (i32.and (local.get $answer) (i32.const 15)) (i32.const 2))
        (then (return (call $begin))))
      (call $join (i32.shr_u (local.get $answer) (i32.const 4)) (global.get $set))
      (call $wait))
    (func (export "callback") (param $event i32) (param $index i32) (param $result i32) (result i32)
      (if (i32.eq (local.get $event) (i32.const 1)) (then
        (if (i32.ne (local.get $result) (i32.const 2)) (then (return (call $wait))))
        (call $subtask-drop (local.get $index))
        (return (call $begin))))
      ;; The other end of what is idle may be gone.
      (if (i32.ne (local.get $event) (global.get $copying)) (then
        (call $add (local.get $result))
        (if (i32.eq (local.get $event) (i32.const 2))
          (then (global.set $ended (i32.const 1)))
          (else (global.set $gone (i32.const 1))))
        (return (call $wait))))
      (if (i32.eq (local.get $event) (i32.const 2))
        (then (call $read-done (local.get $result)))
        (else (call $write-done (local.get $result))))
      (call $go-on)))
  PRODUCE
  (core instance $i (instantiate $M (with "" (instance
    (export "memory" (memory $memory "memory")) (export "produce" (func $core-produce)) (export "note" (func $note))
    (export "return-stream" (func $return-stream)) (export "return-sum" (func $return-sum))
    (export "join" (func $join)) (export "set-new" (func $set-new)) (export "get" (func $get))
    (export "subtask-drop" (func $subtask-drop)) (export "new" (func $new))
    (export "read" (func $read)) (export "write" (func $write))
    (export "cancel-read" (func $cancel-read)) (export "cancel-write" (func $cancel-write))
    (export "drop-readable" (func $drop-readable)) (export "drop-writable" (func $drop-writable))))))
"#;

/// The guest with a memory of 64 bits: it calculates addresses as ever, and makes long ones of them where they are used.
fn widened(guest: &str) -> String {
    let pairs = [
        (r#"(memory (export "memory") 1)"#, r#"(memory (export "memory") i64 1)"#),
        (r#"(import "" "memory" (memory 1))"#, r#"(import "" "memory" (memory i64 1))"#),
        ("(func $produce (param i32 i32) (result i32))", "(func $produce-64 (param i32 i64) (result i32))"),
        ("(func $read (param i32 i32 i32) (result i32))", "(func $read-64 (param i32 i64 i64) (result i64))"),
        ("(func $write (param i32 i32 i32) (result i32))", "(func $write-64 (param i32 i64 i64) (result i64))"),
        (
            "    (func $chance ",
            "    (func $produce (param i32 i32) (result i32)
      (call $produce-64 (local.get 0) (i64.extend_i32_u (local.get 1))))
    (func $read (param i32 i32 i32) (result i32)
      (i32.wrap_i64 (call $read-64 (local.get 0) (i64.extend_i32_u (local.get 1)) (i64.extend_i32_u (local.get 2)))))
    (func $write (param i32 i32 i32) (result i32)
      (i32.wrap_i64 (call $write-64 (local.get 0) (i64.extend_i32_u (local.get 1)) (i64.extend_i32_u (local.get 2)))))
    (func $chance ",
        ),
        ("(i32.load (i32.const 16))", "(i32.load (i64.const 16))"),
        (
            "(i32.store8 (i32.add (global.get $at) (local.get $i))",
            "(i32.store8 (i64.extend_i32_u (i32.add (global.get $at) (local.get $i)))",
        ),
        (
            "(i32.load8_u (i32.add (global.get $at) (local.get $i)))",
            "(i32.load8_u (i64.extend_i32_u (i32.add (global.get $at) (local.get $i))))",
        ),
        ("(memory.grow (i32.const 1))", "(i32.wrap_i64 (memory.grow (i64.const 1)))"),
        ("(memory.size)", "(i32.wrap_i64 (memory.size))"),
        (
            r#"(func (export "produce") (param i32 i32) (result i32) unreachable)"#,
            r#"(func (export "produce") (param i32 i64) (result i32) unreachable)"#,
        ),
    ];
    pairs.iter().fold(guest.to_owned(), |text, (narrow, wide)| {
        assert!(text.contains(narrow) || narrow.contains("unreachable"), "{narrow}");
        text.replace(narrow, wide)
    })
}

/// A component of guests of these roles, each the next one's producer. With `locks`, compiled adapters lock instances.
fn chain(roles: &[Role], item: &str, shift: u32, locks: bool) -> String {
    chain_with(roles, item, shift, locks, |_| false)
}

/// The same, of which those with `wide` numbers have memories of 64 bits.
fn chain_with(roles: &[Role], item: &str, shift: u32, locks: bool, wide: impl Fn(usize) -> bool) -> String {
    let mut text = String::from("(component\n(import \"note\" (func $note (param \"sum\" u64)))\n");
    for (i, &role) in roles.iter().enumerate() {
        let (import, produce) = match role {
            Source => (
                String::new(),
                r#"(core module $No (func (export "produce") (param i32 i32) (result i32) unreachable))
                (core instance $no (instantiate $No))
                (alias core export $no "produce" (core func $core-produce))"#,
            ),
            Relay | Sink => (
                format!("(import \"produce\" (func $produce async (param \"seed\" u32) (result (stream {item}))))"),
                r#"(core func $core-produce (canon lower (func $produce) async (memory (core memory $memory "memory"))))"#,
            ),
        };
        let (export, result) =
            if matches!(role, Sink) { ("run", "u64".into()) } else { ("produce", format!("(stream {item})")) };
        text += &format!("(component ${export}{i} (import \"note\" (func $note (param \"sum\" u64)))\n{import}\n");
        let guest = GUEST.replace("PRODUCE", produce).replace("ITEM", item).replace("SHIFT", &shift.to_string());
        let guest = if wide(i) { widened(&guest) } else { guest };
        text += &guest.replace("ROLE", &(role as u32).to_string());
        text += &format!("(func (export \"{export}\") async (param \"seed\" u32) (result {result})\n");
        text += "(canon lift (core func $i \"start\") async (callback (core func $i \"callback\")))))\n";
        let with = if i == 0 { String::new() } else { format!("(with \"produce\" (func ${} \"produce\"))", i - 1) };
        text += &format!("(instance ${i} (instantiate ${export}{i} (with \"note\" (func $note)) {with}))\n");
    }
    if locks {
        text += LOCKS;
    }
    text + &format!("(func (export \"run\") (alias export ${} \"run\")))\n", roles.len() - 1)
}

/// Two components with a call that has an adapter.
const LOCKS: &str = r#"
  (component $Callee
    (core module $M (func (export "f") (param i32) (result i32) (local.get 0)))
    (core instance $i (instantiate $M))
    (func (export "f") (param "x" u32) (result u32) (canon lift (core func $i "f"))))
  (component $Caller
    (import "f" (func $f (param "x" u32) (result u32)))
    (core func $f (canon lower (func $f)))
    (core module $M (import "" "f" (func $f (param i32) (result i32)))
      (func $start (drop (call $f (i32.const 1)))) (start $start))
    (core instance (instantiate $M (with "" (instance (export "f" (func $f)))))))
  (instance $callee (instantiate $Callee))
  (instance (instantiate $Caller (with "f" (func $callee "f"))))
"#;

struct World {
    engine: Engine,
    component: Component,
}

/// What a run came to: the answer, what the guests noted, and what is left in the store.
type Outcome = (Result<u64, String>, Vec<u64>, String);

impl World {
    fn new(text: &str) -> Self {
        let mut features = Features::shipped();
        features
            .open(Gate::AsyncStackful)
            .unwrap()
            .open(Gate::MoreAsyncBuiltins)
            .unwrap()
            .open(Gate::Memory64)
            .unwrap();
        let engine = Engine::new(Config::new().features(features)).unwrap();
        let component =
            Component::from_bytes(&engine, text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
        World { engine, component }
    }

    /// Runs the chain; says as well whether windows were used, how many of those that were opened while a guest ran, and how
    /// many turns were made in lanes.
    fn run(&self, choose: Choose, seed: u32, windows: bool) -> (Outcome, (bool, u32, u32)) {
        let notes = Arc::new(Mutex::new(Vec::new()));
        let mut linker = Linker::new(&self.engine);
        let noted = notes.clone();
        linker
            .instance("")
            .unwrap()
            .func("note", move |_, (sum,): (u64,)| {
                noted.lock().unwrap().push(sum);
                Ok(())
            })
            .unwrap();
        let mut store = Store::new(&self.engine, ());
        store.set_choose(choose);
        let instance = finish(linker.instantiate(&mut store, &self.component)).unwrap();
        if !windows {
            let close = |store: &mut crate::engine::StoreMut<'_>| {
                store.state_mut().windows = Windows::default();
                Ok(())
            };
            store.run(close).unwrap();
        }
        let func = instance.func::<(u32,), u64>(&mut store, "run").unwrap();
        let mut answer = finish(func.call(&mut store, (seed,)));
        if answer.is_ok()
            && let Err(error) = finish(store.settle())
        {
            answer = Err(error);
        }
        let answer = answer.map_err(|error| format!("{:?}: {error}", error.as_trap()));
        let windows = &store.state().windows;
        let used = (windows.were_used(), windows.used_between(), windows.in_lanes);
        ((answer, notes.lock().unwrap().clone(), format!("{:?}", store.live())), used)
    }
}

/// The same with windows as without, by several choices; and how often windows were used under seeds, how many of those that
/// were opened while a guest ran, and how many turns were made in lanes by the first choice and under seeds.
fn same(world: &World, seed: u32) -> (Outcome, [u32; 4]) {
    let (mut first, mut seeded) = (None, [0; 4]);
    for choices in 0..4 {
        let choose = || if choices == 0 { Choose::first() } else { Choose::seeded(choices) };
        let (without, (none, ..)) = world.run(choose(), seed, false);
        let (with, (used, between, in_lanes)) = world.run(choose(), seed, true);
        assert_eq!(with, without, "seed {seed:x}, choices {choices}");
        // Under seeds guests may have stacks that they don't need, where there are no windows.
        assert!((used || choices > 0) && !none, "seed {seed:x}, choices {choices}");
        seeded[0] += u32::from(used && choices > 0);
        seeded[1] += between;
        seeded[if choices == 0 { 2 } else { 3 }] += in_lanes;
        first.get_or_insert(with);
    }
    (first.unwrap(), seeded)
}

const CHAINS: [&[Role]; 3] = [&[Source, Sink], &[Source, Relay, Sink], &[Source, Relay, Relay, Sink]];

#[test]
fn windows_are_not_seen() {
    for (item, shift) in [("u8", 0), ("f32", 2), ("s64", 3)] {
        for (i, roles) in CHAINS.into_iter().enumerate() {
            let world = World::new(&chain(roles, item, shift, i == 1));
            let mut counts = [0; 4];
            for seed in [1, 2, 3, 257, 258, 259] {
                let ((answer, notes, _), used) = same(&world, seed);
                assert!(answer.is_ok(), "{answer:?}");
                assert_eq!(notes.len(), roles.len());
                for (count, used) in counts.iter_mut().zip(used) {
                    *count += used;
                }
            }
            assert!(counts[2] > 0 && counts[3] > 0, "there must be lanes: {counts:?}");
            assert!(counts[0] > 0, "the other choices must meet windows, too");
            assert!(counts[1] > 0, "some must be opened while a guest runs");
        }
    }
}

/// Where one of both ends has a memory of 64 bits there is no window; what is read and written is the same.
#[test]
fn memories_of_64_bits_have_no_windows() {
    let roles = [Source, Relay, Sink];
    let narrow = World::new(&chain(&roles, "s64", 3, false));
    let expected: Vec<_> = (1..3).map(|seed| narrow.run(Choose::first(), seed, true).0).collect();
    for wide in 1..8 {
        let world = World::new(&chain_with(&roles, "s64", 3, false, |i| wide >> i & 1 == 1));
        for (seed, expected) in (1..3).zip(&expected) {
            for choices in 0..3 {
                let choose = || if choices == 0 { Choose::first() } else { Choose::seeded(choices) };
                let (without, (none, ..)) = world.run(choose(), seed, false);
                let (with, (used, ..)) = world.run(choose(), seed, true);
                assert_eq!(with, without, "wide {wide:b}, seed {seed}, choices {choices}");
                assert!(!none && (choices > 0 || used == matches!(wide, 1 | 4)), "wide {wide:b}, seed {seed}");
                assert!(choices > 0 || with == *expected, "wide {wide:b}, seed {seed}");
            }
        }
    }
}

#[test]
fn what_traps_without_windows_traps_with_them() {
    let world = World::new(&chain(&[Source, Relay, Sink], "u32", 2, false));
    for role in [Source, Relay, Sink] {
        let traps = [Trap::UnalignedPointer, Trap::UnknownHandle(0), Trap::PointerOutOfBounds, Trap::BufferTooLong];
        for (forbidden, trap) in (1..).zip(traps) {
            let ((answer, ..), _) = same(&world, (role as u32) << 28 | forbidden << 24 | 9);
            let told = answer.unwrap_err();
            let name = format!("{trap:?}");
            let name = name.split('(').next().unwrap_or_default();
            assert!(told.starts_with(&format!("Some({name}")), "{told}");
        }
    }
}
