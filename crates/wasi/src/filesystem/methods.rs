//! Spec: `wasi:filesystem/types.descriptor`: the functions that 0.3 and 0.2 have in common, but for some of the types.

use thalweg::{Access, Caller, LinkerInstance, Resource, Result, WitType};

use super::Descriptor;
use super::wit::{Advice, DescriptorFlags, MetadataHashValue, OpenFlags, PathFlags, open_request};
use crate::table_resource::TableResource;
use crate::{WasiView, sys};

/// The types that one version of the interface has for itself.
pub(crate) trait Words: 'static {
    /// Why an operation failed.
    type ErrorCode: WitType + From<sys::Error>;
    /// What a file is.
    type DescriptorType: WitType + From<sys::FileKind>;
    /// What is known about a file.
    type DescriptorStat: WitType + From<sys::Stat>;
    /// What a timestamp becomes.
    type NewTimestamp: WitType;

    /// Both timestamps that can be set.
    fn new_times(accessed: Self::NewTimestamp, modified: Self::NewTimestamp) -> sys::Result<sys::NewTimes>;
}

/// The handle that a method is called on.
type This = Resource<Descriptor>;

/// What a function of the interface gives: an answer in WIT's words, or a fault of the guest or the host.
type Answer<W, R> = Result<Result<R, <W as Words>::ErrorCode>>;

/// Defines the resource and these functions in `types`.
pub(crate) fn define<W: Words, T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types.table_resource::<Descriptor>("descriptor")?;
    changes::<W, T>(types)?;
    metadata::<W, T>(types)?;
    metadata_at::<W, T>(types)?;
    opening::<W, T>(types)?;
    names::<W, T>(types)?;
    links::<W, T>(types)
}

/// The descriptor behind a handle; cloning it shares the open file.
pub(crate) fn get<T: WasiView>(caller: &mut Caller<'_, T>, this: &This) -> Result<Descriptor> {
    caller.data_mut().wasi().table.get(this).cloned()
}

/// A result in WIT's words.
fn answer<W: Words, R>(result: sys::Result<R>) -> Answer<W, R> {
    Ok(result.map_err(W::ErrorCode::from))
}

/// Waits until the file is on the device.
async fn sync<W: Words, T: WasiView>(access: Access<T>, this: This, metadata: bool) -> Answer<W, ()> {
    let descriptor = access.with(|view| view.wasi().table.get(&this).cloned())?;
    answer::<W, _>(descriptor.sync(metadata).await)
}

fn changes<W: Words, T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[method]descriptor.advise", |mut caller, (this, offset, length, advice): (This, u64, u64, Advice)| {
            answer::<W, _>(get(&mut caller, &this)?.advise(offset, length, advice.into()))
        })?
        .func("[method]descriptor.set-size", |mut caller, (this, size): (This, u64)| {
            answer::<W, _>(get(&mut caller, &this)?.set_size(size))
        })?
        .func(
            "[method]descriptor.set-times",
            |mut caller, (this, accessed, modified): (This, W::NewTimestamp, W::NewTimestamp)| {
                let descriptor = get(&mut caller, &this)?;
                answer::<W, _>(W::new_times(accessed, modified).and_then(|times| descriptor.set_times(times)))
            },
        )?
        .func_async("[method]descriptor.sync-data", |access, (this,): (This,)| sync::<W, T>(access, this, false))?
        .func_async("[method]descriptor.sync", |access, (this,): (This,)| sync::<W, T>(access, this, true))?;
    Ok(())
}

