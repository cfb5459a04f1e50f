//! Names in directories.
use wasip3::filesystem::types::{Descriptor, DescriptorFlags, OpenFlags, PathFlags};

use crate::say;

fn text(name: &str) -> String {
    format!("folder/{name}")
}

pub async fn calls(directory: &Descriptor) {
    let path = PathFlags::empty();
    say(format!("link-at: {:?}", directory.link_at(path, text("file"), directory, text("second")).await)).await;
    say(format!("symlink-at: {:?}", directory.symlink_at("file".into(), text("link")).await)).await;
    say(format!("readlink-at: {:?}", directory.readlink_at(text("link")).await)).await;
    say(format!("stat-at a link: {:?}", directory.stat_at(path, text("link")).await.map(|stat| stat.type_))).await;
    let followed = directory.stat_at(PathFlags::SYMLINK_FOLLOW, text("link")).await;
    say(format!("stat-at through it: {:?}", followed.map(|stat| (stat.type_, stat.link_count)))).await;
    say(format!("rename-at: {:?}", directory.rename_at(text("second"), directory, text("third")).await)).await;
    let opened = directory.open_at(path, "folder".into(), OpenFlags::DIRECTORY, DescriptorFlags::READ).await;
    let (entries, done) = opened.expect("a directory").read_directory();
    let mut names: Vec<_> =
        entries.collect().await.into_iter().map(|entry| format!("{} {:?}", entry.name, entry.type_)).collect();
    names.sort();
    say(format!("read-directory: {names:?} {:?}", done.await)).await;
    say(format!("remove-directory-at: {:?}", directory.remove_directory_at("folder".into()).await)).await;
    for name in ["file", "third", "link"] {
        say(format!("unlink-file-at {name}: {:?}", directory.unlink_file_at(text(name)).await)).await;
    }
    say(format!("remove-directory-at: {:?}", directory.remove_directory_at("folder".into()).await)).await;
    let out = directory.stat_at(path, "../secret".into()).await;
    say(format!("out of the directory: {:?}", out.map(|stat| stat.size))).await;
}
