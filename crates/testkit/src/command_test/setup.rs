//! What a test has before its command runs: a fresh temporary folder, and files in it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process};

use super::fields::{Field, ParseError};
use super::{Failure, Place, parse};

/// The most bytes a test may ask for in one file of chance bytes.
const RANDOM_BYTES_MAX: usize = 1 << 30;

/// One thing made in the temporary folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetupStep {
    /// An empty folder.
    Folder {
        /// Its name below `$TMP`.
        name: String,
    },
    /// A file with a given text.
    File {
        /// Its name below `$TMP`.
        name: String,
        /// What is in it.
        text: String,
    },
    /// A file of bytes that look random and are the same each time.
    RandomBytes {
        /// Its name below `$TMP`.
        name: String,
        /// How many bytes.
        size: usize,
    },
    /// The first bytes of a guest.
    TruncateGuest {
        /// The file in `$GUESTS`.
        guest: String,
        /// How many bytes.
        size: usize,
        /// Its name below `$TMP`.
        name: String,
    },
    /// A run of the command that the run under test builds upon; it must succeed.
    Run {
        /// The words after `thalweg`.
        args: Vec<String>,
    },
}

impl SetupStep {
    pub(super) fn parse(field: &Field) -> Result<SetupStep, ParseError> {
        let words = parse::words(field)?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let number = |word: &str| word.parse().map_err(|_| field.error(format!("`{word}` is not a number of bytes")));
        match (words.as_slice(), &field.block) {
            (["dir", name], None) => Ok(SetupStep::Folder { name: name.to_string() }),
            (["file", name], text) => {
                Ok(SetupStep::File { name: name.to_string(), text: text.clone().unwrap_or_default() })
            }
            (["wat", name], Some(text)) if name.ends_with(".wat") => {
                Ok(SetupStep::File { name: name.to_string(), text: text.clone() })
            }
            (["random-bytes", name, size], None) => match number(size)? {
                size @ 0..=RANDOM_BYTES_MAX => Ok(SetupStep::RandomBytes { name: name.to_string(), size }),
                _ => Err(field.error(format!("at most {RANDOM_BYTES_MAX} random bytes"))),
            },
            (["truncate-guest", guest, size, name], None) => Ok(SetupStep::TruncateGuest {
                guest: guest.to_string(),
                size: number(size)?,
                name: name.to_string(),
            }),
            (["run", args @ ..], None) => Ok(SetupStep::Run { args: args.iter().map(ToString::to_string).collect() }),
            _ => Err(field.error(
                "a setup is `dir NAME`, `file NAME` with a block, `wat NAME.wat` with a block, `random-bytes NAME SIZE`, \
                 `truncate-guest GUEST.wasm SIZE NAME` or `run WORDS`",
            )),
        }
    }

    /// Makes a file or a folder; a run is not done here.
    pub(super) fn apply(&self, place: &Place, folder: &Path) -> Result<(), Failure> {
        let (name, bytes) = match self {
            SetupStep::Run { .. } => return Ok(()),
            SetupStep::Folder { name } => {
                return fs::create_dir_all(folder.join(name)).map_err(Failure::io(format!("make folder {name}")));
            }
            SetupStep::File { name, text } => (name, text.clone().into_bytes()),
            SetupStep::RandomBytes { name, size } => (name, random_bytes(*size)),
            SetupStep::TruncateGuest { guest, size, name } => {
                let mut bytes =
                    fs::read(place.guests.join(guest)).map_err(Failure::io(format!("read guest {guest}")))?;
                bytes.truncate(*size);
                (name, bytes)
            }
        };
        fs::write(folder.join(name), bytes).map_err(Failure::io(format!("write {name}")))
    }
}

