//! How the command is linked.

use std::env;
use std::process::Command;

/// The first version of glibc that loads packed relocations.
const LOADS_PACKED: (u32, u32) = (2, 36);

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if packs_relocations() {
        // A start reads 10 KB of them then, not a megabyte. A linker that can't do it says so, and goes on.
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Whether the command will be loaded by a libc that knows packed relocations, which it will not start without. It runs
/// where libc is at least as new as here, like everything that is linked with it, so it is this one that counts.
fn packs_relocations() -> bool {
    let is = |key: &str, value: &str| env::var(key).is_ok_and(|found| found == value);
    let is_native = env::var("HOST").ok() == env::var("TARGET").ok();
    is_native && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") && libc() >= Some(LOADS_PACKED)
}

/// The version of this system's libc: `glibc 2.36`.
fn libc() -> Option<(u32, u32)> {
    let told = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let told = String::from_utf8(told.stdout).ok()?;
    let (major, rest) = told.trim().strip_prefix("glibc ")?.split_once('.')?;
    let minor = rest.split('.').next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
