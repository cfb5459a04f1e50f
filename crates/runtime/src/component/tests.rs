//! Loading: what is refused and in which words, and the guests of this repository.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::engine::keep;
use super::load::load;
use super::{Component, Config, Engine};
use crate::plan::{Blocking, Canon, Plan, Step};
use crate::{Error, ErrorKind, Features, Gate};

fn guests() -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../guests");
    let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "wasm"));
    let mut guests: Vec<_> = files
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap()))
        .collect();
    guests.sort();
    assert!(!guests.is_empty(), "no guests in {}", folder.display());
    guests
}

fn guest(name: &str) -> Vec<u8> {
    guests().into_iter().find(|(guest, _)| guest == name).unwrap().1
}

fn refused(bytes: &[u8]) -> Error {
    load(bytes, &Features::default()).unwrap_err()
}

#[test]
fn every_guest_has_a_plan_that_fits_together() {
    for (name, bytes) in guests() {
        let plan = load(&bytes, &Features::default()).unwrap_or_else(|error| panic!("{name}: {error:?}")).plan;
        let mut core_instances = 0;
        let (mut memories, mut funcs) = (0, 0);
        for step in &plan.steps {
            match step {
                Step::Instantiate { module, args, .. } => {
                    let module = &plan.modules[module.at()];
                    assert_eq!(module.imports.len(), args.len(), "{name}");
                    assert_eq!(&bytes[module.range.start..module.range.start + 8], b"\0asm\x01\0\0\0", "{name}");
                    core_instances += 1;
                }
                Step::ExtractMemory(..) => memories += 1,
                Step::ExtractFunc(..) => funcs += 1,
                Step::ExtractTable(..) => {}
            }
        }
        assert_eq!(
            (plan.core_instances, plan.memories.len() as u32, plan.funcs),
            (core_instances, memories, funcs),
            "{name}"
        );
        assert!(plan.lifts.iter().all(|lift| lift.name.contains('#')), "{name}: {:?}", plan.lifts);
        let text = plan.to_string();
        assert_eq!(text.lines().filter(|line| line.contains(": core ")).count() as u32, core_instances, "{name}");
    }
}

#[test]
fn a_composed_guest_calls_from_one_component_into_the_other() {
    let plan = load(&guest("ping-composed-p3"), &Features::default()).unwrap().plan;
    let calls = plan.trampolines.iter().filter_map(|trampoline| match &trampoline.canon {
        Canon::Lower { callee: crate::plan::FuncDef::Lift(lift), .. } => Some(plan.lifts[lift.at()].name.as_str()),
        _ => None,
    });
    let mut calls: Vec<_> = calls.collect();
    calls.sort_unstable();
    let of_ping = ["now", "sync", "text", "wait"].map(|func| format!("test:compose/ping@0.1.0#{func}"));
    assert_eq!(calls, of_ping);
    assert_eq!(plan.exports.keys().collect::<Vec<_>>(), ["wasi:cli/run@0.3.0"]);
}

#[test]
fn a_resource_used_by_several_interfaces_is_one() {
    let plan = load(&guest("std-p3"), &Features::default()).unwrap().plan;
    let text = plan.to_string();
    assert_eq!(plan.resources.len(), 4, "{text}");
    assert_eq!(text.matches("output-stream: resource 1").count(), 4, "{text}");
}

#[test]
fn a_cut_file_is_refused() {
    let bytes = guest("hello-p3");
    for length in (0..bytes.len()).step_by(97) {
        let error = refused(&bytes[..length]);
        assert!(matches!(error.kind(), ErrorKind::Malformed | ErrorKind::Invalid), "{length}: {error:?}");
    }
    let error = refused(&bytes[..bytes.len() - 1]);
    assert!(error.message().starts_with("the file is truncated: unexpected end-of-file, a section needs"), "{error:?}");
    assert_eq!(error.have(), Some(format!("the file has {} bytes", bytes.len() - 1).as_str()));
}

