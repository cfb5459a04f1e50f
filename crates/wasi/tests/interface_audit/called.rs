//! Which functions of hosts the guests of the tests call. A guest in Rust imports only what it calls.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use thalweg::{Component, Engine};
use thalweg_testkit::wit::generation;

/// Their imports are those of a library: it is not known which of them are called.
const BY_LIBRARIES: [&str; 3] = ["c-hello-p2", "stdio-std-p2", "std-p3"];

/// What a component in text form calls, and the test that has it.
const BY_TEXTS: [(&str, &str, &str, &str); 1] =
    [("wasi:http/incoming-handler", "0.2", "handle", "tests/cli/serve/handed-on-by-0.2.test")];

/// Interface without a version, generation, function.
pub type Name = (String, String, String);

/// What any of the guests calls.
pub fn called(engine: &Engine) -> BTreeSet<Name> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests");
    let files = std::fs::read_dir(folder).expect("the guests").map(|entry| entry.expect("a guest").path());
    let is_guest = |file: &PathBuf| {
        let name = file.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        file.extension().is_some_and(|kind| kind == "wasm") && !BY_LIBRARIES.contains(&name)
    };
    let mut called: BTreeSet<Name> = BY_TEXTS.iter().map(by_text).collect();
    for file in files.filter(is_guest) {
        let component = Component::from_file(engine, &file).expect("a guest");
        called.extend(component.plan().imported_funcs.iter().filter_map(|func| {
            let (interface, version) = func.interface.split_once('@')?;
            Some((interface.to_string(), generation(version).to_string(), func.name.to_string()))
        }));
    }
    called
}

/// One of [`BY_TEXTS`], which is there.
fn by_text(&(interface, at, func, test): &(&str, &str, &str, &str)) -> Name {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(test)).expect(test);
    assert!(
        text.contains(&format!("(import \"{interface}@{at}.")) && text.contains(func),
        "{test} does not call {func}"
    );
    (interface.to_string(), at.to_string(), func.to_string())
}
