//! Signals: what has begun is finished, nothing new is taken.

use std::io::Read;
use std::net::TcpStream;

use super::server::{Server, eventually, read};

const ADMIN: [&str; 2] = ["--admin-addr", "127.0.0.1:0"];

#[test]
fn what_has_begun_is_finished() {
    for signal in ["TERM", "INT"] {
        let server = Server::of_faults(&ADMIN);
        let idle = server.send("");
        let sleeping = server.ask("/sleep?ms=500");
        let mut halfway = server.ask("/slow-body?ms=100&chunks=5");
        let mut byte = [0];
        halfway.read_exact(&mut byte).expect("a byte");
        server.wait_for("thalweg_requests_active", 2);
        server.signal(signal);
        eventually(|| TcpStream::connect(server.addr).is_err());
        assert_eq!(read(idle).expect("an end in order"), "");
        assert!(read(sleeping).expect("whole").ends_with("slept\n"));
        let rest = read(halfway).expect("whole");
        assert!(rest.ends_with("0\r\n\r\n"), "{rest}");
        let (status, rest) = server.end();
        assert_eq!((status.code(), rest.as_str()), (Some(0), ""));
    }
}

#[test]
fn what_does_not_end_is_cut_off() {
    let server = Server::of_faults(&[&ADMIN[..], &["--shutdown-timeout", "100ms"]].concat());
    let hanging = server.ask("/hang");
    server.wait_for("thalweg_requests_active", 1);
    server.signal("TERM");
    assert!(!read(hanging).is_ok_and(|answer| answer.contains(" 200 ")));
    let (status, rest) = server.end();
    assert_eq!(status.code(), Some(1));
    assert!(rest.starts_with("error: requests were cut off: they did not end within 0.1 s"), "{rest}");
}

#[test]
fn a_second_signal_means_now() {
    let server = Server::of_faults(&ADMIN);
    let _hanging = server.ask("/hang");
    server.wait_for("thalweg_requests_active", 1);
    server.signal("INT");
    eventually(|| TcpStream::connect(server.addr).is_err());
    server.signal("TERM");
    let (status, rest) = server.end();
    assert_eq!((status.code(), rest.as_str()), (Some(1), "error: requests were cut off by a second signal\n"));
}
