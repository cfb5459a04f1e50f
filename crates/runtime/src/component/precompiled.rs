//! Components that were compiled ahead of time: written, and loaded from bytes or from a file.

use std::fs::File;
use std::os::unix::fs::FileExt;

use wasmparser::{Parser, Payload};

use super::artifact::{self, Artifact, MAPPED, Place, Tail};
use super::code::Code;
use super::{Component, Engine, Loaded, shed};
use crate::engine::CoreModule;
use crate::{Error, ErrorKind, Result};

/// See [`Component::precompile`].
pub(super) fn write(engine: &Engine, loaded: &Loaded, code: &Code) -> Result<Vec<u8>> {
    let component = shed::without_code(&loaded.bytes)?;
    let modules = code.modules().map(CoreModule::serialize).collect::<Result<Vec<_>>>()?;
    let made = engine.made(&loaded.plan, code.reached.as_ref())?;
    Ok(artifact::write(engine.artifact_hash(), &component, &modules, in_front(loaded, &modules), &made))
}

/// The module whose code the file begins with. What a memory begins with is mapped from there alone, and copied from elsewhere,
/// so this is the one with most of it, or the largest if there is little.
fn in_front(loaded: &Loaded, code: &[Vec<u8>]) -> Option<usize> {
    let images = loaded.plan.modules.iter().map(|module| loaded.bytes.get(module.range.clone()).map_or(0, image));
    let image = images.enumerate().filter(|(_, image)| *image >= MAPPED).max_by_key(|(_, image)| *image);
    image
        .or_else(|| code.iter().map(|code| code.len() as u64).enumerate().max_by_key(|(_, length)| *length))
        .map(|(at, _)| at)
}

/// Bytes of data in a core module that has a memory.
fn image(module: &[u8]) -> u64 {
    let (mut data, mut has_memory) = (0, false);
    for payload in Parser::new(0).parse_all(module).map_while(std::result::Result::ok) {
        match payload {
            Payload::MemorySection(memories) => has_memory |= memories.count() > 0,
            Payload::DataSection(section) => data += section.range().end.saturating_sub(section.range().start),
            _ => {}
        }
    }
    if has_memory { data } else { 0 }
}

/// A component from [`write()`], if that is allowed.
pub(super) fn read(engine: &Engine, bytes: &[u8]) -> Result<Component> {
    check_allowed(engine)?;
    let tail = Tail::of_bytes(bytes)?;
    let artifact = tail.read(engine.artifact_hash())?;
    revive(engine, &artifact, |place| CoreModule::trusted(engine.core(), place.of(bytes)?))
}

/// The same, if `file` has one; its large modules are mapped.
pub(super) fn map(engine: &Engine, file: &File) -> Option<Result<Component>> {
    let tail = Tail::of_file(file)?;
    Some(check_allowed(engine).and_then(|()| {
        let artifact = tail.read(engine.artifact_hash())?;
        revive(engine, &artifact, |place| map_module(engine, file, place))
    }))
}

fn map_module(engine: &Engine, file: &File, place: &Place) -> Result<CoreModule> {
    if place.offset == 0 {
        return CoreModule::trusted_file(engine.core(), file.try_clone().map_err(Error::unreadable)?);
    }
    if place.length >= MAPPED
        && let Some(range) = place.range()
        && let Some(module) = CoreModule::trusted_part(engine.core(), file, range)
    {
        return module;
    }
    let mut code = vec![0; usize::try_from(place.length).unwrap_or(usize::MAX)];
    file.read_exact_at(&mut code, place.offset).map_err(Error::unreadable)?;
    CoreModule::trusted(engine.core(), place.checked(&code)?)
}

fn revive(engine: &Engine, artifact: &Artifact<'_>, code: impl Fn(&Place) -> Result<CoreModule>) -> Result<Component> {
    let code = || artifact.modules.iter().map(code).collect();
    engine.revive(artifact.component.to_vec(), artifact.made, code).map_err(|(_, error)| error)
}

fn check_allowed(engine: &Engine) -> Result<()> {
    if engine.allows_precompiled() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Invalid, "this is a precompiled component")
        .with_have("precompiled code runs unchecked, so it is not taken by default")
        .with_hint("pass --allow-precompiled if you trust this file as you trust a program"))
}
