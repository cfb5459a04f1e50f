//! Components that were compiled ahead of time: written, and loaded from bytes or from a file.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::artifact::{self, Artifact, Place};
use super::code::Code;
use super::{Component, Engine, Loaded, shed};
use crate::engine::CoreModule;
use crate::{Error, ErrorKind, Result};

/// Bytes of code from which on the system copies a file faster than we do: its pages are touched once, and mapped then.
const COPIED_BY_SYSTEM: u64 = 256 << 10;

/// See [`Component::precompile`].
pub(super) fn write(engine: &Engine, loaded: &Loaded, code: &Code) -> Result<Vec<u8>> {
    let component = shed::without_code(&loaded.bytes)?;
    let modules = code.modules().map(CoreModule::serialize).collect::<Result<Vec<_>>>()?;
    let made = engine.made(&loaded.plan, code.reached.as_ref())?;
    Ok(artifact::write(engine.artifact_hash(), &component, &modules, &made))
}

/// A component from [`write()`], if that is allowed.
pub(super) fn read(engine: &Engine, bytes: &[u8]) -> Result<Component> {
    check_allowed(engine)?;
    let artifact = artifact::read(bytes, engine.artifact_hash())?;
    revive(engine, &artifact, |place| CoreModule::trusted(engine.core(), place.of(bytes)?))
}

/// The same, if `file` has one; its largest module is mapped.
pub(super) fn map(engine: &Engine, file: &File) -> Option<Result<Component>> {
    let tail = artifact::tail(file)?;
    Some(check_allowed(engine).and_then(|()| {
        let length = file.metadata().map_err(unreadable)?.len();
        let artifact = artifact::read_tail(&tail, length, engine.artifact_hash())?;
        revive(engine, &artifact, |place| map_module(engine, file, place))
    }))
}

fn map_module(engine: &Engine, file: &File, place: &Place) -> Result<CoreModule> {
    if place.offset == 0 {
        return CoreModule::trusted_file(engine.core(), file.try_clone().map_err(unreadable)?);
    }
    if place.length >= COPIED_BY_SYSTEM
        && let Some(copy) = copy(file, place)
    {
        return CoreModule::trusted_file(engine.core(), copy);
    }
    let mut code = vec![0; usize::try_from(place.length).unwrap_or(usize::MAX)];
    file.read_exact_at(&mut code, place.offset).map_err(unreadable)?;
    CoreModule::trusted(engine.core(), place.checked(&code)?)
}

/// A file in memory with what is at `place`, which nobody can write to; none where there is no such thing.
#[cfg(target_os = "linux")]
fn copy(file: &File, place: &Place) -> Option<File> {
    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create, sendfile};
    let copy = memfd_create("thalweg-code", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).ok()?;
    let (mut from, mut left) = (place.offset, place.length);
    while left > 0 {
        let sent = sendfile(&copy, file, Some(&mut from), usize::try_from(left).ok()?).ok()?;
        left = left.checked_sub(sent as u64).filter(|_| sent > 0)?;
    }
    let seals = SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE;
    fcntl_add_seals(&copy, seals).ok()?;
    Some(copy.into())
}

#[cfg(not(target_os = "linux"))]
fn copy(_: &File, _: &Place) -> Option<File> {
    None
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

fn unreadable(error: std::io::Error) -> Error {
    Error::host(format!("cannot read the file: {error}")).with_source(error)
}
