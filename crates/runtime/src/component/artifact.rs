//! A component compiled ahead of time, as one file: the machine code of its core modules, and what else is needed of it.
//!
//! ```text
//! code of the modules, one in front, then the largest first: ELF files in a row, large ones filled up to whole pages
//! | component
//! | version: u32 + text | build: u32 + text | engine u64 | kept: u64 + bytes
//!   | places: u32, of the component, then of the modules: each offset u64 + length u64 + BLAKE3 32
//! | where the version is u64 | length of all u64 | format u32 | BLAKE3 of all from there 32 | magic 8
//! ```
//!
//! Large modules begin at pages, so that they can be mapped; one stands in front, for the core engine maps what its memory
//! begins with from there alone. What is mapped is read when it runs, and the component when it is asked for, so a start
//! costs what it uses. Numbers are little-endian. Reading trusts no length before it is compared with what is left. The
//! sums find damage, not malice: who can write an artifact chooses the machine code that runs, so an artifact is as
//! trusted as a program. As with a program, the sum of code that is mapped is not looked at.

use std::borrow::Cow;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use crate::plan::BUILD;
use crate::{Error, ErrorKind, Result};

/// The last bytes of an artifact.
const MAGIC: [u8; 8] = *b"\0thalweg";

/// Changes with every change of the layout.
const FORMAT: u32 = 5;

/// This crate's version: compiled code calls into the runtime that compiled it.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Bytes of a BLAKE3 sum.
pub(super) const SUM: usize = 32;

/// Bytes of the numbers at the end, with the magic.
const FOOTER: usize = 8 + 8 + 4 + SUM + MAGIC.len();

/// Bytes of code from which on a module is mapped: smaller ones are read in less time.
pub(crate) const MAPPED: u64 = 256 << 10;

/// What the code of such modules is filled up to a multiple of: bytes of a page, where parts of files are mapped.
const PAGE: usize = 4096;

/// What an artifact holds, and where.
#[derive(Debug, PartialEq)]
pub(crate) struct Artifact<'a> {
    /// What a start needs besides the code, in the artifact's own bytes.
    pub(crate) kept: &'a [u8],
    /// Where the component that was compiled is.
    pub(crate) component: Place,
    /// Where the code of its core modules is, in their order, as
    /// [`CoreModule::serialize`](crate::engine::CoreModule::serialize) gave it.
    pub(crate) modules: Vec<Place>,
}

/// Where the code of a module is, or the component.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    /// From the beginning of the file.
    pub(crate) offset: u64,
    /// Bytes.
    pub(crate) length: u64,
    sum: [u8; SUM],
}

impl Place {
    /// Where in the file it is.
    pub(crate) fn range(&self) -> Option<Range<u64>> {
        Some(self.offset..self.offset.checked_add(self.length)?)
    }

    /// What is there in an artifact's `bytes`, if it is whole.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Malformed`] if it is damaged.
    pub(crate) fn of<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8]> {
        let range = usize::try_from(self.offset).ok().zip(usize::try_from(self.length).ok());
        let found = range.and_then(|(offset, length)| bytes.get(offset..)?.get(..length));
        let found = found.ok_or_else(|| damaged("its parts do not add up"))?;
        self.check(found).map(|()| found)
    }

    /// The same, read from an artifact's `file`.
    ///
    /// # Errors
    ///
    /// When it cannot be read, and as of [`of`](Self::of).
    pub(crate) fn read(&self, file: &File) -> Result<Vec<u8>> {
        // The length was compared with the file's when it was opened.
        let mut bytes = vec![0; usize::try_from(self.length).map_err(|_| damaged("its parts do not add up"))?];
        file.read_exact_at(&mut bytes, self.offset).map_err(Error::unreadable)?;
        self.check(&bytes).map(|()| bytes)
    }

    fn check(&self, found: &[u8]) -> Result<()> {
        if blake3::hash(found).as_bytes() == &self.sum { Ok(()) } else { Err(damaged("its sum is wrong")) }
    }

    fn write(range: Range<usize>, bytes: &mut Vec<u8>) {
        let sum = blake3::hash(&bytes[range.clone()]);
        bytes.extend((range.start as u64).to_le_bytes());
        bytes.extend((range.len() as u64).to_le_bytes());
        bytes.extend(sum.as_bytes());
    }

    fn fields(fields: &mut Fields<'_>) -> Option<Place> {
        Some(Place { offset: fields.u64()?, length: fields.u64()?, sum: fields.array()? })
    }
}

