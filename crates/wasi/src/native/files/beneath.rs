//! Opening paths that cannot leave their directory.
//!
//! The kernel does it (`openat2` with `RESOLVE_BENEATH`) where it can. Elsewhere the way to the last component is walked
//! by `cap-primitives`, and the last component is opened by name without following it.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::OnceLock;

use rustix::fs::{Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::Errno;

use super::place::{Place, follow};
use crate::native::errno::{error, from_io};
use crate::sys::{Code, Result};

/// How often a path is tried again when somebody renames things on the way.
const RACES: usize = 128;

/// Opens `path` below `root`. Links on the way are followed as far as they stay below; one at the end as `flags` say.
pub(super) fn open_beneath(root: &File, path: &[u8], flags: OFlags, mode: Mode) -> Result<OwnedFd> {
    if path.starts_with(b"/") {
        return Err(Code::NotPermitted.into());
    }
    let flags = flags | OFlags::CLOEXEC;
    if kernel_can(root) { by_kernel(root, path, flags, mode) } else { by_hand(root, path, flags, mode) }
}

/// Opens the directory at `path` below `root`, to name things in it.
pub(super) fn open_parent(root: &File, path: &[u8]) -> Result<OwnedFd> {
    if path.starts_with(b"/") {
        return Err(Code::NotPermitted.into());
    }
    if kernel_can(root) {
        by_kernel(root, path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
    } else {
        walk(root, path)
    }
}

/// Whether the kernel has `openat2` and nothing (a seccomp filter) keeps us from it.
fn kernel_can(root: &File) -> bool {
    static CAN: OnceLock<bool> = OnceLock::new();
    *CAN.get_or_init(|| {
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        !matches!(
            openat2(root, c".", flags, Mode::empty(), ResolveFlags::BENEATH),
            Err(Errno::NOSYS | Errno::PERM | Errno::INVAL)
        )
    })
}

fn by_kernel(root: &File, path: &[u8], flags: OFlags, mode: Mode) -> Result<OwnedFd> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    // `openat2` refuses a mode where nothing is made.
    let mode = if flags.contains(OFlags::CREATE) { mode } else { Mode::empty() };
    for _ in 0..RACES {
        match openat2(root, path, flags, mode, resolve) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(Errno::XDEV) => return Err(Code::NotPermitted.into()),
            answer => return answer.map_err(error),
        }
    }
    Err(Code::Busy.into())
}

fn by_hand(root: &File, path: &[u8], flags: OFlags, mode: Mode) -> Result<OwnedFd> {
    let (fd, name) = match follow(root, path, !flags.contains(OFlags::NOFOLLOW))? {
        Place::Name(place) if !place.slash => (place.parent.into_owned(root)?, place.name),
        Place::Name(_) | Place::Dots { .. } => (walk(root, path)?, b".".to_vec()),
    };
    openat(&fd, &*name, flags | OFlags::NOFOLLOW, mode).map_err(error)
}

/// The directory at `path`, walked component by component.
fn walk(root: &File, path: &[u8]) -> Result<OwnedFd> {
    let path = Path::new(std::ffi::OsStr::from_bytes(path));
    let opened = cap_primitives::fs::open_dir(root, path).map_err(|failed| {
        // An escape is an error of that crate's own, without a number of the OS.
        match (failed.raw_os_error(), failed.kind()) {
            (None, std::io::ErrorKind::PermissionDenied) => Code::NotPermitted.into(),
            _ => from_io(&failed),
        }
    })?;
    Ok(opened.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    type Opener = fn(&File, &[u8], OFlags, Mode) -> Result<OwnedFd>;

    fn code(opener: Opener, root: &File, path: &str, flags: OFlags) -> Option<Code> {
        opener(root, path.as_bytes(), flags | OFlags::CLOEXEC, Mode::empty()).err().map(|error| error.code())
    }

    #[test]
    fn both_ways_open_the_same_and_refuse_the_same() {
        let outside = tempfile::tempdir().expect("a directory");
        std::fs::write(outside.path().join("secret"), "no").expect("written");
        let root = outside.path().join("root");
        std::fs::create_dir_all(root.join("dir/deep")).expect("made");
        std::fs::write(root.join("file"), "yes").expect("written");
        symlink("../secret", root.join("up")).expect("linked");
        symlink("..", root.join("parent")).expect("linked");
        symlink("/etc/passwd", root.join("absolute")).expect("linked");
        symlink("file", root.join("inside")).expect("linked");
        symlink("../inside", root.join("dir/over")).expect("linked");
        symlink("around", root.join("around")).expect("linked");
        let root = File::open(&root).expect("opened");
        let none = OFlags::RDONLY;
        let cases: &[(&str, OFlags, Option<Code>)] = &[
            ("file", none, None),
            (".", none, None),
            ("dir/", none, None),
            ("dir/deep/../../file", none, None),
            ("inside", none, None),
            ("dir/over", none, None),
            ("inside", OFlags::NOFOLLOW, Some(Code::Loop)),
            ("dir/over/", none, Some(Code::NotDirectory)),
            ("", none, Some(Code::NoEntry)),
            ("missing", none, Some(Code::NoEntry)),
            ("missing/file", none, Some(Code::NoEntry)),
            ("file/x", none, Some(Code::NotDirectory)),
            ("around", none, Some(Code::Loop)),
            ("..", none, Some(Code::NotPermitted)),
            ("dir/../..", none, Some(Code::NotPermitted)),
            ("../root/file", none, Some(Code::NotPermitted)),
            ("up", none, Some(Code::NotPermitted)),
            ("parent", none, Some(Code::NotPermitted)),
            ("parent/secret", none, Some(Code::NotPermitted)),
            ("parent/root/file", none, Some(Code::NotPermitted)),
            ("absolute", none, Some(Code::NotPermitted)),
        ];
        for opener in [by_kernel as Opener, by_hand] {
            for (path, flags, expected) in cases {
                assert_eq!(code(opener, &root, path, *flags), *expected, "{path}");
            }
        }
        for path in ["..", "dir/../..", "parent", "parent/root", "absolute", "up"] {
            assert_eq!(
                walk(&root, path.as_bytes()).err().map(|error| error.code()),
                Some(Code::NotPermitted),
                "{path}"
            );
        }
        assert!(walk(&root, b"dir/deep/..").is_ok());
    }

    #[test]
    fn magic_links_lead_nowhere() {
        let root = File::open("/proc/self").expect("opened");
        for path in ["fd/0", "cwd", "root", "exe", "root/etc/passwd"] {
            for opener in [by_kernel as Opener, by_hand] {
                let refused = code(opener, &root, path, OFlags::RDONLY);
                assert!(
                    matches!(refused, Some(Code::Loop | Code::NotPermitted | Code::NoEntry)),
                    "{path}: {refused:?}"
                );
            }
        }
    }
}
