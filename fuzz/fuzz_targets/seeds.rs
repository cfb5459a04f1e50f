//! Writes what the target `load` starts from, out of what the repository has: `seeds FOLDER`.

use std::path::Path;
use std::{env, fs};

// What the counters in the crates below call.
use libfuzzer_sys as _;
use thalweg::{Component, Config, Engine, Features};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = env::args().nth(1).ok_or("usage: seeds FOLDER")?;
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    let engine = Engine::new(Config::new().features(Features::all()))?;
    for (i, text) in thalweg_fuzzing::components().iter().enumerate() {
        fs::write(folder.join(format!("text-{i}")), text)?;
        if let Ok(component) = Component::from_bytes(&engine, text.as_bytes()) {
            fs::write(folder.join(format!("binary-{i}")), component.bytes()?)?;
        }
    }
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guests");
    for guest in fs::read_dir(guests)? {
        let guest = guest?;
        if guest.path().extension().is_some_and(|extension| extension == "wasm") {
            fs::copy(guest.path(), folder.join(guest.file_name()))?;
        }
    }
    Ok(())
}
