//! Which scripts to run: files as they are named, folders with all that is below them, in the order of names.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::load::io_text;
use crate::report::Failure;

/// The scripts at `paths`.
pub fn scripts(paths: &[OsString]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for path in paths.iter().map(Path::new) {
        if path.is_dir() {
            let before = found.len();
            below(path, &mut found)?;
            if found.len() == before {
                return Err(Failure::new(format!("there is no `.wast` file below {}", path.display())));
            }
        } else {
            found.push(path.to_path_buf());
        }
    }
    Ok(found)
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let unreadable = |error| Failure::new(format!("can't read the folder: {}", io_text(&error))).at(folder.display());
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let mut paths =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            below(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "wast") {
            found.push(path);
        }
    }
    Ok(())
}
