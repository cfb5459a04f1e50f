//! `--watch`: the file is replaced while it is served.

use std::fs;

use super::server::{Server, eventually, guest, read};

#[test]
fn a_new_component_is_served_and_a_broken_one_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("app.wasm");
    fs::copy(guest("http-faults-p3"), &file).expect("a copy");
    let server = Server::start(&["--watch", "--workers", "2"], &file);
    let begun = server.ask("/sleep?ms=2000");
    assert!(server.answer("/counts").contains("instance"));

    fs::write(&file, b"not a component").expect("it is written");
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert!(server.answer("/counts").contains("instance"));

    fs::copy(guest("http-hello-p3"), &file).expect("a copy");
    eventually(|| server.answer("/counts").contains("hello, wasi:http 0.3"));
    // What has begun stays with the old one.
    assert!(read(begun).expect("whole").ends_with("slept\n"));
    server.signal("TERM");
    let (status, rest) = server.end();
    assert!(status.success(), "{rest}");
    assert!(rest.contains("still serving what was there before"), "{rest}");
    assert!(rest.contains("app.wasm has changed: serving the new one"), "{rest}");
}

#[test]
fn a_new_plug_is_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("plug.wasm");
    fs::copy(guest("http-echo-p3"), &file).expect("a copy");
    let plug = format!("--plug={}", file.display());
    let server = Server::start(&["--watch", &plug], &guest("http-middleware-p3"));
    assert!(!server.answer("/").contains("hello, wasi:http 0.3"));

    fs::copy(guest("http-hello-p3"), &file).expect("a copy");
    eventually(|| server.answer("/").contains("hello, wasi:http 0.3"));
    server.signal("TERM");
    let (status, rest) = server.end();
    assert!(status.success(), "{rest}");
    assert!(rest.contains("plug.wasm has changed: serving the new one"), "{rest}");
}
