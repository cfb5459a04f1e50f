//! Descriptors: their content and what is known about them.
use wasip2::clocks::wall_clock::Datetime;
use wasip2::filesystem::types::{Advice, Descriptor, DescriptorFlags, NewTimestamp, OpenFlags, PathFlags};

use crate::{open, say, told};

fn at(seconds: u64) -> NewTimestamp {
    NewTimestamp::Timestamp(Datetime { seconds, nanoseconds: 7 })
}

pub fn calls(directory: &Descriptor) {
    let file = open(directory, "folder/file");
    say(&format!("write: {:?}", file.write(b"0123456789", 0)));
    say(&format!("read: {:?}", file.read(4, 3)));
    say(&format!("read at the end: {:?}", file.read(4, 10)));
    say(&format!("advise: {:?}", file.advise(0, 10, Advice::Sequential)));
    say(&format!("sync-data: {:?}, sync: {:?}", file.sync_data(), file.sync()));
    say(&format!("set-size: {:?}", file.set_size(6)));
    say(&format!("get-type: {:?}, get-flags: {:?}", file.get_type(), file.get_flags()));
    say(&format!("set-times: {:?}", file.set_times(NewTimestamp::NoChange, at(1_000_000_000))));
    let stat = file.stat().expect("a file");
    say(&format!("stat: {:?} {} {} {:?}", stat.type_, stat.link_count, stat.size, stat.data_modification_timestamp));
    let path = PathFlags::empty();
    say(&format!("set-times-at: {:?}", directory.set_times_at(path, "folder/file", at(1), NewTimestamp::NoChange)));
    let stat = directory.stat_at(path, "folder/file").expect("a file");
    say(&format!("stat-at: {:?} {:?}", stat.size, stat.data_access_timestamp));
    let no_time = NewTimestamp::Timestamp(Datetime { seconds: 0, nanoseconds: 1_000_000_000 });
    say(&format!("no time: {}", told(file.set_times(no_time, at(1)))));
    let again = directory.open_at(path, "folder/file", OpenFlags::empty(), DescriptorFlags::READ).expect("a file");
    say(&format!("is-same-object: {} {}", file.is_same_object(&again), file.is_same_object(directory)));
    let (one, two) = (file.metadata_hash().expect("one"), directory.metadata_hash_at(path, "folder/file").expect("one"));
    let other = directory.metadata_hash().expect("one");
    let same = |other: wasip2::filesystem::types::MetadataHashValue| (one.lower, one.upper) == (other.lower, other.upper);
    say(&format!("metadata-hash: {} {}", same(two), same(other)));
    say(&format!("write without the right: {}", told(again.write(b"x", 0))));
}
