//! Spec: `wasi:filesystem/types`: the resource `descriptor` and its functions.

use thalweg::{Caller, Linker, LinkerInstance, Resource, Result, StreamReader};

use super::directory_stream::entries_end;
use super::wit::{
    Advice, DescriptorFlags, DescriptorStat, DescriptorType, MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
    open_request,
};
use super::{Descriptor, ErrorCode};
use crate::WasiView;
use crate::byte_stream::{read_end, write_end};
use crate::sys;

type This = Resource<Descriptor>;

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    let types = &mut linker.instance("wasi:filesystem/types@0.3.2")?;
    types.resource::<Descriptor>("descriptor", |data: &mut T, rep| {
        data.wasi().table.delete(This::new_own(rep)).map(drop)
    })?;
    streams(types)?;
    content(types)?;
    metadata(types)?;
    metadata_at(types)?;
    opening(types)?;
    directories(types)?;
    links(types)
}

/// The descriptor behind a handle; cloning it shares the open file.
fn get<T: WasiView>(caller: &mut Caller<'_, T>, this: &This) -> Result<Descriptor> {
    caller.data_mut().wasi().table.get(this).cloned()
}

/// A result in WIT's words.
fn answer<R>(result: sys::Result<R>) -> Result<Result<R, ErrorCode>> {
    Ok(result.map_err(ErrorCode::from))
}

fn new_times(accessed: NewTimestamp, modified: NewTimestamp) -> sys::NewTimes {
    sys::NewTimes { accessed: accessed.into(), modified: modified.into() }
}

fn streams<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[method]descriptor.read-via-stream", |mut caller, (this, offset): (This, u64)| {
            Ok(read_end::<ErrorCode>(get(&mut caller, &this)?.reader(offset)))
        })?
        .func(
            "[method]descriptor.write-via-stream",
            |mut caller, (this, data, offset): (This, StreamReader<u8>, u64)| {
                Ok(write_end::<ErrorCode>(data, get(&mut caller, &this)?.writer(offset)))
            },
        )?
        .func("[method]descriptor.append-via-stream", |mut caller, (this, data): (This, StreamReader<u8>)| {
            Ok(write_end::<ErrorCode>(data, get(&mut caller, &this)?.appender()))
        })?
        .func("[method]descriptor.read-directory", |mut caller, (this,): (This,)| {
            Ok(entries_end(get(&mut caller, &this)?.read_directory()))
        })?;
    Ok(())
}

fn content<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[method]descriptor.advise", |mut caller, (this, offset, length, advice): (This, u64, u64, Advice)| {
            answer(get(&mut caller, &this)?.advise(offset, length, advice.into()))
        })?
        .func("[method]descriptor.set-size", |mut caller, (this, size): (This, u64)| {
            answer(get(&mut caller, &this)?.set_size(size))
        })?
        .func_async("[method]descriptor.sync-data", |access, (this,): (This,)| {
            let descriptor = access.with(|data| data.wasi().table.get(&this).cloned());
            async move { answer(descriptor?.sync(false).await) }
        })?
        .func_async("[method]descriptor.sync", |access, (this,): (This,)| {
            let descriptor = access.with(|data| data.wasi().table.get(&this).cloned());
            async move { answer(descriptor?.sync(true).await) }
        })?;
    Ok(())
}

fn metadata<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[method]descriptor.get-flags", |mut caller, (this,): (This,)| {
            answer(Ok(DescriptorFlags::from(get(&mut caller, &this)?.flags())))
        })?
        .func("[method]descriptor.get-type", |mut caller, (this,): (This,)| {
            answer(Ok(DescriptorType::from(get(&mut caller, &this)?.kind())))
        })?
        .func("[method]descriptor.stat", |mut caller, (this,): (This,)| {
            answer(get(&mut caller, &this)?.stat().map(DescriptorStat::from))
        })?
        .func(
            "[method]descriptor.set-times",
            |mut caller, (this, accessed, modified): (This, NewTimestamp, NewTimestamp)| {
                answer(get(&mut caller, &this)?.set_times(new_times(accessed, modified)))
            },
        )?
        .func("[method]descriptor.is-same-object", |mut caller, (this, other): (This, This)| {
            let other = get(&mut caller, &other)?;
            Ok(get(&mut caller, &this)?.is_same(&other))
        })?
        .func("[method]descriptor.metadata-hash", |mut caller, (this,): (This,)| {
            answer(get(&mut caller, &this)?.metadata_hash().map(MetadataHashValue::from))
        })?;
    Ok(())
}

fn metadata_at<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[method]descriptor.stat-at", |mut caller, (this, flags, path): (This, PathFlags, String)| {
            answer(get(&mut caller, &this)?.stat_at(&path, flags.into()).map(DescriptorStat::from))
        })?
        .func(
            "[method]descriptor.set-times-at",
            |mut caller, (this, flags, path, accessed, modified): (This, PathFlags, String, NewTimestamp, NewTimestamp)| {
                let times = new_times(accessed, modified);
                answer(get(&mut caller, &this)?.set_times_at(&path, flags.into(), times))
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

fn opening<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types.func(
        "[method]descriptor.open-at",
        |mut caller,
         (this, path_flags, path, open_flags, flags): (This, PathFlags, String, OpenFlags, DescriptorFlags)| {
            let request = open_request(path_flags, open_flags, flags);
            match get(&mut caller, &this)?.open_at(&path, request) {
                Ok(opened) => Ok(Ok(caller.data_mut().wasi().table.push(opened)?)),
                Err(error) => Ok(Err(ErrorCode::from(error))),
            }
        },
    )?;
    Ok(())
}

fn directories<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
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
