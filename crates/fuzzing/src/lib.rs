//! Bodies of the fuzz targets: functions of any bytes that panic when the runtime does what it must not.
//!
//! The folder `fuzz` makes a program of each. The tests of this crate call them with seeded random bytes and with what
//! once went wrong (`regressions`), so that they cannot rot.
#![forbid(unsafe_code)]

mod adapters;
mod artifacts;
mod load;
mod names;
mod prepared;
mod round_trip;
mod script;
mod scripts;
mod seeds;
mod strings;
mod tree;
mod wasi;

pub use adapters::adapters;
pub use artifacts::artifacts;
pub use load::load;
pub use names::names;
pub use round_trip::round_trip;
pub use scripts::scripts;
pub use seeds::seeds;
pub use strings::strings;
pub use wasi::wasi;

use std::sync::LazyLock;

use thalweg::{Error, ErrorKind};

/// What a target does with bytes.
pub type Target = fn(&[u8]);

/// Every target by name.
pub const TARGETS: [(&str, Target); 8] = [
    ("adapters", adapters),
    ("artifacts", artifacts),
    ("load", load),
    ("names", names),
    ("round_trip", round_trip),
    ("scripts", scripts),
    ("strings", strings),
    ("wasi", wasi),
];

/// An error that is a fault of the runtime, whatever it was given, is a finding.
fn no_bug(error: &Error) {
    assert!(error.kind() != ErrorKind::Bug, "{error:?}");
}

/// Whether targets print what they do: `THALWEG_FUZZ_SHOW` is set.
fn shows() -> bool {
    static SHOWS: LazyLock<bool> = LazyLock::new(|| std::env::var_os("THALWEG_FUZZ_SHOW").is_some());
    *SHOWS
}
