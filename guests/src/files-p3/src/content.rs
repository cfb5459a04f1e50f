//! What is known about descriptors, and can be set.
use wasip3::clocks::system_clock::Instant;
use wasip3::filesystem::types::{
    Advice, Descriptor, DescriptorFlags, MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
};

use crate::{open, say};

fn at(seconds: i64) -> NewTimestamp {
    NewTimestamp::Timestamp(Instant { seconds, nanoseconds: 7 })
}

fn path() -> String {
    "folder/file".into()
}

pub async fn calls(directory: &Descriptor) {
    let file = open(directory, "folder/file").await;
    say(format!("advise: {:?}", file.advise(0, 10, Advice::Sequential).await)).await;
    say(format!("sync-data: {:?}, sync: {:?}", file.sync_data().await, file.sync().await)).await;
    say(format!("set-size: {:?}", file.set_size(6).await)).await;
    say(format!("get-type: {:?}, get-flags: {:?}", file.get_type().await, file.get_flags().await)).await;
    say(format!("set-times: {:?}", file.set_times(NewTimestamp::NoChange, at(1_000_000_000)).await)).await;
    let stat = file.stat().await.expect("a file");
    let (kind, modified) = (stat.type_, stat.data_modification_timestamp);
    say(format!("stat: {kind:?} {} {} {modified:?}", stat.link_count, stat.size)).await;
    let flags = PathFlags::empty();
    let set = directory.set_times_at(flags, path(), at(-1), NewTimestamp::NoChange).await;
    say(format!("set-times-at: {set:?}")).await;
    let stat = directory.stat_at(flags, path()).await.expect("a file");
    say(format!("stat-at: {:?} {:?}", stat.size, stat.data_access_timestamp)).await;
    let again = directory.open_at(flags, path(), OpenFlags::empty(), DescriptorFlags::READ).await.expect("a file");
    let same = (file.is_same_object(&again).await, file.is_same_object(directory).await);
    say(format!("is-same-object: {same:?}")).await;
    let one = file.metadata_hash().await.expect("one");
    let two = directory.metadata_hash_at(flags, path()).await.expect("one");
    let other = directory.metadata_hash().await.expect("one");
    let same = |other: MetadataHashValue| (one.lower, one.upper) == (other.lower, other.upper);
    say(format!("metadata-hash: {} {}", same(two), same(other))).await;
    say(format!("set-size without the right: {:?}", again.set_size(1).await)).await;
}
