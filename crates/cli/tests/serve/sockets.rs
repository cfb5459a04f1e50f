//! Where a server listens: paths, sockets that somebody else opened, the next port that is free.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::server::{PATIENCE, get, guest};

/// A server that is started with a command line of its own.
struct Started {
    child: Child,
    /// What follows "Serving HTTP on", once for each socket.
    places: Vec<String>,
}

impl Started {
    fn new(mut command: Command, sockets: usize) -> Started {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the command is there");
        let stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        let place = |line: std::io::Result<String>| {
            let line = line.expect("a line");
            line.strip_prefix("Serving HTTP on ").unwrap_or_else(|| panic!("{line}")).to_string()
        };
        let places = stderr.lines().take(sockets).map(place).collect();
        Started { child, places }
    }

    /// Sends SIGTERM, and waits for the end.
    fn end(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill is there").success());
        assert!(self.child.wait().expect("it ends").success());
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_thalweg"));
    command.arg("serve").args(words).arg(guest("http-hello-p3"));
    command
}

fn hello(mut stream: impl Read + Write) {
    stream.write_all(get("/").as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("a whole answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("hello, wasi:http 0.3"), "{answer}");
}

fn hello_by_path(path: &Path) {
    let stream = UnixStream::connect(path).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    hello(stream);
}

#[test]
fn a_path_is_a_socket_until_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("http.sock");
    // What a server left that was killed.
    drop(UnixListener::bind(&path).expect("a socket"));
    let server = Started::new(serve(&["--unix", path.to_str().expect("text")]), 1);
    assert_eq!(server.places, [format!("http+unix:{}", path.display())]);
    hello_by_path(&path);
    server.end();
    assert!(!path.exists());
}

#[test]
fn a_path_in_use_is_not_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("http.sock");
    let _other = UnixListener::bind(&path).expect("a socket");
    let output = serve(&["--unix", path.to_str().expect("text")]).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && text.contains("Address already in use"), "{text}");
    assert!(path.exists());
}

/// Starts the server with this as its third descriptor, as systemd does.
fn activated(socket: OwnedFd) -> Started {
    let script = "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" serve --systemd-listenfd \"$1\" 3<&0 </dev/null";
    let mut command = Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_thalweg")]).arg(guest("http-hello-p3")).stdin(socket);
    Started::new(command, 1)
}

#[test]
fn a_socket_may_be_open_already() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = listener.local_addr().expect("an address");
    let server = activated(listener.into());
    assert_eq!(server.places, [format!("http://{addr}/")]);
    hello(std::net::TcpStream::connect(addr).expect("it listens"));
    server.end();

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("http.sock");
    let server = activated(UnixListener::bind(&path).expect("a socket").into());
    assert_eq!(server.places, [format!("http+unix:{}", path.display())]);
    hello_by_path(&path);
    server.end();
    assert!(path.exists(), "it belongs to somebody else");
}

#[test]
fn without_systemd_there_is_nothing_to_listen_on() {
    let output = serve(&["--systemd-listenfd"]).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.starts_with("error: systemd opened no socket for this process\n"), "{text}");
}

#[test]
fn a_port_in_use_is_passed_over() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = taken.local_addr().expect("an address").to_string();
    let output = serve(&["--addr", &addr]).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("help: --find-free-port takes the next one that is free\n"), "{text}");
    let server = Started::new(serve(&["--addr", &addr, "--find-free-port"]), 1);
    let place = server.places[0].strip_prefix("http://").and_then(|place| place.strip_suffix('/'));
    let found: SocketAddr = place.expect("an address").parse().expect("an address");
    assert!(found.port() > taken.local_addr().expect("an address").port());
    hello(std::net::TcpStream::connect(found).expect("it listens"));
    server.end();
}
