//! Which suites there are, and which tests they have.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::load::io_text;
use crate::report::Failure;

const MANIFEST: &str = "manifest.json";
/// Of tests; the suites of WASI have binaries only.
const EXTENSIONS: [&str; 2] = ["wasm", "wat"];

/// A folder of tests.
#[derive(Debug)]
pub struct Suite {
    /// What its manifest calls it.
    pub name: String,
    /// Which WASI it is for, for example `wasm32-wasip3`.
    pub version: String,
    /// Its tests, in the order of their names.
    pub cases: Vec<Case>,
}

/// A test.
#[derive(Debug)]
pub struct Case {
    /// The module or component.
    pub wasm: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    name: String,
    #[serde(default = "preview1")]
    version: String,
}

fn preview1() -> String {
    "wasm32-wasip1".into()
}

impl Case {
    /// The name of the test: its file's.
    pub fn name(&self) -> String {
        self.wasm.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// The suites in and below `folders` that have tests whose path contains `filter`.
pub fn suites(folders: &[PathBuf], filter: Option<&str>) -> Result<Vec<Suite>, Failure> {
    let mut suites = Vec::new();
    for folder in folders {
        below(folder, filter, &mut suites)?;
    }
    if suites.is_empty() {
        // Nothing to run would pass for ever.
        return Err(Failure::new("there is no test to run")
            .with_help(format!("name a folder that has a `{MANIFEST}` and `.wasm` files, or one above such folders")));
    }
    Ok(suites)
}

fn below(folder: &Path, filter: Option<&str>, suites: &mut Vec<Suite>) -> Result<(), Failure> {
    let unreadable = |error| Failure::new(format!("can't read the folder: {}", io_text(&error))).at(folder.display());
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let mut paths =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    paths.sort();
    let manifest = folder.join(MANIFEST);
    if manifest.is_file() {
        let is_chosen = |path: &Path| filter.is_none_or(|text| path.display().to_string().contains(text));
        let is_test =
            |path: &PathBuf| path.extension().is_some_and(|extension| EXTENSIONS.iter().any(|e| extension == *e));
        let cases: Vec<Case> =
            paths.into_iter().filter(is_test).filter(|path| is_chosen(path)).map(|wasm| Case { wasm }).collect();
        if !cases.is_empty() {
            let manifest = read(&manifest)?;
            suites.push(Suite { name: manifest.name, version: manifest.version, cases });
        }
        return Ok(());
    }
    paths.iter().filter(|path| path.is_dir()).try_for_each(|path| below(path, filter, suites))
}

fn read(path: &Path) -> Result<Manifest, Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure::new(io_text(&error)).at(path.display()))?;
    serde_json::from_str(&text).map_err(|error| Failure::new(format!("not a manifest: {error}")).at(path.display()))
}
