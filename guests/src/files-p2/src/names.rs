//! Names in directories.
use wasip2::filesystem::types::{Descriptor, DescriptorFlags, OpenFlags, PathFlags};

use crate::{say, told};

pub fn calls(directory: &Descriptor) {
    let path = PathFlags::empty();
    say(&format!("link-at: {:?}", directory.link_at(path, "folder/file", directory, "folder/second")));
    say(&format!("symlink-at: {:?}", directory.symlink_at("file", "folder/link")));
    say(&format!("readlink-at: {:?}", directory.readlink_at("folder/link")));
    say(&format!("stat-at a link: {:?}", directory.stat_at(path, "folder/link").map(|stat| stat.type_)));
    let followed = directory.stat_at(PathFlags::SYMLINK_FOLLOW, "folder/link").map(|stat| (stat.type_, stat.link_count));
    say(&format!("stat-at through it: {followed:?}"));
    say(&format!("rename-at: {:?}", directory.rename_at("folder/second", directory, "folder/third")));
    let open = directory.open_at(path, "folder", OpenFlags::DIRECTORY, DescriptorFlags::READ).expect("a directory");
    let entries = open.read_directory().expect("readable");
    let mut names = Vec::new();
    while let Ok(Some(entry)) = entries.read_directory_entry() {
        names.push(format!("{} {:?}", entry.name, entry.type_));
    }
    names.sort();
    say(&format!("read-directory: {names:?}"));
    say(&format!("remove-directory-at: {}", told(directory.remove_directory_at("folder"))));
    for name in ["file", "third", "link", "stream", "copy"] {
        say(&format!("unlink-file-at {name}: {:?}", directory.unlink_file_at(&format!("folder/{name}"))));
    }
    say(&format!("remove-directory-at: {}", told(directory.remove_directory_at("folder"))));
    say(&format!("out of the directory: {}", told(directory.stat_at(path, "../secret").map(|stat| stat.size))));
}
