//! Limits that take more than one client to reach.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use super::server::{PATIENCE, Server, get, read};

const ADMIN: [&str; 2] = ["--admin-addr", "127.0.0.1:0"];

#[test]
fn requests_over_the_limit_wait_for_their_turn() {
    let server =
        Server::of_faults(&[&ADMIN[..], &["--max-concurrent-requests", "1", "--queue-timeout", "60s"]].concat());
    let first = server.ask("/sleep?ms=300");
    server.wait_for("thalweg_requests_active", 1);
    let second = server.ask("/counts");
    server.wait_for("thalweg_requests_queued", 1);
    assert!(read(first).expect("whole").ends_with("slept\n"));
    assert!(read(second).expect("whole").contains(" 200 "));
}

#[test]
fn a_request_that_waits_for_too_long_is_told_to_come_again() {
    let options = ["--max-concurrent-requests", "1", "--queue-timeout", "100ms"];
    let server = Server::of_faults(&[&ADMIN[..], &options].concat());
    let hanging = server.ask("/hang");
    server.wait_for("thalweg_requests_active", 1);
    let answer = server.answer("/counts");
    assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
    assert!(answer.contains("\r\nretry-after: 1\r\n"), "{answer}");
    drop(hanging);
    server.wait_for("thalweg_requests_active", 0);
    assert!(server.answer("/counts").contains(" 200 "));
}

#[test]
fn connections_over_the_limit_wait_for_their_turn() {
    let server = Server::of_faults(&[&ADMIN[..], &["--max-concurrent-connections", "1"]].concat());
    let mut first = TcpStream::connect(server.addr).expect("it listens");
    first.write_all(b"GET /counts HTTP/1.1\r\nhost: a\r\n\r\n").expect("it reads");
    let mut byte = [0];
    first.read_exact(&mut byte).expect("an answer");
    let second = server.ask("/counts");
    second.set_read_timeout(Some(Duration::from_millis(300))).expect("a timeout");
    assert!((&second).read(&mut byte).is_err(), "it does not wait");
    assert_eq!(server.figure("thalweg_connections_total"), 1);
    drop(first);
    second.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    assert!(read(second).expect("whole").contains(" 200 "));
}

#[test]
fn a_client_that_does_not_read_is_cut_off() {
    let server = Server::of_faults(&[&ADMIN[..], &["--request-timeout", "300ms"]].concat());
    let mut stream = server.ask("/big?bytes=100000000");
    server.wait_for("thalweg_connections_total", 1);
    server.wait_for("thalweg_connections_open", 0);
    let mut got = Vec::new();
    assert!(stream.read_to_end(&mut got).is_err(), "{} bytes and an end in order", got.len());
    assert!(got.len() < 100_000_000);
    assert_eq!(server.figure("thalweg_requests_active"), 0);
}

#[test]
fn a_client_that_sends_a_body_slowly_is_cut_off() {
    let server = Server::of_faults(&["--request-timeout", "300ms"]);
    let mut stream = server.send("POST /read HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n");
    let mut writer = stream.try_clone().expect("another handle");
    let writing = thread::spawn(move || {
        while writer.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    let mut got = [0; 12];
    stream.read_exact(&mut got).expect("an answer");
    assert_eq!(&got, b"HTTP/1.1 504");
    // The connection is of no more use.
    let _ = stream.read_to_end(&mut Vec::new());
    drop(stream);
    writing.join().expect("no panic");
}

#[test]
fn an_idle_connection_is_closed() {
    let server = Server::of_faults(&["--header-timeout", "100ms"]);
    let stream = server.send(&get("/counts").replace("connection: close\r\n", ""));
    assert!(read(stream).expect("an end in order").contains(" 200 "));
}

#[test]
fn one_connection_takes_many_requests() {
    let server = Server::of_faults(&[&ADMIN[..], &["--max-instance-reuse-count", "7"]].concat());
    let mut stream = server.send("");
    let request = get("/counts").replace("connection: close\r\n", "");
    // All before the first answer is read.
    let all = request.repeat(99) + &get("/counts");
    stream.write_all(all.as_bytes()).expect("it reads");
    assert_eq!(read(stream).expect("whole").matches("HTTP/1.1 200 OK").count(), 100);
    assert_eq!(server.figure("thalweg_connections_total"), 1);
}
