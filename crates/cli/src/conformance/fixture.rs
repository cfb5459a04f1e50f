//! A folder for one run: a copy, so that no test sees what another one did.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// What tests leave behind in the folder of the suite, for example when another runner was interrupted.
const LEFTOVER: &str = "cleanup";

/// A copy of a folder, for as long as this lives.
#[derive(Debug)]
pub struct Fixture {
    copy: PathBuf,
    /// Removes the copy at the end.
    _folder: TempDir,
}

impl Fixture {
    /// Copies `original`.
    pub fn of(original: &Path) -> Result<Fixture, String> {
        let failed = |error: io::Error| format!("can't copy the folder {}: {error}", original.display());
        let folder = tempfile::Builder::new().prefix("thalweg-").tempdir().map_err(failed)?;
        let copy = folder.path().join(original.file_name().unwrap_or("root".as_ref()));
        copy_folder(original, &copy).map_err(failed)?;
        Ok(Fixture { copy, _folder: folder })
    }

    /// The copy.
    pub fn path(&self) -> &Path {
        &self.copy
    }
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.extension().is_some_and(|extension| extension == LEFTOVER) {
            continue;
        }
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy_folder(&source, &target)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&source)?, &target)?;
        } else {
            fs::copy(&source, &target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_fresh_and_goes_away() {
        let original = tempfile::tempdir().expect("a folder");
        let write = |name: &str| fs::write(original.path().join(name), name).expect("a file");
        fs::create_dir(original.path().join("in")).expect("a folder");
        ["a.txt", "b.cleanup", "in/c.txt"].into_iter().for_each(write);
        std::os::unix::fs::symlink("a.txt", original.path().join("link")).expect("a link");

        let fixture = Fixture::of(original.path()).expect("a copy");
        let copy = fixture.path().to_path_buf();
        assert_eq!(fs::read_to_string(copy.join("in/c.txt")).expect("a file"), "in/c.txt");
        assert_eq!(fs::read_link(copy.join("link")).expect("a link"), Path::new("a.txt"));
        assert!(!copy.join("b.cleanup").exists());
        drop(fixture);
        assert!(!copy.exists() && original.path().join("b.cleanup").exists());
    }
}
