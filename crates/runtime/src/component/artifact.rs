//! A component compiled ahead of time, as one file: the component's bytes and the machine code of its core modules.
//!
//! ```text
//! magic 8 | format u32 | version: u32 + text | engine u64 | component: u64 + bytes
//!   | modules: u32, each u64 + bytes | BLAKE3 of all before 32
//! ```
//!
//! Numbers are little-endian. Reading trusts no length before it is compared with what is left. The sums find damage,
//! not malice: who can write an artifact chooses the machine code that runs, so an artifact is as trusted as a program.

use crate::{Error, ErrorKind, Result};

/// The first bytes of an artifact; no component and no text begins so.
const MAGIC: [u8; 8] = *b"\0thalweg";

/// Changes with every change of the layout.
const FORMAT: u32 = 2;

/// This crate's version: compiled code calls into the runtime that compiled it.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Bytes of a BLAKE3 sum.
pub(super) const SUM: usize = 32;

/// What an artifact holds, in the artifact's own bytes.
#[derive(Debug, PartialEq)]
pub(crate) struct Artifact<'a> {
    /// The component that was compiled.
    pub(crate) component: &'a [u8],
    /// Its core modules as [`CoreModule::serialize`](crate::engine::CoreModule::serialize) gave them, in their order.
    pub(crate) modules: Vec<&'a [u8]>,
}

/// Whether `bytes` claim to be an artifact (and so are no component).
pub(crate) fn is_artifact(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// The artifact of `component`, compiled to `modules` by an engine with the compatibility hash `engine`.
pub(crate) fn write(engine: u64, component: &[u8], modules: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(FORMAT.to_le_bytes());
    bytes.extend((VERSION.len() as u32).to_le_bytes());
    bytes.extend(VERSION.as_bytes());
    bytes.extend(engine.to_le_bytes());
    bytes.extend((component.len() as u64).to_le_bytes());
    bytes.extend(component);
    write_modules(&mut bytes, modules);
    seal(bytes)
}

/// What an artifact holds, if it is whole and made for this version and this engine.
///
/// # Errors
///
/// [`ErrorKind::Malformed`], saying what is wrong with it, what it is instead and what to do.
pub(crate) fn read(bytes: &[u8], engine: u64) -> Result<Artifact<'_>> {
    let mut fields = Fields(bytes);
    if fields.array() != Some(MAGIC) {
        return Err(malformed("not a compiled component"));
    }
    let Some(format) = fields.u32() else { return Err(damaged("it ends early")) };
    if format != FORMAT {
        let have = format!("the file has format {format}; this version reads format {FORMAT}");
        return Err(stale("the compiled component has another format", have));
    }
    let Some(body) = unseal(bytes) else { return Err(damaged("its sum is wrong")) };
    let mut fields = Fields(&body[MAGIC.len() + size_of::<u32>()..]);
    let Some((version, made_for)) = read_origin(&mut fields) else { return Err(damaged("it ends early")) };
    if version != VERSION.as_bytes() {
        let have = format!("it was compiled by {}; this is {VERSION}", String::from_utf8_lossy(version));
        return Err(stale("the compiled component is of another version", have));
    }
    if made_for != engine {
        let have = format!("it is for engine {made_for:016x}; this is {engine:016x}");
        return Err(stale("the compiled component is for another machine or other settings", have));
    }
    read_contents(fields).ok_or_else(|| damaged("its parts do not add up"))
}

fn read_origin<'a>(fields: &mut Fields<'a>) -> Option<(&'a [u8], u64)> {
    let length = fields.u32()?;
    Some((fields.take(u64::from(length))?, fields.u64()?))
}

fn read_contents(mut fields: Fields<'_>) -> Option<Artifact<'_>> {
    let length = fields.u64()?;
    let component = fields.take(length)?;
    let modules = fields.modules()?;
    fields.is_empty().then_some(Artifact { component, modules })
}

fn malformed(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Malformed, message)
}

fn damaged(how: &str) -> Error {
    malformed(format!("the compiled component is damaged: {how}")).with_hint("compile the component again")
}

