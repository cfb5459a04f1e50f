//! A server under test, and requests over connections of their own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A client that waits for longer hangs; no test asserts a time.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The file of a guest.
pub fn guest(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../guests")).join(name).with_extension("wasm")
}

/// A running server; it is killed when it is dropped.
pub struct Server {
    child: Child,
    /// Where it serves.
    pub addr: SocketAddr,
    /// What `--admin-addr` says.
    pub admin: Option<SocketAddr>,
    rest: Option<JoinHandle<String>>,
}

impl Server {
    /// Serves the guest that does what a server must survive, in one worker.
    pub fn of_faults(options: &[&str]) -> Server {
        let file = guest("http-faults-p3");
        let options = [&["--workers", "1"], options].concat();
        Server::start(&options, &file)
    }

    /// Serves `file`.
    pub fn start(options: &[&str], file: &PathBuf) -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_thalweg"))
            .args(["serve", "--addr", "127.0.0.1:0"])
            .args(options)
            .arg(file)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command is there");
        let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut line = |start: &str| {
            let mut line = String::new();
            stderr.read_line(&mut line).expect("a line");
            let address = line.trim_end().trim_end_matches('/').strip_prefix(start);
            address.unwrap_or_else(|| panic!("{line}")).parse().expect("an address")
        };
        let scheme = if options.contains(&"--tls-cert") { "https" } else { "http" };
        let addr = line(&format!("Serving HTTP on {scheme}://"));
        let admin = options.contains(&"--admin-addr").then(|| line("Administration on http://"));
        let rest = thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        });
        Server { child, addr, admin, rest: Some(rest) }
    }

    /// A connection on which this was sent.
    pub fn send(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.addr).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.write_all(text.as_bytes()).expect("it reads");
        stream
    }

    /// A connection on which `path` was asked for, to be read to its end.
    pub fn ask(&self, path: &str) -> TcpStream {
        self.send(&get(path))
    }

    /// The whole answer to a request for `path`.
    pub fn answer(&self, path: &str) -> String {
        read(self.ask(path)).expect("a whole answer")
    }

    /// One of the server's figures.
    pub fn figure(&self, name: &str) -> u64 {
        let mut stream = TcpStream::connect(self.admin.expect("--admin-addr")).expect("it listens");
        stream.write_all(get("/metrics").as_bytes()).expect("it reads");
        let text = read(stream).expect("a whole answer");
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name}: {text}"));
        line.trim().parse().expect("a number")
    }

    /// Waits until a figure is this.
    pub fn wait_for(&self, name: &str, value: u64) {
        eventually(|| self.figure(name) == value);
    }

    /// Sends a signal: `TERM` or `INT`.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([&format!("-{name}"), &pid]).status();
        assert!(status.expect("kill is there").success());
    }

    /// How it ended, and what else it wrote to standard error.
    pub fn end(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().expect("it ends");
        let rest = self.rest.take().expect("asked for once").join().expect("no panic");
        (status, rest)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request that ends its connection.
pub fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: example.com\r\nconnection: close\r\n\r\n")
}

/// Everything until the server ends the connection in order.
pub fn read(mut stream: TcpStream) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Asks again and again until it is so.
pub fn eventually(mut is_so: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "it never came to that");
        thread::sleep(Duration::from_millis(5));
    }
}

/// What `/counts` says behind `word`.
pub fn count(answer: &str, word: &str) -> String {
    let mut words = answer.split_whitespace().skip_while(|there| *there != word);
    words.nth(1).unwrap_or_else(|| panic!("no {word}: {answer}")).to_string()
}
