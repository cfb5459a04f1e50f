//! What a run has around it: simulated time, chance, streams, network and HTTP servers; files in memory, or in a temporary
//! folder of the OS.

use std::fs;
use std::future::ready;
use std::os::unix::fs::symlink;
use std::sync::Arc;

use tempfile::TempDir;
use thalweg_testkit::abi::Random;
use thalweg_wasi::sim::{Captured, InputFeed, SimClock, SimFiles, SimHttp, SimNetwork, captured_output, fed_input};
use thalweg_wasi::{DirPerms, NetworkPolicy, WasiBuilder, WasiContext};

/// Bytes that the files in memory may have.
const CAPACITY: u64 = 16 << 20;

/// The world of one run.
pub struct World {
    clock: SimClock,
    files: Files,
    feed: InputFeed,
    out: Captured,
    builder: Option<WasiBuilder>,
}

enum Files {
    Simulated(SimFiles),
    Native(TempDir),
}

impl World {
    /// The world with this number: even ones have their files in memory, and the first two grant no writing.
    pub fn new(number: usize) -> World {
        let clock = SimClock::default();
        let network = SimNetwork::new();
        network.add_name("localhost", [127, 0, 0, 1]);
        network.add_name("example.test", [127, 0, 0, 2]);
        let http = SimHttp::new(clock.clone());
        for authority in ["localhost", "127.0.0.1:80", "example.test"] {
            http.serve(authority, |request| ready(Ok(http::Response::new(request.into_body()))));
        }
        let ((stdin, feed), (stdout, out)) = (fed_input(), captured_output());
        feed.push(b"a line\n");
        let builder = WasiBuilder::new().args(["guest", "argument"]).env("NAME", "value").cwd("/");
        let builder = builder.deterministic(&clock, 1).stdin(stdin).stdout(stdout).network(NetworkPolicy::inherit());
        let builder = builder.network_stack(network).http_client(Arc::new(http));
        let perms = if number < 2 { DirPerms::ReadOnly } else { DirPerms::ReadWrite };
        let files = if number.is_multiple_of(2) { simulated(&clock) } else { native() };
        let builder = match &files {
            Files::Simulated(files) => builder.preopen_node(files.root(), "/", perms),
            Files::Native(folder) => builder.preopen(folder.path(), "/", perms).expect("a folder of ours"),
        };
        World { clock, files, feed, out, builder: Some(builder) }
    }

    /// What the guest is granted, once.
    pub fn context(&mut self) -> WasiContext {
        self.builder.take().expect("it is asked once").build().expect("chance that does not fail")
    }

    /// Something happens outside: time goes by, input comes or ends, an output is full.
    pub fn go_on(&self, random: &mut Random) {
        match random.below(8) {
            0 => self.feed.push(b"more input\n"),
            1 => self.feed.end(),
            2 => self.out.limit(random.below(0x100)),
            _ => drop(self.clock.advance_to_next()),
        }
        if let Files::Simulated(files) = &self.files {
            drop(files.read_file("a"));
        }
    }
}

fn simulated(clock: &SimClock) -> Files {
    let files = SimFiles::new(clock.clone(), CAPACITY);
    for path in ["a", "b/c"] {
        files.add_file(path, b"content of a file").expect("there is room");
    }
    Files::Simulated(files)
}

fn native() -> Files {
    let folder = TempDir::new().expect("a folder");
    let at = |path: &str| folder.path().join(path);
    fs::write(at("a"), "content of a file").expect("a file");
    fs::create_dir(at("b")).expect("a folder");
    fs::write(at("b/c"), "content of a file").expect("a file");
    symlink("b", at("link")).expect("a link");
    symlink("..", at("up")).expect("a link");
    Files::Native(folder)
}
