//! Spec: wasi:filesystem/types.descriptor: the functions on paths below a directory.

use thalweg::{Linker, LinkerInstance, Result};

use super::stat::new_times;
use super::{DescriptorStat, NewTimestamp, TYPES, This, answer, answer_new, get};
use crate::WasiView;
use crate::filesystem::{DescriptorFlags, MetadataHashValue, OpenFlags, OpenRequest, PathFlags};

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    let types = &mut linker.instance(TYPES)?;
    opening(types)?;
    metadata(types)?;
    names(types)?;
    links(types)
}

fn opening<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types.func(
        "[method]descriptor.open-at",
        |mut caller, (this, path_flags, path, open, flags): (This, PathFlags, String, OpenFlags, DescriptorFlags)| {
            let request = OpenRequest {
                follow: path_flags.into(),
                create: open.contains(OpenFlags::CREATE),
                directory: open.contains(OpenFlags::DIRECTORY),
                exclusive: open.contains(OpenFlags::EXCLUSIVE),
                truncate: open.contains(OpenFlags::TRUNCATE),
                flags: flags.into(),
            };
            let opened = get(&mut caller, &this)?.open_at(&path, request);
            answer_new(&mut caller, opened)
        },
    )?;
    Ok(())
}

fn metadata<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[method]descriptor.stat-at", |mut caller, (this, flags, path): (This, PathFlags, String)| {
            answer(get(&mut caller, &this)?.stat_at(&path, flags.into()).map(DescriptorStat::from))
        })?
        .func(
            "[method]descriptor.set-times-at",
            |mut caller, (this, flags, path, accessed, modified): (This, PathFlags, String, NewTimestamp, NewTimestamp)| {
                let descriptor = get(&mut caller, &this)?;
                let times = new_times(accessed, modified);
                answer(times.and_then(|times| descriptor.set_times_at(&path, flags.into(), times)))
            },
        )?
        .func(
            "[method]descriptor.metadata-hash-at",
            |mut caller, (this, flags, path): (This, PathFlags, String)| {
                let hash = get(&mut caller, &this)?.metadata_hash_at(&path, flags.into());
                answer(hash.map(MetadataHashValue::from))
            },
        )?;
    Ok(())
}

fn names<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[method]descriptor.create-directory-at", |mut caller, (this, path): (This, String)| {
            answer(get(&mut caller, &this)?.create_directory_at(&path))
        })?
        .func("[method]descriptor.remove-directory-at", |mut caller, (this, path): (This, String)| {
            answer(get(&mut caller, &this)?.remove_directory_at(&path))
        })?
        .func("[method]descriptor.unlink-file-at", |mut caller, (this, path): (This, String)| {
            answer(get(&mut caller, &this)?.unlink_file_at(&path))
        })?
        .func(
            "[method]descriptor.rename-at",
            |mut caller, (this, old, target, new): (This, String, This, String)| {
                let target = get(&mut caller, &target)?;
                answer(get(&mut caller, &this)?.rename_at(&old, &target, &new))
            },
        )?;
    Ok(())
}

fn links<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func(
            "[method]descriptor.link-at",
            |mut caller, (this, flags, old, target, new): (This, PathFlags, String, This, String)| {
                let target = get(&mut caller, &target)?;
                answer(get(&mut caller, &this)?.link_at(&old, flags.into(), &target, &new))
            },
        )?
        .func("[method]descriptor.symlink-at", |mut caller, (this, content, new): (This, String, String)| {
            answer(get(&mut caller, &this)?.symlink_at(&content, &new))
        })?
        .func("[method]descriptor.readlink-at", |mut caller, (this, path): (This, String)| {
            answer(get(&mut caller, &this)?.readlink_at(&path))
        })?;
    Ok(())
}