/// SplitMix64 from a fixed seed: no two chunks of a file are equal, so a copy that drops or swaps one is noticed.
fn random_bytes(size: usize) -> Vec<u8> {
    let mut state = 0_u64;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bytes.extend_from_slice(&(word ^ (word >> 31)).to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

/// Folders of one run, removed when it is over.
pub(super) struct TemporaryFolders {
    base: PathBuf,
    /// `$TMP`: what the test sets up and its guests see.
    pub files: PathBuf,
    /// The command's home, apart from `$TMP`, so that a cache kept there shows in no listing.
    pub home: PathBuf,
}

impl TemporaryFolders {
    pub fn new() -> Result<TemporaryFolders, Failure> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("thalweg-test-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let base = env::temp_dir().join(name);
        let folders = TemporaryFolders { files: base.join("files"), home: base.join("home"), base };
        // A folder left by a killed run whose process number is used again is not ours to trust.
        fs::create_dir(&folders.base).map_err(Failure::io(format!("make {}", folders.base.display())))?;
        for folder in [&folders.files, &folders.home] {
            fs::create_dir(folder).map_err(Failure::io(format!("make {}", folder.display())))?;
        }
        Ok(folders)
    }
}

impl Drop for TemporaryFolders {
    fn drop(&mut self) {
        // A folder that stays behind harms no later run, and the test's own result matters more.
        let _ = fs::remove_dir_all(&self.base);
    }
}

#[cfg(test)]
mod tests {
    use super::super::fields;
    use super::*;

    fn step(text: &str) -> Result<SetupStep, ParseError> {
        SetupStep::parse(&fields::split(text).expect("well formed")[0])
    }

    #[test]
    fn steps() {
        assert_eq!(step("setup: dir a"), Ok(SetupStep::Folder { name: "a".into() }));
        assert_eq!(step("setup: file a\n| x"), Ok(SetupStep::File { name: "a".into(), text: "x\n".into() }));
        assert_eq!(step("setup: wat a.wat\n| x"), Ok(SetupStep::File { name: "a.wat".into(), text: "x\n".into() }));
        assert_eq!(step("setup: random-bytes a 9"), Ok(SetupStep::RandomBytes { name: "a".into(), size: 9 }));
        let run = SetupStep::Run { args: vec!["compile".into(), "$TMP/a b".into()] };
        assert_eq!(step("setup: run compile '$TMP/a b'"), Ok(run));
        let truncated = SetupStep::TruncateGuest { guest: "g.wasm".into(), size: 8, name: "a".into() };
        assert_eq!(step("setup: truncate-guest g.wasm 8 a"), Ok(truncated));
        for text in [
            "setup: dri a",
            "setup: wat a\n| x",
            "setup: wat a.wat",
            "setup: random-bytes a x",
            "setup: random-bytes a 9999999999",
            "setup: dir a\n| x",
        ] {
            assert!(step(text).is_err(), "{text:?} should be refused");
        }
    }

    #[test]
    fn random_bytes_are_the_same_each_time_and_do_not_repeat() {
        let bytes = random_bytes(1003);
        assert_eq!((bytes.len(), &bytes), (1003, &random_bytes(1003)));
        assert_eq!(bytes[..8], 0xe220_a839_7b1d_cdaf_u64.to_le_bytes());
        assert_ne!(bytes[..400], bytes[400..800]);
    }

    #[test]
    fn steps_make_files_and_the_folders_go_away() {
        let folders = TemporaryFolders::new().expect("a temporary folder");
        let place = Place { program: "t".into(), root: ".".into(), guests: folders.home.clone() };
        fs::write(folders.home.join("g.wasm"), b"\0asm1234").expect("a guest");
        for text in ["setup: dir d", "setup: file d/a\n| x", "setup: truncate-guest g.wasm 4 t"] {
            step(text).expect(text).apply(&place, &folders.files).expect(text);
        }
        assert_eq!(fs::read(folders.files.join("d/a")).expect("d/a"), b"x\n");
        assert_eq!(fs::read(folders.files.join("t")).expect("t"), b"\0asm");
        let base = folders.base.clone();
        drop(folders);
        assert!(!base.exists());
    }
}
