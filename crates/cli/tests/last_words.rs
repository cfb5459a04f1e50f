//! A guest of 0.2 writes to a pipe that nobody reads yet, and ends: what it was told is accepted arrives all the same.

use std::io::{PipeWriter, Read, Write};
use std::process::{Command, Stdio};
use std::thread;

/// The guest's part of what arrives.
const WRITTEN: usize = 60_000;

/// Fills the pipe, so that whoever writes next finds no room. Gives the number of bytes.
fn fill(pipe: &mut PipeWriter) -> usize {
    let flags = rustix::fs::fcntl_getfl(&*pipe).expect("a pipe");
    rustix::fs::fcntl_setfl(&*pipe, flags | rustix::fs::OFlags::NONBLOCK).expect("a pipe");
    let mut filled = 0;
    while let Ok(n) = pipe.write(&[b'.'; 4096]) {
        filled += n;
    }
    rustix::fs::fcntl_setfl(&*pipe, flags).expect("a pipe");
    filled
}

#[test]
fn what_was_accepted_leaves_before_the_process() {
    for (export, code) in [("return", 0), ("exit", 0), ("trap", 134)] {
        let (mut reader, mut writer) = std::io::pipe().expect("a pipe");
        let filled = fill(&mut writer);
        let guest = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/last_words.wat");
        let mut child = Command::new(env!("CARGO_BIN_EXE_thalweg"))
            .args(["run", &format!("--invoke={export}()"), guest])
            .stdout(Stdio::from(writer))
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command is there");
        // The guest's word that it has written comes before anything of the pipe is read.
        let mut word = [0; 5];
        child.stderr.as_mut().expect("it is piped").read_exact(&mut word).expect("a word");
        assert_eq!(&word, b"done\n");
        let reading = thread::spawn(move || {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).map(|_| all)
        });
        let status = child.wait().expect("it ends");
        let all = reading.join().expect("no panic").expect("a pipe");
        assert_eq!(status.code(), Some(code), "{export}");
        assert_eq!(all.len(), filled + WRITTEN, "{export}");
        assert!(all[filled..].iter().all(|byte| *byte == b'a'), "{export}");
    }
}
