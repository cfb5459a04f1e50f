//! What kind of file this is, told from its first bytes and from the sizes of its sections.

use std::borrow::Cow;

use wasmparser::{Parser, Payload};

use crate::{Error, ErrorKind, Result};

const MAGIC: &[u8] = b"\0asm";
/// Version and layer of a core module.
const MODULE: [u8; 4] = [1, 0, 0, 0];
/// Version and layer of a component.
const COMPONENT: [u8; 4] = [0x0d, 0, 1, 0];
const HEADER_LENGTH: usize = 8;

/// First bytes of files that people hand over by mistake.
const FOREIGN: &[(&[u8], &str)] = &[
    (b"\x7fELF", "an ELF file (a native program or library)"),
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

/// Checks that `bytes` are a component by their header, and that no section reaches beyond their end.
pub(super) fn check(bytes: &[u8]) -> Result<()> {
    let Some(version) = bytes.get(MAGIC.len()..HEADER_LENGTH) else {
        return Err(truncated(format!("the header needs {HEADER_LENGTH} bytes"), bytes.len(), 0));
    };
    if version == MODULE {
        return Err(core_module(bytes));
    }
    if version != COMPONENT {
        return Err(malformed("the binary version is not the one of components")
            .with_have(format!("version bytes {version:02x?}, where a component has {COMPONENT:02x?}"))
            .with_hint("build the component again with current tools"));
    }
    check_sections(bytes)
}

fn malformed(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Malformed, message)
}

fn not_wasm() -> Error {
    malformed("this is neither a component nor WAT").with_hint("a component begins with the bytes `\\0asm`")
}

fn truncated(what: String, length: usize, offset: usize) -> Error {
    malformed(format!("the file is truncated: {what} (at byte {offset:#x})"))
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

/// Walks over the sections of the root component by their sizes alone.
fn check_sections(bytes: &[u8]) -> Result<()> {
    let mut at = HEADER_LENGTH;
    while at < bytes.len() {
        let start = at;
        let cut = |what: &str| truncated(format!("a section {what}"), bytes.len(), start);
        let mut size = 0u64;
        let mut shift = 0;
        loop {
            at += 1;
            let byte = *bytes.get(at).ok_or_else(|| cut("has no size"))?;
            size |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            // A size longer than five bytes is for the decoder to refuse.
            if byte & 0x80 == 0 || shift >= 35 {
                break;
            }
        }
        let rest = bytes.len() - at - 1;
        match usize::try_from(size) {
            Ok(size) if size <= rest => at += 1 + size,
            _ => return Err(cut(&format!("needs {size} bytes, {rest} are left"))),
        }
    }
    Ok(())
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
        let message = lines.next().unwrap_or_default().to_owned();
        let place: Vec<_> = lines.collect();
        let error = malformed(format!("the text is not WAT: {message}"));
        if place.is_empty() { error } else { error.with_have(place.join("\n")) }
    })
}
