//! What the target `load` starts from, out of what the repository has.

use std::error::Error;
use std::fs;
use std::path::Path;

use thalweg::{Component, Config, Engine, Features};

use crate::script::components;

/// Writes every component of the scripts, as text and in binary form, and every guest into `folder`, which is made.
pub fn seeds(folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let engine = Engine::new(Config::new().features(Features::all()))?;
    for (i, text) in components().iter().enumerate() {
        fs::write(folder.join(format!("text-{i}")), text)?;
        if let Ok(component) = Component::from_bytes(&engine, text.as_bytes()) {
            fs::write(folder.join(format!("binary-{i}")), component.bytes()?)?;
        }
    }
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests");
    for guest in fs::read_dir(guests)? {
        let guest = guest?;
        if guest.path().extension().is_some_and(|extension| extension == "wasm") {
            fs::copy(guest.path(), folder.join(guest.file_name()))?;
        }
    }
    Ok(())
}
