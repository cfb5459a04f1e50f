//! Spec: wasi:filesystem/types.descriptor of 0.2: the functions of 0.3, with other types.

use thalweg::{Linker, Result};

use super::stat::new_times;
use super::{DescriptorStat, DescriptorType, ErrorCode, NewTimestamp, TYPES};
use crate::filesystem::methods::{Words, define};
use crate::{WasiView, sys};

/// The types of 0.2.
struct P2;

impl Words for P2 {
    type ErrorCode = ErrorCode;
    type DescriptorType = DescriptorType;
    type DescriptorStat = DescriptorStat;
    type NewTimestamp = NewTimestamp;

    fn new_times(accessed: NewTimestamp, modified: NewTimestamp) -> sys::Result<sys::NewTimes> {
        new_times(accessed, modified)
    }
}

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    define::<P2, T>(&mut linker.instance(TYPES)?)
}
