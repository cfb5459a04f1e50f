//! Each target over seeded random bytes, over parts of the repository, and over what once went wrong.

use std::fs;
use std::path::{Path, PathBuf};

use thalweg_fuzzing::TARGETS;
use thalweg_testkit::abi::Random;

/// Inputs of each target, unless `THALWEG_FUZZ_CASES` says how many.
const CASES: u64 = 300;
/// Inputs of those that compile something for each, or make many calls.
const SLOW_CASES: u64 = 20;
const SLOW: [&str; 4] = ["adapters", "round_trip", "scripts", "wasi"];
/// Bytes of the longest.
const LENGTH: usize = 600;

#[test]
fn random_bytes() {
    let wanted = std::env::var("THALWEG_FUZZ_CASES").ok().map(|cases| cases.parse().expect("a number"));
    for (name, target) in TARGETS {
        let cases = wanted.unwrap_or(if SLOW.contains(&name) { SLOW_CASES } else { CASES });
        for seed in 0..cases {
            let mut random = Random::new(seed);
            let length = random.below(LENGTH);
            let bytes: Vec<u8> = (0..length).map(|_| random.below(0x100) as u8).collect();
            println!("{name}, seed {seed}");
            target(&bytes);
        }
    }
}

#[test]
fn what_once_went_wrong() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    for (name, target) in TARGETS {
        let Ok(entries) = fs::read_dir(folder.join(name)) else { continue };
        for entry in entries {
            let path = entry.expect("an entry").path();
            println!("{}", path.display());
            target(&fs::read(&path).expect("a file"));
        }
    }
}

#[test]
fn loading_starts_from_components_and_guests() {
    let folder = tempfile::tempdir().expect("a folder");
    thalweg_fuzzing::seeds(folder.path()).expect("seeds");
    let entries = fs::read_dir(folder.path()).expect("a folder");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for part in ["text-", "binary-", ".wasm"] {
        let has_part = |path: &&PathBuf| path.to_string_lossy().contains(part);
        let seeds: Vec<_> = paths.iter().filter(has_part).collect();
        assert!(seeds.len() > 10, "{} seeds with `{part}`", seeds.len());
        thalweg_fuzzing::load(&fs::read(seeds[0]).expect("a seed"));
    }
}
