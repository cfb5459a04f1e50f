//! The OS's files and files in memory answer the same operations the same way, escapes above all.

use std::sync::Arc;

use thalweg_wasi::filesystem::{Descriptor, DirPerms, Flags, OpenRequest};
use thalweg_wasi::sim::{SimClock, SimFiles};
use thalweg_wasi::sys::{ByteSink, Code, FileKind, Follow, Instant, NewTime, NewTimes, Node, Result};

use Follow::{No, Yes};

fn request(follow: Follow, create: bool, flags: Flags) -> OpenRequest {
    OpenRequest { follow, create, directory: false, exclusive: false, truncate: false, flags }
}

fn read_flags() -> Flags {
    Flags { read: true, ..Flags::default() }
}

fn open(d: &Descriptor, path: &str, follow: Follow) -> Result<()> {
    d.open_at(path, request(follow, false, read_flags())).map(drop)
}

fn create(d: &Descriptor, path: &str) -> Result<()> {
    d.open_at(path, request(Yes, true, read_flags())).map(drop)
}

fn times() -> NewTimes {
    let at = NewTime::At(Instant { seconds: 42, nanoseconds: 7 });
    NewTimes { accessed: at, modified: at }
}

/// Both families, each as a writable directory inside of one that holds a `secret`.
fn families() -> (tempfile::TempDir, [(&'static str, Descriptor); 2]) {
    let host = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(host.path().join("root")).expect("made");
    std::fs::write(host.path().join("secret"), "no").expect("written");
    let os = thalweg_wasi::native::open_directory(&host.path().join("root")).expect("opened");
    let files = SimFiles::new(SimClock::default(), 1 << 20);
    files.add_file("secret", b"no").expect("made");
    files.root().create_directory_at("root").expect("made");
    let outside = Descriptor::preopen(files.root(), DirPerms::ReadWrite);
    let memory = outside.open_at("root", request(Yes, false, read_flags())).expect("opened").node().clone();
    let grant = |node: Arc<dyn Node>| Descriptor::preopen(node, DirPerms::ReadWrite);
    (host, [("os", grant(os)), ("memory", grant(memory))])
}

type Step = (&'static str, fn(&Descriptor) -> Result<()>, Option<Code>);

const PREPARE: &[Step] = &[
    ("mkdir dir", |d| d.create_directory_at("dir"), None),
    ("mkdir with a slash", |d| d.create_directory_at("dir/deep/"), None),
    ("create", |d| create(d, "file"), None),
    ("link up", |d| d.symlink_at("..", "up"), None),
    ("link to the secret", |d| d.symlink_at("../secret", "leak"), None),
    ("link inside", |d| d.symlink_at("file", "inside"), None),
    ("link over the parent", |d| d.symlink_at("../inside", "dir/over"), None),
    ("link to itself", |d| d.symlink_at("around", "around"), None),
    ("link to nothing", |d| d.symlink_at("nothing", "dangling"), None),
    ("link to a directory", |d| d.symlink_at("dir", "to-dir"), None),
    ("absolute link", |d| d.symlink_at("/etc/passwd", "absolute"), Some(Code::NotPermitted)),
];

const ESCAPES: &[Step] = &[
    ("open ..", |d| open(d, "..", No), Some(Code::NotPermitted)),
    ("open /", |d| open(d, "/", No), Some(Code::NotPermitted)),
    ("open absolute", |d| open(d, "/etc/passwd", Yes), Some(Code::NotPermitted)),
    ("open up", |d| open(d, "up", Yes), Some(Code::NotPermitted)),
    ("open up/secret", |d| open(d, "up/secret", Yes), Some(Code::NotPermitted)),
    ("open up/root/file", |d| open(d, "up/root/file", Yes), Some(Code::NotPermitted)),
    ("open leak", |d| open(d, "leak", Yes), Some(Code::NotPermitted)),
    ("open through dots", |d| open(d, "dir/../../secret", Yes), Some(Code::NotPermitted)),
    ("create up/new", |d| create(d, "up/new"), Some(Code::NotPermitted)),
    ("create ../new", |d| create(d, "../new"), Some(Code::NotPermitted)),
    ("stat leak", |d| d.stat_at("leak", Yes).map(drop), Some(Code::NotPermitted)),
    ("stat ../secret", |d| d.stat_at("../secret", No).map(drop), Some(Code::NotPermitted)),
    ("hash leak", |d| d.metadata_hash_at("leak", Yes).map(drop), Some(Code::NotPermitted)),
    ("set-times leak", |d| d.set_times_at("leak", Yes, times()), Some(Code::NotPermitted)),
    ("set-times ..", |d| d.set_times_at("..", No, times()), Some(Code::NotPermitted)),
    ("set-times up/", |d| d.set_times_at("up/", No, times()), Some(Code::NotPermitted)),
    ("mkdir ..", |d| d.create_directory_at(".."), Some(Code::NotPermitted)),
    ("mkdir /", |d| d.create_directory_at("/"), Some(Code::NotPermitted)),
    ("mkdir up/x", |d| d.create_directory_at("up/x"), Some(Code::NotPermitted)),
    ("rmdir ../root", |d| d.remove_directory_at("../root"), Some(Code::NotPermitted)),
    ("rmdir up/", |d| d.remove_directory_at("up/"), Some(Code::NotPermitted)),
    ("rmdir ..", |d| d.remove_directory_at(".."), Some(Code::NotPermitted)),
    ("unlink ../secret", |d| d.unlink_file_at("../secret"), Some(Code::NotPermitted)),
    ("unlink up/secret", |d| d.unlink_file_at("up/secret"), Some(Code::NotPermitted)),
    ("unlink ../", |d| d.unlink_file_at("../"), Some(Code::NotPermitted)),
    ("rename out", |d| d.rename_at("file", d, "../stolen"), Some(Code::NotPermitted)),
    ("rename out by link", |d| d.rename_at("file", d, "up/stolen"), Some(Code::NotPermitted)),
    ("rename in", |d| d.rename_at("up/secret", d, "mine"), Some(Code::NotPermitted)),
    ("link in", |d| d.link_at("../secret", No, d, "mine"), Some(Code::NotPermitted)),
    ("link in by link", |d| d.link_at("leak", Yes, d, "mine"), Some(Code::NotPermitted)),
    ("link out", |d| d.link_at("file", No, d, "up/mine"), Some(Code::NotPermitted)),
    ("symlink out", |d| d.symlink_at("file", "../mine"), Some(Code::NotPermitted)),
    ("readlink up/secret", |d| d.readlink_at("up/secret").map(drop), Some(Code::NotPermitted)),
];

const ANSWERS: &[Step] = &[
    ("open nothing", |d| open(d, "", No), Some(Code::NoEntry)),
    ("open .", |d| open(d, ".", No), None),
    ("open dir/../file", |d| open(d, "dir/../file", No), None),
    ("open a link", |d| open(d, "inside", No), Some(Code::Loop)),
    ("open by a link", |d| open(d, "inside", Yes), None),
    ("open by two links", |d| open(d, "dir/over", Yes), None),
    ("open around", |d| open(d, "around", Yes), Some(Code::Loop)),
    ("open dangling", |d| open(d, "dangling", Yes), Some(Code::NoEntry)),
    ("open file/", |d| open(d, "file/", Yes), Some(Code::NotDirectory)),
    ("open file/x", |d| open(d, "file/x", Yes), Some(Code::NotDirectory)),
    ("create a directory", |d| create(d, "dir"), Some(Code::IsDirectory)),
    ("create new/", |d| create(d, "new/"), Some(Code::IsDirectory)),
    ("open with a zero", |d| open(d, "a\0b", Yes), Some(Code::Invalid)),
    ("mkdir nothing", |d| d.create_directory_at(""), Some(Code::NoEntry)),
    ("mkdir .", |d| d.create_directory_at("."), Some(Code::Exist)),
    ("mkdir file", |d| d.create_directory_at("file"), Some(Code::Exist)),
    ("mkdir dangling", |d| d.create_directory_at("dangling"), Some(Code::Exist)),
    ("rmdir nothing", |d| d.remove_directory_at(""), Some(Code::NoEntry)),
    ("rmdir .", |d| d.remove_directory_at("."), Some(Code::Invalid)),
    ("rmdir dir", |d| d.remove_directory_at("dir"), Some(Code::NotEmpty)),
    ("rmdir dir/..", |d| d.remove_directory_at("dir/.."), Some(Code::NotEmpty)),
    ("rmdir file", |d| d.remove_directory_at("file"), Some(Code::NotDirectory)),
    ("rmdir a link", |d| d.remove_directory_at("to-dir"), Some(Code::NotDirectory)),
    ("rmdir a link/", |d| d.remove_directory_at("to-dir/"), Some(Code::NotDirectory)),
    ("unlink nothing", |d| d.unlink_file_at(""), Some(Code::NoEntry)),
    ("unlink .", |d| d.unlink_file_at("."), Some(Code::IsDirectory)),
    ("unlink dir", |d| d.unlink_file_at("dir"), Some(Code::IsDirectory)),
    ("unlink file/", |d| d.unlink_file_at("file/"), Some(Code::NotDirectory)),
    ("rename to itself", |d| d.rename_at("file", d, "file"), None),
    ("rename .", |d| d.rename_at(".", d, "x"), Some(Code::Busy)),
    ("rename missing", |d| d.rename_at("missing", d, "x"), Some(Code::NoEntry)),
    ("rename into itself", |d| d.rename_at("dir", d, "dir/deep/x"), Some(Code::Invalid)),
    ("rename over a directory", |d| d.rename_at("file", d, "dir/deep"), Some(Code::IsDirectory)),
    ("rename a directory over a file", |d| d.rename_at("dir", d, "file"), Some(Code::NotDirectory)),
    ("rename file/", |d| d.rename_at("file/", d, "x"), Some(Code::NotDirectory)),
    ("link .", |d| d.link_at(".", No, d, "x"), Some(Code::NotPermitted)),
    ("link a directory", |d| d.link_at("dir", No, d, "x"), Some(Code::NotPermitted)),
    ("link to what is there", |d| d.link_at("file", No, d, "file"), Some(Code::Exist)),
    ("link missing", |d| d.link_at("missing", No, d, "x"), Some(Code::NoEntry)),
    ("link nothing", |d| d.link_at("", No, d, "x"), Some(Code::NoEntry)),
    ("link to nothing", |d| d.link_at("file", No, d, ""), Some(Code::NoEntry)),
    ("link by a link", |d| d.link_at("dir/over", Yes, d, "second"), None),
    ("symlink over a file", |d| d.symlink_at("x", "file"), Some(Code::Exist)),
    ("symlink with a slash", |d| d.symlink_at("x", "new/"), Some(Code::NoEntry)),
    ("readlink a file", |d| d.readlink_at("file").map(drop), Some(Code::Invalid)),
    ("readlink .", |d| d.readlink_at(".").map(drop), Some(Code::Invalid)),
    ("set-times a link", |d| d.set_times_at("dangling", No, times()), None),
    ("set-times dangling", |d| d.set_times_at("dangling", Yes, times()), Some(Code::NoEntry)),
    ("set-times dir/", |d| d.set_times_at("dir/", No, times()), None),
    ("set-times .", |d| d.set_times_at(".", No, times()), None),
    ("advise of a directory", |d| d.advise(0, 0, thalweg_wasi::sys::Advice::Normal), Some(Code::BadDescriptor)),
    ("read a directory as a file", |d| d.reader(0).map(drop), Some(Code::IsDirectory)),
];

#[test]
fn steps_have_the_same_answers() {
    let (host, families) = families();
    for (family, root) in &families {
        for (name, step, expected) in PREPARE.iter().chain(ESCAPES).chain(ANSWERS) {
            assert_eq!(step(root).err().map(|error| error.code()), *expected, "{family}: {name}");
        }
        assert_eq!(root.readlink_at("dir/over"), Ok("../inside".into()), "{family}");
        assert_eq!(root.stat_at("second", No).expect("there").link_count, 2, "{family}");
        assert_eq!(root.stat_at("inside", No).expect("there").kind, FileKind::SymbolicLink, "{family}");
        let mut names: Vec<_> = root.read_directory().expect("names").map(|entry| entry.expect("one").name).collect();
        names.sort();
        let expected = ["around", "dangling", "dir", "file", "inside", "leak", "second", "to-dir", "up"];
        assert_eq!(names, expected, "{family}");
    }
    let outside: Vec<_> =
        std::fs::read_dir(host.path()).expect("names").map(|entry| entry.expect("one").file_name()).collect();
    assert_eq!(outside.len(), 2, "nothing came to be outside: {outside:?}");
}

#[test]
fn content_is_kept() {
    let (_host, families) = families();
    for (family, root) in &families {
        let flags = Flags { read: true, write: true, ..Flags::default() };
        let file = root.open_at("new", request(Yes, true, flags)).expect("made");
        assert_eq!(file.write(3, b"hello"), Ok(5), "{family}");
        let mut end = file.appender().expect("writable");
        let cx = &mut std::task::Context::from_waker(std::task::Waker::noop());
        assert_eq!(end.poll_write(cx, b", world"), std::task::Poll::Ready(Ok(7)), "{family}");
        let mut content = [1; 64];
        assert_eq!(file.node().read_now(0, &mut content), Ok(Some(15)), "{family}");
        assert_eq!(&content[..15], b"\0\0\0hello, world", "{family}");
        assert_eq!(file.node().read_now(15, &mut content), Ok(Some(0)), "{family}");
        assert_eq!(file.node().read_now(u64::MAX, &mut content).map_err(|error| error.code()), Err(Code::Invalid));
        assert_eq!(file.write(u64::MAX, b"x").map_err(|error| error.code()), Err(Code::Invalid), "{family}");
        let too_large = file.set_size(u64::MAX).map_err(|error| error.code());
        assert_eq!(too_large, Err(Code::FileTooLarge), "{family}");
        assert_eq!(file.set_size(4), Ok(()), "{family}");
        let hash = file.metadata_hash();
        assert_eq!(root.metadata_hash_at("new", No), hash, "{family}");
        assert_eq!(root.unlink_file_at("new"), Ok(()), "{family}");
        assert_eq!(file.stat().expect("still open").size, 4, "{family}");
        assert_eq!(file.set_times(times()), Ok(()), "{family}");
        assert_ne!(file.metadata_hash(), hash, "{family}");
        let again = root.open_at(".", request(No, false, read_flags())).expect("opened");
        assert!(again.is_same(root) && !again.is_same(&file), "{family}");
    }
    let [(_, os), (_, memory)] = &families;
    assert!(!os.is_same(memory));
    let crossing = create(os, "file").and_then(|()| os.rename_at("file", memory, "file"));
    assert_eq!(crossing.map_err(|error| error.code()), Err(Code::CrossDevice));
}