/// The end of an artifact.
struct Footer {
    /// Bytes of the code and the component.
    code: u64,
    /// Bytes of all.
    length: u64,
    format: u32,
    /// The sum of what is between those and this sum.
    sum: [u8; SUM],
}

impl Footer {
    /// Of an artifact's last bytes.
    fn read(end: &[u8]) -> Option<Footer> {
        let mut fields = Fields(end.get(end.len().checked_sub(FOOTER)?..)?);
        let (code, length) = (fields.u64()?, fields.u64()?);
        let footer = Footer { code, length, format: fields.u32()?, sum: fields.array()? };
        (fields.array() == Some(MAGIC)).then_some(footer)
    }
}

/// Whether `bytes` claim to be an artifact (and so are no component).
pub(crate) fn is_artifact(bytes: &[u8]) -> bool {
    // A component may end in any bytes; older formats have the magic in front.
    (bytes.ends_with(&MAGIC) && !bytes.starts_with(b"\0asm")) || bytes.starts_with(&MAGIC)
}

/// Whether `file` claims to be an artifact; one that can't be read does not.
pub(crate) fn is_artifact_file(file: &File) -> bool {
    footer(file).is_some()
}

fn footer(file: &File) -> Option<(Footer, u64)> {
    let length = file.metadata().ok()?.len();
    let (mut start, mut end) = ([0; MAGIC.len()], [0; FOOTER]);
    file.read_exact_at(&mut end, length.checked_sub(FOOTER as u64)?).ok()?;
    file.read_exact_at(&mut start, 0).ok()?;
    let footer = Footer::read(&end).filter(|_| is_artifact(&[start, MAGIC].concat()))?;
    Some((footer, length))
}

/// The artifact of `component`, compiled to `modules` by an engine with the compatibility hash `engine`, with the code
/// of the module `front` first; `kept` is what a start needs besides.
pub(crate) fn write(engine: u64, component: &[u8], modules: &[Vec<u8>], front: Option<usize>, kept: &[u8]) -> Vec<u8> {
    let mut order: Vec<_> = (0..modules.len()).collect();
    order.sort_by_key(|&module| std::cmp::Reverse((Some(module) == front, modules[module].len())));
    let (mut bytes, mut places) = (Vec::new(), vec![0..0; modules.len()]);
    for module in order {
        let start = bytes.len();
        bytes.extend(&modules[module]);
        if modules[module].len() as u64 >= MAPPED {
            bytes.resize(bytes.len().next_multiple_of(PAGE), 0);
        }
        places[module] = start..bytes.len();
    }
    places.insert(0, bytes.len()..bytes.len() + component.len());
    bytes.extend(component);
    let code = bytes.len();
    for origin in [VERSION, BUILD] {
        bytes.extend((origin.len() as u32).to_le_bytes());
        bytes.extend(origin.as_bytes());
    }
    bytes.extend(engine.to_le_bytes());
    bytes.extend((kept.len() as u64).to_le_bytes());
    bytes.extend(kept);
    bytes.extend((places.len() as u32).to_le_bytes());
    for place in places {
        Place::write(place, &mut bytes);
    }
    let length = (bytes.len() + FOOTER) as u64;
    bytes.extend((code as u64).to_le_bytes());
    bytes.extend(length.to_le_bytes());
    bytes.extend(FORMAT.to_le_bytes());
    let sum = blake3::hash(&bytes[code..]);
    bytes.extend(sum.as_bytes());
    bytes.extend(MAGIC);
    bytes
}

/// What is behind the code and the component of an artifact.
pub(crate) struct Tail<'a> {
    footer: Footer,
    bytes: Cow<'a, [u8]>,
    /// Bytes of the whole.
    length: u64,
}