fn stale(message: &str, have: String) -> Error {
    malformed(message).with_have(have).with_hint("compile the component again with this version, on this machine")
}

/// Appends a number of modules and each with its length.
pub(super) fn write_modules(bytes: &mut Vec<u8>, modules: &[Vec<u8>]) {
    bytes.extend((modules.len() as u32).to_le_bytes());
    for module in modules {
        bytes.extend((module.len() as u64).to_le_bytes());
        bytes.extend(module);
    }
}

/// `bytes` and their sum.
pub(super) fn seal(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = blake3::hash(&bytes);
    bytes.extend(sum.as_bytes());
    bytes
}

/// The bytes without their sum, if it is right.
pub(super) fn unseal(bytes: &[u8]) -> Option<&[u8]> {
    let (body, sum) = bytes.split_at_checked(bytes.len().checked_sub(SUM)?)?;
    (blake3::hash(body).as_bytes()[..] == *sum).then_some(body)
}

/// Reads numbers and bytes off the front; `None` when they are not all there.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    /// The next `length` bytes.
    pub(super) fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N as u64)?.try_into().ok()
    }

    /// The next number of 32 bits.
    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// The next number of 64 bits.
    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// What [`write_modules`] wrote.
    pub(super) fn modules(&mut self) -> Option<Vec<&'a [u8]>> {
        let count = self.u32()?;
        // Collecting grows by what is found: the count alone allocates nothing.
        let mut modules = Vec::new();
        for _ in 0..count {
            let length = self.u64()?;
            modules.push(self.take(length)?);
        }
        Some(modules)
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<u8> {
        write(77, b"the component", &[vec![1; 300], Vec::new(), vec![2; 500]])
    }

    fn refusal(bytes: &[u8], engine: u64) -> Error {
        let error = read(bytes, engine).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
        error
    }

    /// With another byte at `at` and a right sum again.
    fn resealed(at: usize, byte: u8) -> Vec<u8> {
        let mut bytes = sample();
        bytes.truncate(bytes.len() - SUM);
        bytes[at] = byte;
        seal(bytes)
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = sample();
        let artifact = read(&bytes, 77).unwrap();
        assert_eq!(artifact.component, b"the component");
        assert_eq!(artifact.modules, [&[1; 300][..], &[], &[2; 500]]);
        assert!(is_artifact(&bytes) && !is_artifact(b"\0asm\x0d\0\x01\0"));
    }

    #[test]
    fn no_flipped_bit_loads() {
        for at in 0..sample().len() {
            let mut bytes = sample();
            bytes[at] ^= 1 << (at % 8);
            refusal(&bytes, 77);
        }
    }

    #[test]
    fn no_truncation_and_no_addition_loads() {
        let bytes = sample();
        for end in 0..bytes.len() {
            refusal(&bytes[..end], 77);
        }
        refusal(&[&bytes[..], b"x"].concat(), 77);
    }

    #[test]
    fn another_format_version_or_engine_is_told_from_damage() {
        let format = refusal(&resealed(MAGIC.len(), 9), 77);
        assert_eq!(format.have(), Some("the file has format 9; this version reads format 2"));
        let version = refusal(&resealed(MAGIC.len() + 8, b'9'), 77);
        assert_eq!(version.message(), "the compiled component is of another version");
        let engine = refusal(&sample(), 78);
        assert_eq!(engine.have(), Some("it is for engine 000000000000004d; this is 000000000000004e"));
        assert!([format, version, engine].iter().all(|error| error.hint().is_some()));
    }

    #[test]
    fn lengths_that_lie_are_found_even_with_a_right_sum() {
        let lengths = MAGIC.len() + 8 + VERSION.len() + 8;
        for at in (lengths..lengths + 8).chain([MAGIC.len() + 4, MAGIC.len() + 7]) {
            refusal(&resealed(at, 0xff), 77);
        }
        let count = lengths + 8 + b"the component".len();
        for at in count..count + 12 {
            refusal(&resealed(at, 0xee), 77);
        }
    }
}