fn metadata<W: Words, T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[method]descriptor.get-flags", |mut caller, (this,): (This,)| {
            answer::<W, _>(Ok(DescriptorFlags::from(get(&mut caller, &this)?.flags())))
        })?
        .func("[method]descriptor.get-type", |mut caller, (this,): (This,)| {
            answer::<W, _>(Ok(W::DescriptorType::from(get(&mut caller, &this)?.kind())))
        })?
        .func("[method]descriptor.stat", |mut caller, (this,): (This,)| {
            answer::<W, _>(get(&mut caller, &this)?.stat().map(W::DescriptorStat::from))
        })?
        .func("[method]descriptor.is-same-object", |mut caller, (this, other): (This, This)| {
            let other = get(&mut caller, &other)?;
            Ok(get(&mut caller, &this)?.is_same(&other))
        })?
        .func("[method]descriptor.metadata-hash", |mut caller, (this,): (This,)| {
            answer::<W, _>(get(&mut caller, &this)?.metadata_hash().map(MetadataHashValue::from))
        })?;
    Ok(())
}

fn metadata_at<W: Words, T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[method]descriptor.stat-at", |mut caller, (this, flags, path): (This, PathFlags, String)| {
            answer::<W, _>(get(&mut caller, &this)?.stat_at(&path, flags.into()).map(W::DescriptorStat::from))
        })?
        .func(
            "[method]descriptor.set-times-at",
            |mut caller, (this, flags, path, accessed, modified): (This, PathFlags, String, W::NewTimestamp, W::NewTimestamp)| {
                let descriptor = get(&mut caller, &this)?;
                let times = W::new_times(accessed, modified);
                answer::<W, _>(times.and_then(|times| descriptor.set_times_at(&path, flags.into(), times)))
            },
        )?
        .func(
            "[method]descriptor.metadata-hash-at",
            |mut caller, (this, flags, path): (This, PathFlags, String)| {
                let hash = get(&mut caller, &this)?.metadata_hash_at(&path, flags.into());
                answer::<W, _>(hash.map(MetadataHashValue::from))
            },
        )?;
    Ok(())
}

fn opening<W: Words, T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types.func(
        "[method]descriptor.open-at",
        |mut caller, (this, path_flags, path, open, flags): (This, PathFlags, String, OpenFlags, DescriptorFlags)| {
            let request = open_request(path_flags, open, flags);
            match get(&mut caller, &this)?.open_at(&path, request) {
                Ok(opened) => caller.data_mut().wasi().table.push(opened).map(Ok::<_, W::ErrorCode>),
                Err(error) => Ok(Err(W::ErrorCode::from(error))),
            }
        },
    )?;
    Ok(())
}

fn names<W: Words, T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[method]descriptor.create-directory-at", |mut caller, (this, path): (This, String)| {
            answer::<W, _>(get(&mut caller, &this)?.create_directory_at(&path))
        })?
        .func("[method]descriptor.remove-directory-at", |mut caller, (this, path): (This, String)| {
            answer::<W, _>(get(&mut caller, &this)?.remove_directory_at(&path))
        })?
        .func("[method]descriptor.unlink-file-at", |mut caller, (this, path): (This, String)| {
            answer::<W, _>(get(&mut caller, &this)?.unlink_file_at(&path))
        })?
        .func(
            "[method]descriptor.rename-at",
            |mut caller, (this, old, target, new): (This, String, This, String)| {
                let target = get(&mut caller, &target)?;
                answer::<W, _>(get(&mut caller, &this)?.rename_at(&old, &target, &new))
            },
        )?;
    Ok(())
}

fn links<W: Words, T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func(
            "[method]descriptor.link-at",
            |mut caller, (this, flags, old, target, new): (This, PathFlags, String, This, String)| {
                let target = get(&mut caller, &target)?;
                answer::<W, _>(get(&mut caller, &this)?.link_at(&old, flags.into(), &target, &new))
            },
        )?
        .func("[method]descriptor.symlink-at", |mut caller, (this, content, new): (This, String, String)| {
            answer::<W, _>(get(&mut caller, &this)?.symlink_at(&content, &new))
        })?
        .func("[method]descriptor.readlink-at", |mut caller, (this, path): (This, String)| {
            answer::<W, _>(get(&mut caller, &this)?.readlink_at(&path))
        })?;
    Ok(())
}
