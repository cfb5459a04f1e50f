//! What kind of file this is, told from its first bytes and from the sizes of its sections.

use std::borrow::Cow;

use wasmparser::{Parser, Payload};

use super::excerpt::excerpt;
use crate::{Error, ErrorKind, Result};

const MAGIC: &[u8] = b"\0asm";
/// Version and layer of a core module.
const MODULE: [u8; 4] = [1, 0, 0, 0];
/// Version and layer of a component.
const COMPONENT: [u8; 4] = [0x0d, 0, 1, 0];
const HEADER_LENGTH: usize = 8;
/// Of the parser's words and of the line of text that it quotes.
const MAX_MESSAGE_LENGTH: usize = 240;

/// First bytes of files that people hand over by mistake.
const FOREIGN: &[(&[u8], &str)] = &[
    (b"\x7fELF", "an ELF file (a native program or library, or a precompiled component that was cut off)"),
    (b"MZ", "a Windows program"),
    (b"\xcf\xfa\xed\xfe", "a Mach-O file (a native program or library)"),
    (b"\x1f\x8b", "gzip data"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"PK\x03\x04", "a zip archive"),
    (b"!<arch>\n", "a static library (ar archive)"),
    (b"#!", "a script"),
    (b"BC\xc0\xde", "LLVM bitcode"),
];

/// The binary form of `bytes`, which are binary already or WAT.
pub(super) fn binary(bytes: &[u8]) -> Result<Cow<'_, [u8]>> {
    if bytes.is_empty() {
        return Err(malformed("the file is empty").with_hint("the build that should have written it may have failed"));
    }
    if bytes.starts_with(MAGIC) || MAGIC.starts_with(bytes) {
        return Ok(Cow::Borrowed(bytes));
    }
    if let Some((_, what)) = FOREIGN.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(not_wasm().with_have(format!("it is {what}")));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if is_wat(text) => text_to_binary(text).map(Cow::Owned),
        Ok(_) => Err(not_wasm().with_have("it is text, but WAT begins with `(`")),
        Err(_) => {
            let first: Vec<_> = bytes.iter().take(MAGIC.len()).collect();
            Err(not_wasm().with_have(format!("it begins with the bytes {first:02x?}")))
        }
    }
}

/// Checks that `bytes` are a component by their header.
pub(super) fn check(bytes: &[u8]) -> Result<()> {
    let Some(version) = bytes.get(MAGIC.len()..HEADER_LENGTH) else {
        return Err(truncated(&format!("the header needs {HEADER_LENGTH} bytes"), bytes.len(), 0));
    };
    if version == MODULE {
        return Err(core_module(bytes));
    }
    if version != COMPONENT {
        return Err(malformed("the binary version is not the one of components")
            .with_have(format!("version bytes {version:02x?}, where a component has {COMPONENT:02x?}"))
            .with_hint("build the component again with current tools"));
    }
    Ok(())
}

/// The decoder's `error` as a truncation, when the last section of the file itself is cut.
pub(super) fn truncation(bytes: &[u8], error: &wasmparser::Error) -> Option<Error> {
    let (start, what) = cut_section(bytes).filter(|_| error.message().starts_with("unexpected end"))?;
    Some(truncated(&what, bytes.len(), start))
}

fn malformed(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Malformed, message)
}

fn not_wasm() -> Error {
    malformed("this is neither a component nor WAT").with_hint("a component begins with the bytes `\\0asm`")
}

fn truncated(what: &str, length: usize, offset: usize) -> Error {
    malformed(format!("the file is truncated: unexpected end-of-file, {what} (at byte {offset:#x})"))
        .with_have(format!("the file has {length} bytes"))
        .with_hint("download or build it again")
}

/// A core module, and how to make a component of it.
fn core_module(bytes: &[u8]) -> Error {
    let wasi_p1 = "wasi_snapshot_preview1";
    let imports = Parser::new(0).parse_all(bytes).map_while(Result::ok).find_map(|payload| match payload {
        Payload::ImportSection(imports) => Some(imports),
        _ => None,
    });
    let mut imports = imports.into_iter().flat_map(|imports| imports.into_imports().map_while(Result::ok));
    let adapt =
        if imports.any(|import| import.module == wasi_p1) { " --adapt wasi_snapshot_preview1.wasm" } else { "" };
    malformed("this is a core module, not a component")
        .with_hint(format!("make a component of it: wasm-tools component new module.wasm{adapt} -o component.wasm"))
}

/// The first section of the root component that reaches beyond the end: where it starts, and what it lacks.
fn cut_section(bytes: &[u8]) -> Option<(usize, String)> {
    let mut start = HEADER_LENGTH;
    while start < bytes.len() {
        let Some((size, content)) = section_size(bytes, start + 1) else {
            return Some((start, "a section has no size".to_owned()));
        };
        let rest = bytes.len().saturating_sub(content);
        match usize::try_from(size) {
            Ok(size) if size <= rest => start = content + size,
            _ => return Some((start, format!("a section needs {size} bytes, {rest} are left"))),
        }
    }
    None
}

/// The size of a section that is written at `at`, and where its content begins.
fn section_size(bytes: &[u8], mut at: usize) -> Option<(u64, usize)> {
    let mut size = 0;
    for shift in [0, 7, 14, 21, 28] {
        let byte = *bytes.get(at)?;
        at += 1;
        size |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some((size, at))
}

/// Whether the first thing that is neither space nor a line comment is an opening parenthesis.
fn is_wat(mut text: &str) -> bool {
    loop {
        text = text.trim_start();
        match text.strip_prefix(";;") {
            Some(comment) => text = comment.split_once('\n').map_or("", |(_, rest)| rest),
            None => return text.starts_with('('),
        }
    }
}

fn text_to_binary(text: &str) -> Result<Vec<u8>> {
    wat::parse_str(text).map_err(|error| {
        let error = error.to_string();
        let mut lines = error.lines();
        let message = excerpt(lines.next().unwrap_or_default().to_owned(), MAX_MESSAGE_LENGTH);
        let refused = malformed(format!("the text is not WAT: {message}"));
        match lines.next().and_then(|place| place.rsplit_once("<anon>:")) {
            Some((_, place)) => refused.with_have(with_source(place, lines)),
            None => refused,
        }
    })
}

/// A place `line:column` with the line of text there, when that is short enough to be read.
fn with_source<'a>(place: &str, source: impl Iterator<Item = &'a str>) -> String {
    let mut have = format!("at line {}", place.replace(':', ", column "));
    let source: Vec<_> = source.collect();
    if source.iter().all(|line| line.len() <= MAX_MESSAGE_LENGTH) {
        for line in source {
            have.push('\n');
            have.push_str(line);
        }
    }
    have
}
