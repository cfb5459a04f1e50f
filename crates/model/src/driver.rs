//! The guests of a script: components that do what a step says, written as text.
//!
//! Each driver has a function that is not async for each step, and jobs that the drivers after it call: `job` has a
//! callback, `held` is of an async type but lifted without `async`, `stack` is async without a callback. The last two, and
//! `wait`, exist in blocking worlds only: in others nobody can block, so that calls take the runtime's short ways.

use std::fmt::Write;

/// Built-ins that are functions of the driver as they are: name, canonical definition, numbers in.
const BUILT_INS: [(&str, &str, usize); 20] = [
    ("stream-read", "stream.read $S async (memory (core memory $memory \"mem\"))", 3),
    ("stream-write", "stream.write $S async (memory (core memory $memory \"mem\"))", 3),
    ("future-read", "future.read $F async (memory (core memory $memory \"mem\"))", 2),
    ("future-write", "future.write $F async (memory (core memory $memory \"mem\"))", 2),
    ("stream-cancel-read", "stream.cancel-read $S async", 1),
    ("stream-cancel-write", "stream.cancel-write $S async", 1),
    ("future-cancel-read", "future.cancel-read $F async", 1),
    ("future-cancel-write", "future.cancel-write $F async", 1),
    ("subtask-cancel", "subtask.cancel async", 1),
    ("set-new", "waitable-set.new", 0),
    ("stream-drop-readable", "stream.drop-readable $S", 1),
    ("stream-drop-writable", "stream.drop-writable $S", 1),
    ("future-drop-readable", "future.drop-readable $F", 1),
    ("future-drop-writable", "future.drop-writable $F", 1),
    ("set-drop", "waitable-set.drop", 1),
    ("join", "waitable.join", 2),
    ("subtask-drop", "subtask.drop", 1),
    ("stream-forward", "stream.forward $S", 2),
    ("future-forward", "future.forward $F", 2),
    ("inc", "backpressure.inc", 0),
];
/// Of these, how many answer something.
const ANSWERING: usize = 10;