impl<'a> Tail<'a> {
    /// Of a file, if that [claims](is_artifact_file) to be an artifact.
    pub(crate) fn of_file(file: &File) -> Option<Tail<'static>> {
        let (footer, length) = footer(file)?;
        let mut tail = vec![0; usize::try_from(length.checked_sub(footer.code)?).ok()?];
        file.read_exact_at(&mut tail, footer.code).ok()?;
        Some(Tail { footer, bytes: tail.into(), length })
    }

    /// Of an artifact's bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Malformed`] if they have none.
    pub(crate) fn of_bytes(bytes: &'a [u8]) -> Result<Tail<'a>> {
        let Some(footer) = Footer::read(bytes) else { return Err(not_this_format(bytes)) };
        let tail = usize::try_from(footer.code).ok().and_then(|code| bytes.get(code..));
        let tail = tail.ok_or_else(|| damaged("its parts do not add up"))?;
        Ok(Tail { footer, bytes: tail.into(), length: bytes.len() as u64 })
    }

    /// What the artifact holds, if what is in this is whole, and made by this build for this engine.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Malformed`], saying what is wrong with it, what it is instead and what to do.
    pub(crate) fn read(&self, engine: u64) -> Result<Artifact<'_>> {
        let Tail { footer, bytes, length } = self;
        if footer.format != FORMAT {
            return Err(another_format(footer.format));
        }
        // A tail that begins within the numbers at its end has not even those.
        let (Some(summed), Some(fields)) = (before(bytes, SUM + MAGIC.len()), before(bytes, FOOTER)) else {
            return Err(damaged("its parts do not add up"));
        };
        if blake3::hash(summed).as_bytes() != &footer.sum {
            return Err(damaged("its sum is wrong"));
        }
        if footer.length != *length || footer.code.checked_add(bytes.len() as u64) != Some(*length) {
            return Err(damaged("its parts do not add up"));
        }
        let mut fields = Fields(fields);
        let Some((version, build, made_for)) = read_origin(&mut fields) else { return Err(damaged("it ends early")) };
        if version != VERSION.as_bytes() {
            let have = format!("it was compiled by {}; this is {VERSION}", String::from_utf8_lossy(version));
            return Err(stale("the compiled component is of another version", have));
        }
        if build != BUILD.as_bytes() {
            let have = format!("it was compiled by build {}; this is {BUILD}", String::from_utf8_lossy(build));
            return Err(stale("the compiled component is of another build of this runtime", have));
        }
        if made_for != engine {
            let have = format!("it is for engine {made_for:016x}; this is {engine:016x}");
            return Err(stale("the compiled component is for another machine or other settings", have));
        }
        read_contents(fields, footer.code).ok_or_else(|| damaged("its parts do not add up"))
    }
}

/// `bytes` without the last `end`.
fn before(bytes: &[u8], end: usize) -> Option<&[u8]> {
    bytes.get(..bytes.len().checked_sub(end)?)
}

/// Version, build and engine.
fn read_origin<'a>(fields: &mut Fields<'a>) -> Option<(&'a [u8], &'a [u8], u64)> {
    let text = |fields: &mut Fields<'a>| {
        let length = fields.u32()?;
        fields.take(u64::from(length))
    };
    Some((text(fields)?, text(fields)?, fields.u64()?))
}

fn read_contents(mut fields: Fields<'_>, code: u64) -> Option<Artifact<'_>> {
    let (kept, count) = (fields.bytes()?, fields.u32()?);
    let component = Place::fields(&mut fields)?;
    // Collecting grows by what is found: the count alone allocates nothing.
    let mut modules = Vec::new();
    for _ in 1..count {
        modules.push(Place::fields(&mut fields)?);
    }
    let whole = covers(modules.iter().chain([&component]), code) && fields.is_empty();
    whole.then_some(Artifact { kept, component, modules })
}

/// Whether these are the whole of `code` bytes, and no two the same ones.
fn covers<'a>(places: impl Iterator<Item = &'a Place>, code: u64) -> bool {
    let mut places: Vec<_> = places.map(|place| (place.offset, place.length)).collect();
    places.sort_unstable();
    let end = places.iter().try_fold(
        0_u64,
        |end, (offset, length)| {
            if *offset == end { end.checked_add(*length) } else { None }
        },
    );
    end == Some(code)
}

fn malformed(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Malformed, message)
}

fn damaged(how: &str) -> Error {
    malformed(format!("the compiled component is damaged: {how}")).with_hint("compile the component again")
}

/// Artifacts of older formats begin with the magic and their format.
fn not_this_format(bytes: &[u8]) -> Error {
    let mut fields = Fields(bytes);
    match (fields.array() == Some(MAGIC)).then(|| fields.u32()).flatten() {
        Some(format) => another_format(format),
        None => damaged("it ends early"),
    }
}

fn another_format(format: u32) -> Error {
    let have = format!("the file has format {format}; this version reads format {FORMAT}");
    stale("the compiled component has another format", have)
}

fn stale(message: &str, have: String) -> Error {
    malformed(message).with_have(have).with_hint("compile the component again with this version, on this machine")
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

    /// A length and so many bytes.
    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.u64()?;
        self.take(length)
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
#[path = "artifact_tests.rs"]
mod tests;
