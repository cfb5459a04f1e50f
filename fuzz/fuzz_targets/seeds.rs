//! See `thalweg_fuzzing::seeds`: `seeds FOLDER`.

use std::error::Error;

// What the counters in the crates below call.
use libfuzzer_sys as _;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("usage: seeds FOLDER")?;
    thalweg_fuzzing::seeds(folder.as_ref())
}
