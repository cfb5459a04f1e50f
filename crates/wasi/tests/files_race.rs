//! Somebody swaps a directory for a link that leads out, while a guest works through it: it never gets out.
//! `THALWEG_RACE_ROUNDS` is how often it tries.

use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};

use thalweg_wasi::filesystem::{Descriptor, DirPerms, Flags, OpenRequest};
use thalweg_wasi::sys::Follow;

fn rounds() -> usize {
    std::env::var("THALWEG_RACE_ROUNDS").map_or(3_000, |rounds| rounds.parse().expect("a number of rounds"))
}

fn request(create: bool, write: bool) -> OpenRequest {
    let flags = Flags { read: true, write, ..Flags::default() };
    OpenRequest { follow: Follow::Yes, create, directory: false, exclusive: false, truncate: create, flags }
}

#[test]
fn a_swapped_directory_leads_nowhere() {
    let host = tempfile::tempdir().expect("a directory");
    let (root, outside) = (host.path().join("root"), host.path().join("outside"));
    for directory in [&root.join("real"), &outside] {
        std::fs::create_dir_all(directory).expect("made");
    }
    std::fs::write(outside.join("file"), "outside").expect("written");
    symlink("../outside", root.join("link")).expect("linked");
    symlink("real", root.join("swapped")).expect("linked");
    let stop = AtomicBool::new(false);
    let granted = thalweg_wasi::native::open_directory(&root).expect("opened");
    let guest = Descriptor::preopen(granted, DirPerms::ReadWrite);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let path = |name: &str| root.join(name);
            while !stop.load(Ordering::Relaxed) {
                for content in ["../outside", "real"] {
                    symlink(content, path("next")).expect("linked");
                    std::fs::rename(path("next"), path("swapped")).expect("swapped");
                }
            }
        });
        for _ in 0..rounds() {
            if let Ok(file) = guest.open_at("swapped/file", request(false, false)) {
                let mut content = [0; 16];
                let n = file.node().read_now(0, &mut content).expect("readable").unwrap_or(0);
                assert_ne!(&content[..n], b"outside");
            }
            if let Ok(file) = guest.open_at("swapped/file", request(true, true)) {
                file.write(0, b"mine").expect("written");
            }
            let _ = guest.create_directory_at("swapped/new");
            let _ = guest.rename_at("swapped/new", &guest, "swapped/old");
            let _ = guest.link_at("swapped/file", Follow::Yes, &guest, "swapped/second");
            let _ = guest.unlink_file_at("swapped/second");
            let _ = guest.remove_directory_at("swapped/old");
            let _ = guest.unlink_file_at("swapped/file");
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(std::fs::read_to_string(outside.join("file")).expect("still there"), "outside");
    assert_eq!(std::fs::read_dir(&outside).expect("names").count(), 1);
}
