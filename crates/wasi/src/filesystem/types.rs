//! Spec: `wasi:filesystem/types` of 0.3: its own types, and the functions of `descriptor` with streams.

use thalweg::{Linker, Resource, Result, StreamReader};

use super::directory_stream::entries_end;
use super::methods::{Words, define, get};
use super::wit::{DescriptorStat, DescriptorType, NewTimestamp};
use super::{Descriptor, ErrorCode};
use crate::WasiView;
use crate::byte_stream::{read_end, write_end};
use crate::sys;

/// The types of 0.3.
struct P3;

impl Words for P3 {
    type ErrorCode = ErrorCode;
    type DescriptorType = DescriptorType;
    type DescriptorStat = DescriptorStat;
    type NewTimestamp = NewTimestamp;

    fn new_times(accessed: NewTimestamp, modified: NewTimestamp) -> sys::Result<sys::NewTimes> {
        Ok(sys::NewTimes { accessed: accessed.into(), modified: modified.into() })
    }
}

type This = Resource<Descriptor>;

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    let types = &mut linker.instance("wasi:filesystem/types@0.3.2")?;
    define::<P3, T>(types)?;
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
