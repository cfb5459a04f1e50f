//! Spec: wasi:filesystem/types.descriptor: the functions on the open file or directory itself.

use thalweg::{Access, Linker, LinkerInstance, Result};

use super::stat::new_times;
use super::{Answer, DescriptorStat, DescriptorType, NewTimestamp, TYPES, This, answer, get};
use crate::WasiView;
use crate::filesystem::{Advice, Descriptor, DescriptorFlags, MetadataHashValue};

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    let types = &mut linker.instance(TYPES)?;
    types.resource::<Descriptor>("descriptor", |view: &mut T, rep| {
        view.wasi().table.delete(This::new_own(rep)).map(drop)
    })?;
    changes(types)?;
    metadata(types)
}

/// Waits until the file is on the device.
async fn sync<T: WasiView>(access: Access<T>, this: This, metadata: bool) -> Answer<()> {
    let descriptor = access.with(|view| view.wasi().table.get(&this).cloned())?;
    answer(descriptor.sync(metadata).await)
}

fn changes<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[method]descriptor.advise", |mut caller, (this, offset, length, advice): (This, u64, u64, Advice)| {
            answer(get(&mut caller, &this)?.advise(offset, length, advice.into()))
        })?
        .func("[method]descriptor.set-size", |mut caller, (this, size): (This, u64)| {
            answer(get(&mut caller, &this)?.set_size(size))
        })?
        .func(
            "[method]descriptor.set-times",
            |mut caller, (this, accessed, modified): (This, NewTimestamp, NewTimestamp)| {
                let descriptor = get(&mut caller, &this)?;
                answer(new_times(accessed, modified).and_then(|times| descriptor.set_times(times)))
            },
        )?
        .func_async("[method]descriptor.sync-data", |access, (this,): (This,)| sync(access, this, false))?
        .func_async("[method]descriptor.sync", |access, (this,): (This,)| sync(access, this, true))?;
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
        .func("[method]descriptor.is-same-object", |mut caller, (this, other): (This, This)| {
            let other = get(&mut caller, &other)?;
            Ok(get(&mut caller, &this)?.is_same(&other))
        })?
        .func("[method]descriptor.metadata-hash", |mut caller, (this,): (This,)| {
            answer(get(&mut caller, &this)?.metadata_hash().map(MetadataHashValue::from))
        })?;
    Ok(())
}
