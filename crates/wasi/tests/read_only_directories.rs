//! Nothing below a read-only directory can be changed, by no operation and by no way of opening.

use std::path::Path;
use std::sync::Arc;

use thalweg_wasi::filesystem::{Descriptor, DirPerms, Flags, OpenRequest};
use thalweg_wasi::sim::{SimClock, SimFiles};
use thalweg_wasi::sys::{Code, Follow, Instant, NewTime, NewTimes, Node, Result};

const READ: Flags = Flags {
    read: true,
    write: false,
    file_integrity_sync: false,
    data_integrity_sync: false,
    requested_write_sync: false,
    mutate_directory: false,
};

fn request(flags: Flags) -> OpenRequest {
    OpenRequest { follow: Follow::Yes, create: false, directory: false, exclusive: false, truncate: false, flags }
}

fn times() -> NewTimes {
    let at = NewTime::At(Instant { seconds: 1, nanoseconds: 2 });
    NewTimes { accessed: at, modified: at }
}

/// Every object of the tree with all that is known of it but the time of the last read.
fn picture(root: &Arc<dyn Node>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut todo = vec![String::from(".")];
    while let Some(path) = todo.pop() {
        let stat = root.stat_at(&path, Follow::No).expect("there");
        lines.push(format!("{path} {:?} {} {} {:?}", stat.kind, stat.link_count, stat.size, stat.modified));
        let open = Descriptor::preopen(root.clone(), DirPerms::ReadOnly).open_at(&path, request(READ));
        let Ok(open) = open else { continue };
        match open.read_directory() {
            Ok(names) => todo.extend(names.map(|entry| format!("{path}/{}", entry.expect("a name").name))),
            Err(_) => {
                let mut content = vec![0; 100];
                let n = open.node().read_now(0, &mut content).expect("readable");
                lines.push(format!("{:?}", &content[..n.unwrap_or(0)]));
            }
        }
    }
    lines.sort();
    lines
}

type Operation = (&'static str, fn(&Descriptor, &Descriptor) -> Result<()>);

/// Each with a directory that it must not change, and another one that is writable.
const OPERATIONS: &[Operation] = &[
    ("open for writing", |d, _| d.open_at("file", request(Flags { write: true, ..READ })).map(drop)),
    ("open to mutate", |d, _| d.open_at("dir", request(Flags { mutate_directory: true, ..READ })).map(drop)),
    ("open with truncate", |d, _| d.open_at("file", OpenRequest { truncate: true, ..request(READ) }).map(drop)),
    ("open with create", |d, _| d.open_at("new", OpenRequest { create: true, ..request(READ) }).map(drop)),
    ("open what is there with create", |d, _| {
        d.open_at("file", OpenRequest { create: true, ..request(READ) }).map(drop)
    }),
    ("open with create and exclusive", |d, _| {
        d.open_at("new", OpenRequest { create: true, exclusive: true, ..request(Flags::default()) }).map(drop)
    }),
    ("create-directory-at", |d, _| d.create_directory_at("new")),
    ("remove-directory-at", |d, _| d.remove_directory_at("empty")),
    ("unlink-file-at", |d, _| d.unlink_file_at("file")),
    ("symlink-at", |d, _| d.symlink_at("file", "new")),
    ("set-times-at", |d, _| d.set_times_at("file", Follow::Yes, times())),
    ("set-times", |d, _| d.set_times(times())),
    ("set-times of a file", |d, _| d.open_at("file", request(READ))?.set_times(times())),
    ("rename-at", |d, _| d.rename_at("file", d, "new")),
    ("rename-at out", |d, other| d.rename_at("file", other, "new")),
    ("rename-at in", |d, other| other.rename_at("other", d, "new")),
    ("rename-at over", |d, other| other.rename_at("other", d, "file")),
    ("link-at", |d, _| d.link_at("file", Follow::No, d, "new")),
    ("link-at out", |d, other| d.link_at("file", Follow::No, other, "new")),
    ("link-at in", |d, other| other.link_at("other", Follow::No, d, "new")),
    ("set-size", |d, _| d.open_at("file", request(READ))?.set_size(0)),
    ("write", |d, _| d.open_at("file", request(READ))?.write(0, b"x").map(drop)),
    ("write-via-stream", |d, _| d.open_at("file", request(READ))?.writer(0).map(drop)),
    ("append-via-stream", |d, _| d.open_at("file", request(READ))?.appender().map(drop)),
];

fn check(root: &Arc<dyn Node>, other: &Arc<dyn Node>) {
    root.create_directory_at("dir").expect("made");
    root.create_directory_at("empty").expect("made");
    let writable = |root: &Arc<dyn Node>| Descriptor::preopen(root.clone(), DirPerms::ReadWrite);
    let make = |root: &Arc<dyn Node>, name: &str| {
        let request = OpenRequest { create: true, ..request(READ) };
        writable(root).open_at(name, request).expect("made").write(0, b"content").expect("written");
    };
    make(root, "file");
    make(root, "dir/file");
    make(other, "other");
    let (before, other_before) = (picture(root), picture(other));
    let read_only = Descriptor::preopen(root.clone(), DirPerms::ReadOnly);
    let below = read_only.open_at("dir/..", request(READ)).expect("opened");
    for start in [&read_only, &below] {
        for (name, operation) in OPERATIONS {
            let code = operation(start, &writable(other)).expect_err(name).code();
            // Content goes by how the file was opened, everything else by the preopen.
            let expected = if name.starts_with("write") || name.starts_with("append") || *name == "set-size" {
                Code::BadDescriptor
            } else {
                Code::ReadOnly
            };
            assert_eq!(code, expected, "{name}");
        }
    }
    assert_eq!(picture(root), before);
    assert_eq!(picture(other), other_before);
    assert_eq!(writable(other).rename_at("other", &writable(root), "moved"), Ok(()));
}

#[test]
fn of_the_os() {
    let host = tempfile::tempdir().expect("a directory");
    let open = |name: &str| {
        let path: &Path = &host.path().join(name);
        std::fs::create_dir(path).expect("made");
        thalweg_wasi::native::open_directory(path).expect("opened")
    };
    check(&open("root"), &open("other"));
}

#[test]
fn in_memory() {
    let files = SimFiles::new(SimClock::default(), 1 << 20);
    let open = |name: &str| {
        files.root().create_directory_at(name).expect("made");
        let root = Descriptor::preopen(files.root(), DirPerms::ReadWrite);
        root.open_at(name, request(READ)).expect("opened").node().clone()
    };
    check(&open("root"), &open("other"));
}
