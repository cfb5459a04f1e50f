//! Many clients at once: ones that say nothing, ones that are slow, ones that wait while the server is told to end. What
//! they must not do is keep others from being answered.
//!
//! `THALWEG_LOAD_CLIENTS=10000 cargo test -p thalweg-cli --test serve load -- --nocapture` has more of them (each needs two
//! descriptors: `ulimit -n`), and prints what a good client waits for.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::server::{PATIENCE, Server, get, guest, read};

/// Requests of a good client.
const REQUESTS: usize = 300;

fn clients(usual: usize) -> usize {
    std::env::var("THALWEG_LOAD_CLIENTS").ok().and_then(|number| number.parse().ok()).unwrap_or(usual)
}

fn serve(options: &[&str]) -> Server {
    let room = (clients(0) + 2000).to_string();
    let many = ["--max-concurrent-connections", &room, "--max-concurrent-requests", &room];
    Server::start(&[&["--admin-addr", "127.0.0.1:0"], &many[..], options].concat(), &guest("http-hello-p3"))
}

/// How long each of a good client's requests took, in order.
fn waits(server: &Server) -> Vec<Duration> {
    let mut stream = server.send("");
    let request = get("/").replace("connection: close\r\n", "");
    let mut waits: Vec<Duration> = (0..REQUESTS)
        .map(|_| {
            let begun = Instant::now();
            stream.write_all(request.as_bytes()).expect("it reads");
            let (mut answer, mut part) = (Vec::new(), [0; 4096]);
            while !answer.ends_with(b"\r\n0\r\n\r\n") {
                let n = stream.read(&mut part).expect("an answer");
                assert!(n > 0, "{}", String::from_utf8_lossy(&answer));
                answer.extend(&part[..n]);
            }
            assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
            begun.elapsed()
        })
        .collect();
    waits.sort();
    waits
}

/// Compares what a good client waits for before and during something; a test asserts no time, a person reads this.
fn tell(what: &str, before: &[Duration], during: &[Duration]) {
    let at = |waits: &[Duration], percent: usize| waits.get(waits.len() * percent / 100).copied().unwrap_or_default();
    let [a, b] = [before, during].map(|waits| (at(waits, 50), at(waits, 99)));
    println!("{what}: p50 {:?} and p99 {:?} before, {:?} and {:?} during it", a.0, a.1, b.0, b.1);
}

#[test]
fn idle_connections_keep_nobody_from_being_answered() {
    let server = serve(&["--header-timeout", "600s"]);
    let before = waits(&server);
    let idle: Vec<TcpStream> = (0..clients(200)).map(|_| server.send("")).collect();
    server.wait_for("thalweg_connections_open", idle.len() as u64);
    let during = waits(&server);
    tell(&format!("{} idle connections", idle.len()), &before, &during);
}

#[test]
fn slow_headers_keep_nobody_from_being_answered() {
    let server = serve(&["--header-timeout", "2s"]);
    let before = waits(&server);
    let over = Arc::new(AtomicBool::new(false));
    let head = "GET / HTTP/1.1\r\nhost: example.com\r\nx-slow: ";
    let mut slow: Vec<TcpStream> = (0..clients(200)).map(|_| server.send(head)).collect();
    let attack = thread::spawn({
        let over = over.clone();
        move || {
            let all = slow.len();
            while !over.load(Ordering::Relaxed) {
                // Who is cut off comes back no more.
                slow.retain_mut(|stream| stream.write_all(b"a").is_ok());
                thread::sleep(Duration::from_millis(50));
            }
            for stream in &slow {
                stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
            }
            let mut cut_off = all - slow.len();
            for mut stream in slow {
                // It ends, in order or not, with or without a word about the time.
                let _ = stream.read_to_end(&mut Vec::new());
                cut_off += 1;
            }
            (all, cut_off)
        }
    });
    let during = waits(&server);
    over.store(true, Ordering::Relaxed);
    let (all, cut_off) = attack.join().expect("no panic");
    tell(&format!("{all} clients with slow headers"), &before, &during);
    assert_eq!(all, cut_off);
}

#[test]
fn no_request_in_flight_is_dropped_at_the_end() {
    let all = clients(100).min(1000);
    let room = (all + 10).to_string();
    let options =
        ["--admin-addr", "127.0.0.1:0", "--max-concurrent-connections", &room, "--max-concurrent-requests", &room];
    let server = Server::start(&options, &guest("http-faults-p3"));
    // Long enough for the last to be there before the first is over.
    let sleep = format!("/sleep?ms={}", 3000 + 10 * all);
    let asked: Vec<TcpStream> = (0..all).map(|_| server.ask(&sleep)).collect();
    server.wait_for("thalweg_requests_active", all as u64);
    server.signal("TERM");
    for stream in asked {
        assert!(read(stream).expect("whole").ends_with("slept\n"));
    }
    let (status, rest) = server.end();
    assert_eq!((status.code(), rest.as_str()), (Some(0), ""));
}
