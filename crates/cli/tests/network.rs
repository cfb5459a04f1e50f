//! The command with a guest that listens on the loopback: it is told the port, and its peers are threads here.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;

/// Starts the echo guest for `connections`; gives the lines it prints, too.
fn echo(connections: &str, mode: &str) -> (Child, impl BufRead) {
    let guest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../guests/tcp-echo-p3.wasm");
    let mut child = Command::new(env!("CARGO_BIN_EXE_thalweg"))
        .args(["run", "--allow-host=127.0.0.1", guest, "0", connections, mode])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command is there");
    let lines = BufReader::new(child.stdout.take().expect("it is piped"));
    (child, lines)
}

/// Sends `length` bytes, half-closes, and wants them back.
fn round_trip(address: &str, length: usize) {
    let mut stream = TcpStream::connect(address).expect("the guest listens");
    let sent: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
    let mut writer = stream.try_clone().expect("another handle");
    let copy = sent.clone();
    let writing = thread::spawn(move || {
        writer.write_all(&copy).expect("the guest reads");
        writer.shutdown(Shutdown::Write).expect("a connection");
    });
    let mut got = Vec::new();
    stream.read_to_end(&mut got).expect("the guest answers");
    writing.join().expect("no panic");
    assert!(got == sent, "{} of {length} bytes came back", got.len());
}

#[test]
fn peers_are_served_at_the_same_time() {
    for mode in ["host", "guest"] {
        let (mut child, mut lines) = echo("3", mode);
        let mut line = String::new();
        lines.read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening ").expect("the first line").to_string();
        // This one says nothing until the others are done.
        let mut idle = TcpStream::connect(&address).expect("the guest listens");
        let others = [5, 300_000].map(|length| {
            let address = address.clone();
            thread::spawn(move || round_trip(&address, length))
        });
        for other in others {
            other.join().expect("no panic");
        }
        idle.write_all(b"late").expect("the guest reads");
        idle.shutdown(Shutdown::Write).expect("a connection");
        let mut got = Vec::new();
        idle.read_to_end(&mut got).expect("the guest answers");
        assert_eq!(got, b"late");
        let mut rest = String::new();
        lines.read_to_string(&mut rest).expect("text");
        assert_eq!(rest, "done: Ok(())\n");
        assert!(child.wait().expect("it ends").success());
    }
}
