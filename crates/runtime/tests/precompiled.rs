//! Components that were compiled ahead of time, from bytes and mapped from a file.

use std::fs;

use thalweg::{Component, Config, Engine, Linker, Store};
use thalweg_testkit::polling::wait;

/// Bytes of the large memory image: a component with it is not kept whole.
const IMAGE: usize = 3 << 19;

/// Two modules with data, as much as `image` says and half of it: of large ones, one is mapped and one copied.
fn component(image: usize) -> String {
    let half = image.div_ceil(2);
    format!(
        r#"(component
  (core module $a
    (memory 32)
    (data (i32.const 65536) "{}")
    (func (export "f") (result i32) (i32.load8_u (i32.const {}))))
  (core instance $a (instantiate $a))
  (core module $b
    (import "" "f" (func $f (result i32)))
    (memory 32)
    (data (i32.const 65536) "{}")
    (func (export "g") (result i32) (i32.add (call $f) (i32.load8_u (i32.const {})))))
  (core instance $b (instantiate $b (with "" (instance (export "f" (func $a "f"))))))
  (func (export "g") (result u32) (canon lift (core func $b "g"))))"#,
        "a".repeat(half),
        65536 + half - 1,
        "b".repeat(image),
        65536 + image - 1
    )
}

/// What it answers.
const ANSWER: u32 = b'a' as u32 + b'b' as u32;

fn answer(engine: &Engine, component: &Component) -> u32 {
    let mut store = Store::new(engine, ());
    let instance = wait(Linker::new(engine).instantiate(&mut store, component)).expect("no imports");
    let g = instance.func::<(), u32>(&mut store, "g").expect("an export");
    wait(g.call(&mut store, ())).expect("no trap")
}

#[test]
fn they_run_from_bytes_and_from_a_file() {
    let engine = Engine::new(Config::new().allow_precompiled(true)).expect("an engine");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("component.twasm");
    for image in [1, IMAGE] {
        let component = Component::from_bytes(&engine, component(image).as_bytes()).expect("it is valid");
        let code = component.precompile().expect("it compiles");
        fs::write(&path, &code).expect("room");
        let read = Component::from_bytes(&engine, &code).expect("it is whole");
        let mapped = Component::from_file(&engine, &path).expect("it is whole");
        fs::remove_file(&path).expect("it is there");
        for component in [&component, &read, &mapped] {
            assert_eq!(answer(&engine, component), ANSWER);
        }
        let sheds = image == IMAGE;
        assert_eq!(mapped.bytes().expect("it is whole").len() < 10_000, sheds || image == 1);
        assert_eq!(mapped.bytes().expect("it is whole") == component.bytes().expect("at hand"), !sheds);
        // What has no code any more can be written again: its code is at hand.
        let again =
            Component::from_bytes(&engine, &mapped.precompile().expect("it has its code")).expect("it is whole");
        assert_eq!(answer(&engine, &again), ANSWER);
    }
}

#[test]
fn a_file_that_is_cut_or_not_allowed_is_refused() {
    let engine = Engine::new(Config::new().allow_precompiled(true)).expect("an engine");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("component.twasm");
    let code = Component::from_bytes(&engine, component(1).as_bytes()).expect("it is valid").precompile();
    let code = code.expect("it compiles");
    let refusal = |engine: &Engine, bytes: &[u8]| {
        fs::write(&path, bytes).expect("room");
        Component::from_file(engine, &path).err().expect("refused").to_string()
    };
    assert!(refusal(&engine, &code[..code.len() - 1]).contains("neither a component nor WAT"));
    assert!(refusal(&engine, &code[1000..]).contains("damaged"));
    assert!(refusal(&engine, &[&code[..], &code[code.len() - 100..]].concat()).contains("damaged"));
    let careful = Engine::new(Config::new()).expect("an engine");
    assert!(refusal(&careful, &code).contains("this is a precompiled component"));
}
