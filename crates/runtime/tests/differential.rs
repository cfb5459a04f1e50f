//! Random scripts of calls, copies, cancellations and drops, in this runtime and in the standard's executable specification.
//!
//! `differential/oracle.py` makes the scripts and runs them in `definitions.py`, which `THALWEG_DEFINITIONS` names; each
//! step must answer here what it answered there. `THALWEG_SCRIPTS` is how many (1,000), `THALWEG_SEED` the first one's seed.

use std::env;
use std::fmt::Write;
use std::future::Future;
use std::pin::pin;
use std::process::Command;
use std::task::{Context, Poll, Waker};

use thalweg::{Component, Config, Engine, Features, Gate, Instance, Linker, Store, Val};

/// Built-ins that are functions of the driver as they are: name, canonical definition, numbers in.
const BUILT_INS: [(&str, &str, usize); 18] = [
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
      (func (export "poll") (param i32) (result i32)
        (i32.add
          (i32.mul
            (i32.add (i32.mul (call $poll (local.get 0) (i32.const 0)) (i32.const 31)) (i32.load (i32.const 0)))
            (i32.const 31))
          (i32.load (i32.const 4))))
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
/// Functions that `CODE` exports: name, numbers in.
const CODED: [(&str, usize); 5] = [("stream-new", 0), ("future-new", 0), ("dec", 0), ("poll", 1), ("hash", 0)];

fn core_params(count: usize) -> String {
    format!("(param{})", " i32".repeat(count))
}

/// The driver number `number`; it can start jobs in those before it.
fn driver(number: usize) -> String {
    let (mut head, mut imports, mut code, mut tail) = (String::new(), String::new(), String::new(), String::new());
    let mut wires = String::from(r#"(export "mem" (memory $memory "mem"))"#);
    for job in 0..number {
        let _ = writeln!(head, r#"(import "job{job}" (func $job{job} async (param "m" u32) (result u32)))"#);
    }
    let bytes: String = (0..256).map(|at| format!("\\{:02x}", (number * 64 + at) & 0xff)).collect();
    let _ = writeln!(head, r#"(core module $Memory (memory (export "mem") 1 1) (data (i32.const 256) "{bytes}"))"#);
    let _ = writeln!(head, r#"(core instance $memory (instantiate $Memory))"#);
    for job in 0..number {
        let memory = r#"async (memory (core memory $memory "mem"))"#;
        let _ = writeln!(head, r"(core func $job{job}' (canon lower (func $job{job}) {memory}))");
        let _ = writeln!(imports, r#"(import "" "job{job}" (func $job{job} (param i32 i32) (result i32)))"#);
        let _ = write!(wires, r#"(export "job{job}" (func $job{job}'))"#);
        let _ =
            writeln!(code, r"(func $start{job} (param i32) (result i32) (call $job{job} (local.get 0) (i32.const 8)))");
    }
    let mut calls = String::from("unreachable");
    for job in 0..number {
        let test = format!("(i32.eq (local.get 0) (i32.const {job}))");
        calls = format!("(if (result i32) {test} (then (call $start{job} (local.get 1))) (else {calls}))");
    }
    let _ = writeln!(code, r#"(func (export "call") (param i32 i32) (result i32) {calls})"#);
    for (at, (name, canon, params)) in BUILT_INS.iter().enumerate() {
        let answers = at < ANSWERING;
        let result = if answers { "(result i32)" } else { "" };
        let (args, pass): (String, String) =
            (core_params(*params), (0..*params).map(|n| format!("(local.get {n})")).collect());
        let zero = if answers { "" } else { "(i32.const 0)" };
        let _ = writeln!(head, "(core func ${name} (canon {canon}))");
        let _ = writeln!(imports, r#"(import "" "{name}" (func ${name} {args} {result}))"#);
        let _ = write!(wires, r#"(export "{name}" (func ${name}))"#);
        let _ = writeln!(code, r#"(func (export "{name}") {args} (result i32) (call ${name} {pass}) {zero})"#);
    }
    for (name, ty, canon) in USED {
        let _ = writeln!(head, "(core func ${name} (canon {canon}))");
        let _ = writeln!(imports, r#"(import "" "{name}" (func ${name} {ty}))"#);
        let _ = write!(wires, r#"(export "{name}" (func ${name}))"#);
    }
    let built_ins = BUILT_INS.iter().map(|(name, _, params)| (*name, *params));
    for (name, params) in built_ins.chain(CODED).chain([("call", 2)]) {
        let params: String = (0..params).map(|n| format!(r#"(param "p{n}" u32)"#)).collect();
        let _ =
            writeln!(tail, r#"(func (export "{name}") {params} (result u32) (canon lift (core func $m "{name}")))"#);
    }
    format!(
        r#"(component $D{number} (type $S (stream u8)) (type $F (future u8))
{head}
(core module $M (import "" "mem" (memory 1)) {imports} {code} {CODE})
(core instance $m (instantiate $M (with "" (instance {wires}))))
{tail}
(func (export "job") async (param "m" u32) (result u32)
  (canon lift (core func $m "job") async (memory (core memory $memory "mem")) (callback (core func $m "on"))))
(func (export "out-stream") (param "h" u32) (result $S) (canon lift (core func $m "same")))
(func (export "in-stream") (param "s" $S) (result u32) (canon lift (core func $m "same")))
(func (export "out-future") (param "h" u32) (result $F) (canon lift (core func $m "same")))
(func (export "in-future") (param "f" $F) (result u32) (canon lift (core func $m "same"))))
"#
    )
}

/// `count` drivers; the functions of number N are in the instance `dN`.
fn world(count: usize) -> String {
    let mut text = String::from("(component\n");
    for number in 0..count {
        text += &driver(number);
    }
    for number in 0..count {
        let with: String = (0..number).map(|job| format!(r#"(with "job{job}" (func $d{job} "job"))"#)).collect();
        let _ = writeln!(
            text,
            r#"(instance $d{number} (instantiate $D{number} {with})) (export "d{number}" (instance $d{number}))"#
        );
    }
    text + ")"
}

fn finish<R>(future: impl Future<Output = R>) -> R {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a function that is not async waits"),
    }
}

struct Run {
    store: Store<()>,
    instance: Instance,
}

impl Run {
    fn call(&mut self, driver: u32, name: &str, args: Vec<Val>) -> thalweg::Result<Val> {
        let func = self.instance.func_dynamic(&mut self.store, &format!("d{driver}#{name}"))?;
        Ok(finish(func.call(&mut self.store, args))?.expect("a result"))
    }

    /// What the step answers.
    fn step(&mut self, word: &str, numbers: &[u32], expected: &str) -> thalweg::Result<u32> {
        let (driver, numbers) = numbers.split_first().expect("the instance");
        let number = |val: Val| if let Val::U32(number) = val { number } else { panic!("{val:?} is not a number") };
        match (word, numbers) {
            // Nothing can be ready: a turn without anything to do is a deadlock to the store.
            ("tick", _) if expected == "0" => Ok(0),
            ("tick", _) => {
                self.store.set_turns_per_poll(1);
                match pin!(self.store.settle()).poll(&mut Context::from_waker(Waker::noop())) {
                    Poll::Ready(Err(error)) => Err(error),
                    _ => Ok(1),
                }
            }
            ("pass-stream" | "pass-future", [handle, to]) => {
                let kind = word.strip_prefix("pass-").unwrap_or_default();
                let value = self.call(*driver, &format!("out-{kind}"), vec![Val::U32(*handle)])?;
                self.call(*to, &format!("in-{kind}"), vec![value]).map(number)
            }
            _ => {
                let args = numbers.iter().map(|&number| Val::U32(number)).collect();
                self.call(*driver, &word.replace('.', "-"), args).map(number)
            }
        }
    }
}

/// Runs one script; says what differs.
fn compare(engine: &Engine, component: &Component, steps: &str) -> Result<(), String> {
    let mut store = Store::new(engine, ());
    let instance = finish(Linker::new(engine).instantiate(&mut store, component)).map_err(|error| error.to_string())?;
    let mut run = Run { store, instance };
    for (at, step) in steps.split('|').enumerate() {
        let (step, expected) = step.split_once('=').ok_or_else(|| format!("not a step: {step}"))?;
        let mut words = step.split(' ');
        let word = words.next().unwrap_or_default();
        let numbers: Vec<u32> = words.map(|number| number.parse().expect("a number")).collect();
        let found = match run.step(word, &numbers, expected) {
            Ok(number) => number.to_string(),
            Err(error) if error.as_trap().is_some() => {
                if expected == "trap" {
                    return Ok(());
                }
                format!("trap: {error:?}")
            }
            Err(error) => format!("{error:?}"),
        };
        if found != expected {
            return Err(format!("step {at}, `{step}`: the specification answers {expected}, we answer {found}"));
        }
    }
    Ok(())
}

#[test]
#[ignore = "needs Python, and the standard's definitions.py in THALWEG_DEFINITIONS"]
fn scripts_answer_what_the_specification_answers() {
    let number = |name: &str, default: &str| env::var(name).unwrap_or_else(|_| default.into());
    let oracle = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/differential/oracle.py");
    let args = [number("THALWEG_SEED", "0"), number("THALWEG_SCRIPTS", "1000")];
    let output = Command::new("python3").arg(oracle).args(&args).output().expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut features = Features::shipped();
    features.open(Gate::MoreAsyncBuiltins).expect("supported");
    let engine = Engine::new(Config::new().features(features)).expect("an engine");
    let components: Vec<_> =
        (2..=4).map(|count| Component::from_bytes(&engine, world(count).as_bytes()).expect("a component")).collect();
    let (mut scripts, mut steps, mut different) = (0, 0, Vec::new());
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let (head, script) = line.split_once('|').unwrap_or((line, ""));
        let (seed, count) = head.split_once(' ').expect("seed and count");
        let component = &components[count.parse::<usize>().expect("a number") - 2];
        (scripts, steps) = (scripts + 1, steps + script.split('|').count());
        if !script.is_empty()
            && let Err(difference) = compare(&engine, component, script)
        {
            different.push(format!("seed {seed}: {difference}\n  {line}"));
        }
    }
    println!("{scripts} scripts, {steps} steps, {} differ", different.len());
    assert!(scripts > 0, "no script was made");
    assert!(
        different.is_empty(),
        "{} of {scripts} differ:\n{}",
        different.len(),
        different[..different.len().min(8)].join("\n")
    );
}