/// What is the same in each driver: folded answers, the job and its callback.
const CODE: &str = r#"
      (func $fold (param i64) (result i32)
        (i32.or (i32.and (i32.wrap_i64 (local.get 0)) (i32.const 0xffff))
          (i32.shl (i32.wrap_i64 (i64.shr_u (local.get 0) (i64.const 32))) (i32.const 16))))
      (func (export "stream-new") (result i32) (call $fold (call $stream-new)))
      (func (export "future-new") (result i32) (call $fold (call $future-new)))
      (func (export "dec") (result i32) (call $dec) (i32.const 0))
      (func $last (result i32)
        (i32.add
          (i32.mul
            (i32.add (i32.mul (i32.load (i32.const 0)) (i32.const 31)) (i32.load (i32.const 4)))
            (i32.const 31))
          (i32.load (i32.const 8))))
      (func (export "poll") (param i32) (result i32)
        (i32.store (i32.const 0) (call $poll (local.get 0) (i32.const 4)))
        (call $last))
      (func (export "same") (param i32) (result i32) (local.get 0))
      (global $hash (mut i32) (i32.const 0))
      (func $note (param i32)
        (global.set $hash (i32.add (i32.mul (global.get $hash) (i32.const 31)) (local.get 0))))
      (func (export "hash") (result i32)
        (local $at i32) (local $hash i32)
        (local.set $hash (global.get $hash))
        (local.set $at (i32.const 64))
        (loop $more
          (local.set $hash (i32.add (i32.mul (local.get $hash) (i32.const 31)) (i32.load8_u (local.get $at))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br_if $more (i32.lt_u (local.get $at) (i32.const 128))))
        (local.get $hash))
      (func $first (drop (call $set-new)))
      (start $first)
      (func (export "job") (param $mode i32) (result i32)
        (call $put (local.get $mode))
        (if (i32.eqz (local.get $mode)) (then (call $return (i32.const 100)) (return (i32.const 0))))
        (select (i32.const 1 (; YIELD ;)) (i32.const 18 (; WAIT on set 1 ;))
          (i32.or (i32.eq (local.get $mode) (i32.const 1)) (i32.eq (local.get $mode) (i32.const 4)))))
      (func (export "on") (param $event i32) (param $index i32) (param $payload i32) (result i32)
        (local $mode i32)
        (local.set $mode (call $get))
        (call $note (local.get $mode))
        (call $note (local.get $event))
        (call $note (local.get $index))
        (call $note (local.get $payload))
        (if (i32.and (i32.eq (local.get $event) (i32.const 6)) (i32.ne (local.get $mode) (i32.const 3)))
          (then (call $cancelled) (return (i32.const 0))))
        (if (i32.eq (local.get $mode) (i32.const 4)) (then (call $put (i32.const 1)) (return (i32.const 1))))
        (if (i32.eq (local.get $mode) (i32.const 5)) (then (call $put (i32.const 2)) (return (i32.const 18))))
        (call $return (i32.add (i32.const 100) (local.get $mode)))
        (i32.const 0))
"#;
/// What blocking drivers have besides.
const BLOCKING_CODE: &str = r#"
      (func (export "wait") (param i32) (result i32)
        (i32.store (i32.const 0) (call $wait (local.get 0) (i32.const 4)))
        (call $last))
      (func $hold (param $mode i32)
        (local $event i32)
        (i64.store (i32.const 192) (i64.const 0))
        (if (i32.and (local.get $mode) (i32.const 1))
          (then (drop (call $yield)))
          (else (local.set $event (call $wait (i32.const 1) (i32.const 192)))))
        (call $note (local.get $mode))
        (call $note (local.get $event))
        (call $note (i32.load (i32.const 192)))
        (call $note (i32.load (i32.const 196)))
        (i64.store (i32.const 192) (i64.const 0)))
      (func (export "held") (param $mode i32) (result i32)
        (call $hold (local.get $mode))
        (i32.add (i32.const 100) (local.get $mode)))
      (func (export "stack") (param $mode i32)
        (call $hold (local.get $mode))
        (call $return (i32.add (i32.const 100) (local.get $mode))))
"#;
/// The built-ins that `CODE` uses: name, core type, canonical definition.
const USED: [(&str, &str, &str); 8] = [
    ("stream-new", "(result i64)", "stream.new $S"),
    ("future-new", "(result i64)", "future.new $F"),
    ("dec", "", "backpressure.dec"),
    ("poll", "(param i32 i32) (result i32)", "waitable-set.poll (memory (core memory $memory \"mem\"))"),
    ("return", "(param i32)", "task.return (result u32) (memory (core memory $memory \"mem\"))"),
    ("cancelled", "", "task.cancel"),
    ("get", "(result i32)", "context.get i32 0"),
    ("put", "(param i32)", "context.set i32 0"),
];
/// The built-ins that `BLOCKING_CODE` uses besides.
const BLOCKING: [(&str, &str, &str); 2] = [
    ("wait", "(param i32 i32) (result i32)", "waitable-set.wait (memory (core memory $memory \"mem\"))"),
    ("yield", "(result i32)", "thread.yield"),
];
/// Functions that `CODE` exports: name, numbers in.
const CODED: [(&str, usize); 5] = [("stream-new", 0), ("future-new", 0), ("dec", 0), ("poll", 1), ("hash", 0)];

/// The jobs of a driver: the modes below 6 begin the first, those below 8 the second, the others the third.
const JOBS: [&str; 3] = ["job", "held", "stack"];

fn jobs(blocking: bool) -> &'static [&'static str] {
    if blocking { &JOBS } else { &JOBS[..1] }
}

/// Where the caller's memory takes the result of a job; the hash sees it.
const RESULT: u32 = 120;

fn core_params(count: usize) -> String {
    format!("(param{})", " i32".repeat(count))
}

/// A driver's text in parts.
#[derive(Default)]
struct Parts {
    /// Before the core module.
    head: String,
    /// In the core module: imports, then code.
    imports: String,
    code: String,
    /// What the core module is instantiated with.
    wires: String,
    /// After the core module.
    tail: String,
}