#[test]
fn changed_bytes_never_panic() {
    let bytes = guest("http-hello-p2");
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..300 {
        let mut changed = bytes.clone();
        for _ in 0..4 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            // Half of the changes hit the first bytes, where the types and imports are.
            let span = if random & 1 == 0 { 2_600 } else { changed.len() };
            let place = (random >> 16) as usize % span;
            changed[place] = (random >> 8) as u8;
        }
        if let Err(error) = load(&changed, &Features::all()) {
            assert_ne!(error.kind(), ErrorKind::Bug, "{error:?}");
        }
    }
}

#[test]
fn an_empty_file_is_named() {
    let error = refused(b"");
    assert_eq!((error.kind(), error.message()), (ErrorKind::Malformed, "the file is empty"));
}

#[test]
fn a_core_module_is_named_with_what_to_do() {
    let error = refused(b"(module)");
    assert_eq!((error.kind(), error.message()), (ErrorKind::Malformed, "this is a core module, not a component"));
    assert_eq!(error.hint(), Some("make a component of it: wasm-tools component new module.wasm -o component.wasm"));
    let error = refused(br#"(module (import "wasi_snapshot_preview1" "proc_exit" (func (param i32))))"#);
    assert!(error.hint().is_some_and(|hint| hint.contains("--adapt wasi_snapshot_preview1.wasm")), "{error:?}");
}

#[test]
fn other_files_are_named() {
    let have = |bytes: &[u8]| refused(bytes).have().unwrap_or_default().to_owned();
    assert_eq!(
        have(b"\x7fELF\x02\x01\x01"),
        "it is an ELF file (a native program or library, or a precompiled component that was cut off)"
    );
    assert_eq!(have(b"fn main() {}"), "it is text, but WAT begins with `(`");
    assert_eq!(have(b"\xff\xfe\x00\x01\x02"), "it begins with the bytes [ff, fe, 00, 01]");
    assert_eq!(have(b"\0asm\x0c\0\x01\0"), "version bytes [0c, 00, 01, 00], where a component has [0d, 00, 01, 00]");
    assert!(refused(b"\0as").message().contains("the header needs 8 bytes"));
}

#[test]
fn text_that_is_not_wat_has_a_place() {
    let error = refused(b"  ;; a comment\n(component (nonsense))");
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(error.message().starts_with("the text is not WAT: "), "{error:?}");
    assert!(error.have().is_some_and(|place| place.starts_with("at line 2, column 13\n")), "{error:?}");
    let error = refused("(".repeat(100_000).as_bytes());
    assert_eq!(error.have(), Some("at line 1, column 2"), "a long line is not quoted");
}

#[test]
fn an_invalid_component_says_where() {
    let error = refused(br#"(component (component $inner (export "f" (func 7))))"#);
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.message().contains("(at byte 0x"), "{error:?}");
    assert!(error.have().is_some_and(|place| place.starts_with("in nested component 1 \"inner\"")), "{error:?}");
    let error = refused(b"(component (core module (func (result i32))))");
    assert!(error.have().is_some_and(|place| place.starts_with("in core module 0")), "{error:?}");
}

#[test]
fn a_closed_gate_is_named() {
    let cases = [
        (Gate::ErrorContext, "(component (core func (canon error-context.drop)))"),
        (Gate::FixedLengthLists, "(component (type (list u8 4)))"),
        (Gate::MoreAsyncBuiltins, "(component (core func (canon subtask.cancel async)))"),
        (Gate::Threading, "(component (core func (canon thread.index)))"),
        (Gate::Values, "(component (import \"v\" (value string)))"),
        (Gate::Forward, "(component (type $s (stream u8)) (core func (canon stream.forward $s)))"),
        (Gate::Memory64, "(component (core func (canon context.get i64 0)))"),
    ];
    for (gate, text) in cases {
        let error = refused(text.as_bytes());
        let hint = error.hint().unwrap_or_default();
        assert!(hint.starts_with(&format!("it needs the feature `{}`", gate.name())), "{error:?}");
        if gate.is_supported() {
            let mut features = Features::shipped();
            features.open(gate).unwrap();
            load(text.as_bytes(), &features).unwrap();
        } else {
            assert!(hint.ends_with("which this runtime does not support"), "{error:?}");
        }
    }
}

#[test]
fn guests_that_only_copy_asynchronously_block_in_sync_cancels_alone() {
    let plan: Plan = load(&guest("hello-p3"), &Features::default()).unwrap().plan;
    let blocking = Blocking::of(&plan);
    for (i, trampoline) in plan.trampolines.iter().enumerate() {
        let index = crate::plan::TrampolineIndex(i as u32);
        let expected = matches!(trampoline.canon, Canon::CancelCopy { .. } | Canon::Lower { .. });
        assert_eq!(blocking.trampoline(index), expected, "{i}: {:?}", trampoline.canon);
    }
    assert!(blocking.core_instance(crate::plan::CoreInstanceIndex(1)));
}

#[test]
fn what_code_reaches_is_kept_with_it_and_checked() {
    // `f` of the callee is clear, though its component waits.
    let text = br#"(component
        (component $callee
            (core func $yield (canon thread.yield))
            (core module $m (import "" "yield" (func $yield (result i32)))
                (func (export "f") (result i32) (i32.const 1)) (func (export "g") (result i32) (call $yield)))
            (core instance $m (instantiate $m (with "" (instance (export "yield" (func $yield))))))
            (func (export "f") (result u32) (canon lift (core func $m "f")))
            (func (export "g") (result u32) (canon lift (core func $m "g"))))
        (component $caller
            (import "f" (func $f (result u32))) (import "g" (func $g (result u32)))
            (core func $f (canon lower (func $f))) (core func $g (canon lower (func $g)))
            (core module $m (import "" "f" (func $f (result i32))) (import "" "g" (func $g (result i32))))
            (core instance $m (instantiate $m (with "" (instance (export "f" (func $f)) (export "g" (func $g)))))))
        (instance $callee (instantiate $callee))
        (instance (instantiate $caller (with "f" (func $callee "f")) (with "g" (func $callee "g")))))"#;
    let engine = Engine::new(Config::new()).unwrap();
    let component = Component::from_bytes(&engine, text).unwrap();
    assert_eq!(component.call_report().adapters.len(), 1);
    let code = component.code().unwrap();
    let kept = keep(component.plan(), code.reached.as_ref());
    let revive = |kept: &[u8]| engine.revive(kept, || Ok(code.modules().cloned().collect()));
    let (plan, again) = revive(&kept).unwrap();
    assert!(code.reached.is_some() && again.reached == code.reached);
    assert_eq!(format!("{plan:?}"), format!("{:?}", component.plan()));
    let longer = [&kept[..], &[0]].concat();
    for kept in [&kept[..kept.len() - 1], &longer, &kept[..8], &kept[..3], &[]] {
        assert!(revive(kept).is_err_and(|error| error.hint().is_some()), "{kept:?}");
    }
}

#[test]
fn what_is_compiled_late_is_cached_too() {
    let folder = tempfile::tempdir().unwrap();
    let module = wat::parse_str(r#"(module (func (export "f")))"#).unwrap();
    let compile = || {
        let engine = Engine::new(Config::new().cache(Some(folder.path().into()))).unwrap();
        let code = engine.compile_late(&module).unwrap();
        assert_eq!(code.exports().collect::<Vec<_>>(), ["f"]);
        // A file that is written again is another file.
        let entries = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = entries.map(|path| (path.metadata().unwrap().ino(), path)).collect();
        files.sort();
        files
    };
    let files = compile();
    assert_eq!(files.len(), 2);
    assert_eq!(compile(), files);
    // The code and the entry: without either it is compiled once more.
    for (_, file) in &files {
        std::fs::write(file, "damaged").unwrap();
        assert_eq!(compile().len(), 2);
        assert_ne!(std::fs::read(file).unwrap(), b"damaged");
    }
}
