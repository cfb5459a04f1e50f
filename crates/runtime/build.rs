//! Says which sources this crate is built of: `THALWEG_BUILD`.
//!
//! Compiled code and plans are kept on disk, and what a build keeps only the same one may take: the version does not
//! say what code is generated, nor how a plan is written.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=src");
    let root = env::var_os("CARGO_MANIFEST_DIR").ok_or_else(|| io::Error::other("cargo says where the crate is"))?;
    let mut sum = DefaultHasher::new();
    add(&Path::new(&root).join("src"), &mut sum)?;
    println!("cargo::rustc-env=THALWEG_BUILD={:016x}", sum.finish());
    Ok(())
}

/// Adds what is in a folder: names and contents, in the order of the names.
fn add(folder: &Path, sum: &mut DefaultHasher) -> io::Result<()> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        path.file_name().hash(sum);
        if path.is_dir() {
            add(&path, sum)?;
        } else {
            fs::read(&path)?.hash(sum);
        }
    }
    Ok(())
}