impl Parts {
    fn import(&mut self, name: &str, ty: &str, core: &str) {
        let _ = writeln!(self.head, "(core func ${name}' {core})");
        let _ = writeln!(self.imports, r#"(import "" "{name}" (func ${name} {ty}))"#);
        let _ = write!(self.wires, r#"(export "{name}" (func ${name}'))"#);
    }

    /// The built-ins that are functions as they are.
    fn built_ins(&mut self) {
        for (at, (name, canon, params)) in BUILT_INS.iter().enumerate() {
            let answers = at < ANSWERING;
            let result = if answers { "(result i32)" } else { "" };
            let args = core_params(*params);
            let pass: String = (0..*params).map(|n| format!("(local.get {n})")).collect();
            let zero = if answers { "" } else { "(i32.const 0)" };
            self.import(name, &format!("{args} {result}"), &format!("(canon {canon})"));
            let _ = writeln!(self.code, r#"(func (export "{name}") {args} (result i32) (call ${name} {pass}) {zero})"#);
        }
    }

    /// Calls of the jobs of the drivers before this one: callee and mode say which.
    fn calls(&mut self, number: usize, blocking: bool) {
        let mut chain = String::from("unreachable");
        for callee in 0..number {
            let mut call = String::from("unreachable");
            for (at, job) in jobs(blocking).iter().enumerate().rev() {
                let name = format!("{job}{callee}");
                let lowered = r#"async (memory (core memory $memory "mem"))"#;
                let _ = writeln!(self.head, r#"(import "{name}" (func ${name} async (param "m" u32) (result u32)))"#);
                self.import(&name, "(param i32 i32) (result i32)", &format!("(canon lower (func ${name}) {lowered})"));
                let begins = format!("(call ${name} (local.get 1) (i32.const {RESULT}))");
                let first_beyond = [6, 8, 10][at];
                let test = format!("(i32.lt_u (local.get 1) (i32.const {first_beyond}))");
                call = format!("(if (result i32) {test} (then {begins}) (else {call}))");
            }
            let test = format!("(i32.eq (local.get 0) (i32.const {callee}))");
            chain = format!("(if (result i32) {test} (then {call}) (else {chain}))");
        }
        let _ = writeln!(self.code, r#"(func (export "call") (param i32 i32) (result i32) {chain})"#);
    }

    /// What the host calls.
    fn exports(&mut self, blocking: bool) {
        let built_ins = BUILT_INS.iter().map(|(name, _, params)| (*name, *params));
        let wait = blocking.then_some(("wait", 1));
        for (name, params) in built_ins.chain(CODED).chain([("call", 2)]).chain(wait) {
            let params: String = (0..params).map(|n| format!(r#"(param "p{n}" u32)"#)).collect();
            let lift = format!(r#"(canon lift (core func $m "{name}"))"#);
            let _ = writeln!(self.tail, r#"(func (export "{name}") {params} (result u32) {lift})"#);
        }
        for (job, options) in [("job", r#"async (callback (core func $m "on"))"#), ("held", ""), ("stack", "async")] {
            if jobs(blocking).contains(&job) {
                let _ = writeln!(
                    self.tail,
                    r#"(func (export "{job}") async (param "m" u32) (result u32)
  (canon lift (core func $m "{job}") {options} (memory (core memory $memory "mem"))))"#
                );
            }
        }
    }
}

/// The driver number `number`; it can start jobs in those before it.
fn driver(number: usize, blocking: bool) -> String {
    let mut parts = Parts { wires: String::from(r#"(export "mem" (memory $memory "mem"))"#), ..Parts::default() };
    let bytes: String = (0..256).map(|at| format!("\\{:02x}", (number * 64 + at) & 0xff)).collect();
    let _ =
        writeln!(parts.head, r#"(core module $Memory (memory (export "mem") 1 1) (data (i32.const 256) "{bytes}"))"#);
    let _ = writeln!(parts.head, r"(core instance $memory (instantiate $Memory))");
    parts.calls(number, blocking);
    parts.built_ins();
    let besides: &[_] = if blocking { &BLOCKING } else { &[] };
    for (name, ty, canon) in USED.iter().chain(besides) {
        parts.import(name, ty, &format!("(canon {canon})"));
    }
    parts.exports(blocking);
    let Parts { head, imports, code, wires, tail } = parts;
    let blocking_code = if blocking { BLOCKING_CODE } else { "" };
    format!(
        r#"(component $D{number} (type $S (stream u8)) (type $F (future u8))
{head}
(core module $M (import "" "mem" (memory 1)) {imports} {code} {CODE} {blocking_code})
(core instance $m (instantiate $M (with "" (instance {wires}))))
{tail}
(func (export "out-stream") (param "h" u32) (result $S) (canon lift (core func $m "same")))
(func (export "in-stream") (param "s" $S) (result u32) (canon lift (core func $m "same")))
(func (export "out-future") (param "h" u32) (result $F) (canon lift (core func $m "same")))
(func (export "in-future") (param "f" $F) (result u32) (canon lift (core func $m "same"))))
"#
    )
}

/// A component of `count` drivers as text; the functions of number N are in the instance `dN`.
#[must_use]
pub fn world(count: usize, blocking: bool) -> String {
    let mut text = String::from("(component\n");
    for number in 0..count {
        text += &driver(number, blocking);
    }
    for number in 0..count {
        let mut with = String::new();
        for callee in 0..number {
            for job in jobs(blocking) {
                let _ = write!(with, r#"(with "{job}{callee}" (func $d{callee} "{job}"))"#);
            }
        }
        let _ = writeln!(
            text,
            r#"(instance $d{number} (instantiate $D{number} {with})) (export "d{number}" (instance $d{number}))"#
        );
    }
    text + ")"
}
