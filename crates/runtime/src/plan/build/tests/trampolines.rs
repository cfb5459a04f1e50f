//! Canonical definitions, slots, core instances.

use super::plan;
use crate::plan::{
    Canon, CoreDef, CoreInstanceIndex, End, FuncIndex, Kind, MemoryIndex, PlannedResource, Step, TrampolineIndex,
};

use crate::types::FlatType::{self, I32, I64};
use crate::types::PtrType;

#[test]
fn only_what_is_used_becomes_a_trampoline() {
    let plan = plan(
        r#"(component
            (core func $inc (canon backpressure.inc))
            (core func $dec (canon backpressure.dec))
            (core module $m (import "" "inc" (func)) (import "" "again" (func)))
            (core instance (instantiate $m (with "" (instance
                (export "again" (func $inc)) (export "inc" (func $inc)) (export "unused" (func $dec)))))))"#,
    );
    assert_eq!(plan.trampolines.len(), 1);
    assert!(matches!(plan.trampolines[0].canon, Canon::BackpressureInc));
    let [Step::Instantiate { args, .. }] = &plan.steps[..] else { panic!("{plan}") };
    assert_eq!(args, &[CoreDef::Trampoline(TrampolineIndex(0)), CoreDef::Trampoline(TrampolineIndex(0))]);
}

const STREAMS: &str = r#"(component
    (core module $libc
        (memory (export "mem") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable))
    (core instance $libc (instantiate $libc))
    (alias core export $libc "mem" (core memory $mem))
    (alias core export $libc "realloc" (core func $realloc))
    (type $s (stream string))
    (core func $read (canon stream.read $s async (memory $mem) (realloc $realloc)))
    (core func $write (canon stream.write $s async (memory $mem)))
    (core func $write2 (canon stream.write $s async (memory $mem)))
    (core func $wait (canon waitable-set.wait (memory $mem)))
    (core module $m
        (import "" "read" (func (param i32 i32 i32) (result i32)))
        (import "" "write" (func (param i32 i32 i32) (result i32)))
        (import "" "write2" (func (param i32 i32 i32) (result i32)))
        (import "" "wait" (func (param i32 i32) (result i32)))
        (import "libc" "mem" (memory 1)))
    (core instance (instantiate $m
        (with "libc" (instance $libc))
        (with "" (instance
            (export "read" (func $read)) (export "write" (func $write)) (export "write2" (func $write2))
            (export "wait" (func $wait)))))))"#;

#[test]
fn slots_and_options_are_shared() {
    let plan = plan(STREAMS);
    assert_eq!((plan.memories.len(), plan.funcs, plan.options.len(), plan.trampolines.len()), (1, 1, 2, 4));
    let Canon::Copy { kind: Kind::Stream, end: End::Readable, payload: Some(_), options, .. } =
        &plan.trampolines[0].canon
    else {
        panic!("{plan}")
    };
    let options = &plan.options[options.at()];
    assert_eq!((options.memory, options.realloc, options.async_), (Some(MemoryIndex(0)), Some(FuncIndex(0)), true));
    assert!(matches!(plan.trampolines[3].canon, Canon::WaitableSetWait { memory: MemoryIndex(0), .. }));
}

#[test]
fn slots_are_filled_before_they_are_needed() {
    let plan = plan(STREAMS);
    let libc = CoreInstanceIndex(0);
    let export = |name: &str| CoreDef::Export { instance: libc, name: name.to_owned() };
    let [
        Step::Instantiate { .. },
        Step::ExtractMemory(_, mem),
        Step::ExtractFunc(_, realloc),
        Step::Instantiate { args, .. },
    ] = &plan.steps[..]
    else {
        panic!("{plan}")
    };
    assert_eq!((mem, realloc, &args[4]), (&export("mem"), &export("realloc"), &export("mem")));
}

#[test]
fn a_destructor_is_extracted_with_its_resource() {
    let plan = plan(
        r#"(component
            (core module $m (func (export "dtor") (param i32)))
            (core instance $i (instantiate $m))
            (type $r (resource (rep i32) (dtor (core func $i "dtor")))))"#,
    );
    assert!(matches!(plan.resources[0], PlannedResource::Defined { dtor: Some(FuncIndex(0)), .. }));
    assert!(matches!(plan.steps[1], Step::ExtractFunc(FuncIndex(0), CoreDef::Export { .. })));
}

