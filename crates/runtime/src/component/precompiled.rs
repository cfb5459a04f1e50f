//! Components that were compiled ahead of time: written, and loaded from bytes or from a file.

use std::fs::File;

use wasmparser::{Parser, Payload};

use super::artifact::{self, Artifact, MAPPED, Place, Tail};
use super::binary::Binary;
use super::code::Code;
use super::engine::keep;
use super::load::plan_again;
use super::{Component, Engine, Loaded, shed};
use crate::engine::CoreModule;
use crate::plan::Plan;
use crate::{Error, ErrorKind, Result};

/// See [`Component::precompile`].
pub(super) fn write(engine: &Engine, bytes: &[u8], plan: &Plan, code: &Code) -> Result<Vec<u8>> {
    let modules = code.modules().map(CoreModule::serialize).collect::<Result<Vec<_>>>()?;
    let front = in_front(bytes, plan, &modules);
    let component = shed::without_code(bytes)?;
    let kept = if component == bytes {
        keep(plan, code.reached.as_ref())
    } else {
        // The same plan, but for where modules are.
        let plan = plan_again(&component, engine.features())?;
        keep(&engine.slim(Loaded { bytes: component.clone(), plan }).plan, code.reached.as_ref())
    };
    Ok(artifact::write(engine.artifact_hash(), &component, &modules, front, &kept))
}

/// The module whose code the file begins with. What a memory begins with is mapped from there alone, and copied from
/// elsewhere, so this is the one with most of it, or the largest if there is little.
fn in_front(bytes: &[u8], plan: &Plan, code: &[Vec<u8>]) -> Option<usize> {
    let images = plan.modules.iter().map(|module| bytes.get(module.range.clone()).map_or(0, image));
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
    let component = artifact.component.of(bytes)?.to_vec();
    let code = |place: &Place| CoreModule::trusted(engine.core(), place.of(bytes)?);
    let (plan, code) = engine.revive(artifact.kept, || artifact.modules.iter().map(code).collect())?;
    Ok(Component::with_code(engine, Binary::Here(component), plan, code))
}

/// The same, if `file` has one; its large modules are mapped.
pub(super) fn map(engine: &Engine, file: &File) -> Option<Result<Component>> {
    let tail = Tail::of_file(file)?;
    Some(check_allowed(engine).and_then(|()| {
        let Artifact { kept, component, modules } = tail.read(engine.artifact_hash())?;
        let code = || modules.iter().map(|place| map_module(engine, file, place)).collect();
        let (plan, code) = engine.revive(kept, code)?;
        let binary = Binary::in_file(file.try_clone().map_err(Error::unreadable)?, component);
        Ok(Component::with_code(engine, binary, plan, code))
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
    CoreModule::trusted(engine.core(), &place.read(file)?)
}

fn check_allowed(engine: &Engine) -> Result<()> {
    if engine.allows_precompiled() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Invalid, "this is a precompiled component")
        .with_have("precompiled code runs unchecked, so it is not taken by default")
        .with_hint("pass --allow-precompiled if you trust this file as you trust a program"))
}
