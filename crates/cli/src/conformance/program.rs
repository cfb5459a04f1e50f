//! A program that runs: its standard streams, each with a time limit.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How often an end is looked for that no system call waits for with a limit.
const GLANCE: Duration = Duration::from_millis(5);
/// Of an output, as much as a person wants to read.
const SHOWN: usize = 2000;

/// A child process; it is killed when this is dropped.
#[derive(Debug)]
pub struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    /// What it prints.
    pub stdout: Output,
    /// What it prints for people.
    pub stderr: Output,
    patience: Duration,
}

impl Program {
    /// Starts `program`; every step may take as long as `patience`.
    pub fn start(program: &Path, args: &[OsString], patience: Duration) -> Result<Program, String> {
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("can't start {}: {error}", program.display()))?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdout), Some(stderr)) = (stdout, stderr) else {
            return Err("the program has no standard streams".into());
        };
        Ok(Program { child, stdin, stdout: Output::of(stdout), stderr: Output::of(stderr), patience })
    }

    /// Writes to its standard input.
    pub fn write(&mut self, payload: &[u8]) -> Result<(), String> {
        let stdin = self.stdin.as_mut().ok_or("the standard input is closed already")?;
        stdin.write_all(payload).and_then(|()| stdin.flush()).map_err(|error| format!("can't write: {error}"))
    }

    /// The end of patience for a step that begins now.
    pub fn deadline(&self) -> Instant {
        Instant::now() + self.patience
    }

    /// Sends `SIGINT` or `SIGTERM`.
    pub fn signal(&self, name: &str) -> Result<(), String> {
        let signal = if name == "SIGINT" { Signal::INT } else { Signal::TERM };
        kill_process(Pid::from_child(&self.child), signal).map_err(|error| format!("can't send {name}: {error}"))
    }

    /// Closes its standard input and waits for its end.
    pub fn wait(&mut self) -> Result<ExitStatus, String> {
        self.stdin = None;
        let deadline = self.deadline();
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break Ok(status),
                Ok(None) if Instant::now() >= deadline => {
                    break Err(format!("it still runs after {:?}", self.patience));
                }
                Ok(None) => thread::sleep(GLANCE),
                Err(error) => break Err(format!("can't wait for it: {error}")),
            }
        }
    }

    /// Ends it at once.
    pub fn kill(&mut self) -> io::Result<()> {
        self.child.kill()
    }

    /// What it printed since it was last read, for people; after its end.
    pub fn last_words(&mut self) -> String {
        // Whoever still holds the pipe is a stranger.
        let deadline = Instant::now() + Duration::from_secs(1);
        let mut words = String::new();
        for (name, output) in [("stdout", &mut self.stdout), ("stderr", &mut self.stderr)] {
            let rest = output.rest(deadline);
            let text = String::from_utf8_lossy(&rest);
            if !text.trim().is_empty() {
                let shown: String = text.trim_end().chars().take(SHOWN).collect();
                words += &format!("\n{name}: {}", shown.replace('\n', "\n        "));
            }
        }
        words
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a program prints, as it comes.
#[derive(Debug)]
pub struct Output {
    arriving: Receiver<Vec<u8>>,
    buffer: Vec<u8>,
}

impl Output {
    fn of(mut pipe: impl Read + Send + 'static) -> Output {
        let (sender, arriving) = mpsc::channel();
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            loop {
                match pipe.read(&mut chunk) {
                    Ok(0) => break,
                    Ok(count) => {
                        let bytes = chunk.get(..count).unwrap_or_default();
                        if sender.send(bytes.to_vec()).is_err() {
                            break;
                        }
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(_) => break,
                }
            }
        });
        Output { arriving, buffer: Vec::new() }
    }

    /// The next `count` bytes, or fewer at the end of the output or of patience.
    pub fn take(&mut self, count: usize, deadline: Instant) -> Vec<u8> {
        self.fill(deadline, |buffer| buffer.len() >= count);
        let rest = self.buffer.split_off(count.min(self.buffer.len()));
        std::mem::replace(&mut self.buffer, rest)
    }

    /// The next line, without its end.
    pub fn line(&mut self, deadline: Instant) -> String {
        self.fill(deadline, |buffer| buffer.contains(&b'\n'));
        let end = self.buffer.iter().position(|&byte| byte == b'\n').map_or(self.buffer.len(), |at| at + 1);
        let rest = self.buffer.split_off(end);
        let line = std::mem::replace(&mut self.buffer, rest);
        String::from_utf8_lossy(&line).trim_end().to_string()
    }

    /// Everything up to its end.
    fn rest(&mut self, deadline: Instant) -> Vec<u8> {
        self.fill(deadline, |_| false);
        std::mem::take(&mut self.buffer)
    }

    fn fill(&mut self, deadline: Instant, is_enough: impl Fn(&[u8]) -> bool) {
        while !is_enough(&self.buffer) {
            match self.arriving.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.buffer.extend(bytes),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
    }
}