#[test]
fn every_builtin_has_its_name() {
    let plan = plan(
        r#"(component
            (type $f (future))
            (type $t (func (param "x" u32)))
            (core type $start (func (param i32)))
            (core module $table (table (export "t") 1 funcref))
            (core instance $table (instantiate $table))
            (alias core export $table "t" (core table $t))
            (core func $a (canon future.new $f))
            (core func $b (canon future.cancel-read $f))
            (core func $c (canon future.drop-writable $f))
            (core func $d (canon thread.new-indirect $start (core table $t)))
            (core func $e (canon thread.yield))
            (core func $f (canon context.set i32 1))
            (core func $g (canon task.return (result u8)))
            (core module $m
                (import "" "a" (func (result i64))) (import "" "b" (func (param i32) (result i32)))
                (import "" "c" (func (param i32))) (import "" "d" (func (param i32 i32) (result i32)))
                (import "" "e" (func (result i32))) (import "" "f" (func (param i32)))
                (import "" "g" (func (param i32))))
            (core instance (instantiate $m (with "" (instance
                (export "a" (func $a)) (export "b" (func $b)) (export "c" (func $c)) (export "d" (func $d))
                (export "e" (func $e)) (export "f" (func $f)) (export "g" (func $g)))))))"#,
    );
    let names: Vec<_> = plan.trampolines.iter().map(|trampoline| trampoline.canon.name()).collect();
    let expected = [
        "future.new",
        "future.cancel-read",
        "future.drop-writable",
        "thread.new-indirect",
        "thread.yield",
        "context.set",
        "task.return",
    ];
    assert_eq!(names, expected);
    let text = plan.to_string();
    assert!(text.contains("thread.new-indirect table 0\n") && text.contains("context.set i32 1\n"), "{text}");
    assert_eq!(plan.tables, 1);
}

/// A memory, a table, a resource and a thread's context of 64 bits beside others of 32, one of them through a module that
/// imports the memory, a bundle and an alias from outside.
const LONG: &str = r#"(component
    (core type $start (func (param i64)))
    (core module $libc
        (memory (export "long") i64 1) (memory (export "short") 1) (table (export "table") i64 1 funcref)
        (func (export "dtor") (param i64)))
    (core instance $libc (instantiate $libc))
    (core module $again (import "libc" "long" (memory i64 1)) (export "memory" (memory 0)))
    (core instance $again (instantiate $again (with "libc" (instance (export "long" (memory $libc "long"))))))
    (component $inner
        (alias outer 1 $start (core type $start'))
        (core module $m (table (export "table") 1 funcref))
        (core instance $m (instantiate $m))
        (alias core export $m "table" (core table $table))
        (core func $new (canon thread.new-indirect $start' (core table $table)))
        (core module $use (import "" "new" (func (param i32 i64) (result i32))))
        (core instance (instantiate $use (with "" (instance (export "new" (func $new)))))))
    (instance (instantiate $inner))
    (alias core export $libc "dtor" (core func $dtor))
    (type $r (resource (rep i64) (dtor (core func $dtor))))
    (core func $new (canon resource.new $r))
    (core func $long (canon waitable-set.poll (memory (core memory $again "memory"))))
    (core func $short (canon waitable-set.poll (memory (core memory $libc "short"))))
    (alias core export $libc "table" (core table $table))
    (core func $thread (canon thread.new-indirect $start (core table $table)))
    (core module $m
        (import "" "new" (func (param i64) (result i32)))
        (import "" "long" (func (param i32 i64) (result i32)))
        (import "" "short" (func (param i32 i32) (result i32)))
        (import "" "thread" (func (param i64 i64) (result i32))))
    (core instance (instantiate $m (with "" (instance
        (export "new" (func $new)) (export "long" (func $long)) (export "short" (func $short))
        (export "thread" (func $thread)))))))"#;

#[test]
fn types_of_addresses_are_found() {
    let plan = plan(LONG);
    assert_eq!(plan.memories, [PtrType::I64, PtrType::I32]);
    let found = plan.trampolines.iter().map(|trampoline| crate::canon::signature(trampoline, &plan).0);
    let expected: [&[FlatType]; 5] = [&[I32, I64], &[I64], &[I32, I64], &[I32, I32], &[I64, I64]];
    assert!(found.eq(expected.map(<[_]>::to_vec)), "{plan}");
}
