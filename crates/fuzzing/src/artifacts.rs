//! Kept code: a precompiled component or a file of the cache that was changed is never run.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use tempfile::TempDir;
use thalweg::{Component, Config, Engine, ErrorKind, Linker, Store};
use thalweg_testkit::abi::Random;
use thalweg_testkit::polling::wait;

/// Changes of one input at most.
const CHANGES: usize = 6;
/// What the component answers.
const ANSWER: u32 = 42;

/// Two modules and glue, so that there are several pieces of code to mix up.
const COMPONENT: &str = r#"(component
  (core module $a (func (export "f") (result i32) (i32.const 40)))
  (core instance $a (instantiate $a))
  (core func $yield (canon thread.yield))
  (core module $b
    (import "" "f" (func $f (result i32)))
    (import "" "yield" (func $yield (result i32)))
    (func (export "g") (result i32) (i32.add (call $f) (i32.const 2)))
    (func (export "h") (result i32) (call $yield)))
  (core instance $b (instantiate $b
    (with "" (instance (export "f" (func $a "f")) (export "yield" (func $yield))))))
  (func (export "g") (result u32) (canon lift (core func $b "g"))))"#;

struct World {
    /// Takes precompiled components.
    engine: Engine,
    artifact: Vec<u8>,
    /// Keeps code in `folder`.
    caching: Engine,
    folder: TempDir,
    component: Vec<u8>,
    /// What it has kept, by path: the entry, and the code of each module.
    kept: BTreeMap<PathBuf, Vec<u8>>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let engine = Engine::new(Config::new().optimize(false).allow_precompiled(true)).expect("an engine");
    let artifact = Component::from_bytes(&engine, COMPONENT.as_bytes()).expect("it is valid").precompile();
    let artifact = artifact.expect("it compiles");
    let folder = TempDir::new().expect("a folder");
    let config = Config::new().optimize(false).cache(Some(folder.path().into()));
    let caching = Engine::new(config).expect("an engine");
    let component = Component::from_bytes(&caching, COMPONENT.as_bytes()).expect("it is valid");
    component.compile().expect("it compiles");
    let component = component.bytes().expect("they are at hand").to_vec();
    let kept = files(&folder);
    World { engine, artifact, caching, folder, component, kept }
});

/// Every file of a folder.
fn files(folder: &TempDir) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.map(|path| (path.clone(), fs::read(path).expect("a file"))).collect()
}

/// Changes a precompiled component, or a file of the cache, as `data` says. The one is refused in words, the other is as if
/// it had never been; neither becomes code.
pub fn artifacts(data: &[u8]) {
    let mut random = Random::of_bytes(data);
    if random.coin() {
        precompiled(&changed(&WORLD.artifact, &mut random));
    } else {
        let at = random.below(WORLD.kept.len());
        let (path, bytes) = WORLD.kept.iter().nth(at).expect("one of them");
        cached(path, &changed(bytes, &mut random));
    }
}

fn precompiled(bytes: &[u8]) {
    match Component::from_bytes(&WORLD.engine, bytes) {
        Ok(component) => {
            assert!(bytes == WORLD.artifact, "what was changed is taken");
            assert_eq!(answer(&WORLD.engine, &component), ANSWER);
        }
        Err(error) => {
            assert!(bytes != WORLD.artifact, "{error:?}");
            assert_eq!(error.kind(), ErrorKind::Malformed, "{error:?}");
        }
    }
}

fn cached(path: &Path, bytes: &[u8]) {
    let World { caching, folder, component, kept, .. } = &*WORLD;
    // Code may be mapped: a file is replaced, and never written to.
    fs::remove_file(path).expect("it is there");
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).expect("a folder of ours");
    file.write_all(bytes).expect("a file of ours");
    drop(file);
    let component = Component::from_bytes(caching, component).expect("it is valid");
    assert_eq!(path.exists(), bytes == kept[path], "what is damaged is deleted, what is whole stays");
    assert_eq!(answer(caching, &component), ANSWER);
    assert!(files(folder) == *kept, "another file takes its place");
}

fn answer(engine: &Engine, component: &Component) -> u32 {
    let mut store = Store::new(engine, ());
    let instance = wait(Linker::new(engine).instantiate(&mut store, component)).expect("no imports");
    let func = instance.func::<(), u32>(&mut store, "g").expect("an export");
    wait(func.call(&mut store, ())).expect("an answer")
}

/// The bytes with some of them changed, left out, repeated or mixed up; all others, of the choices themselves, for one.
fn changed(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..1 + random.below(CHANGES) {
        let at = |random: &mut Random, bytes: &[u8]| random.below(bytes.len().max(0x101)).min(bytes.len());
        let place = at(random, &bytes);
        match random.below(8) {
            0 => bytes.truncate(place),
            1 => bytes.insert(place, random.below(0x100) as u8),
            2 if place < bytes.len() => drop(bytes.remove(place)),
            3 => {
                let (from, length) = (at(random, &bytes), random.below(64));
                let end = (from + length).min(bytes.len());
                bytes.splice(place..place, bytes[from..end].to_vec());
            }
            4 => {
                // Numbers near the front are lengths.
                let word = (random.any() >> random.below(64)).to_le_bytes();
                let place = place % 0x80;
                bytes.iter_mut().skip(place).zip(word).for_each(|(byte, other)| *byte = other);
            }
            _ => bytes.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= 1 << random.below(8)),
        }
    }
    bytes
}
