//! Starts the command with a clean environment, feeds it, gathers its output and ends it when it does not end.

use std::env;
use std::io::{self, Read, Write};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::conversation::{Written, converse};
use super::outcome::Exit;
use super::setup::TemporaryFolders;
use super::{CommandTest, Failure, Place, Request, Variables};

/// A command that runs longer hangs. No test asserts how long a run takes; this only ends those which never do.
pub const RUN_TIME_MAX: Duration = Duration::from_secs(120);
/// What is kept of each output; a guest that writes without end is cut here.
pub const OUTPUT_BYTES_MAX: u64 = 16 << 20;
/// How often the command is asked whether it has ended.
pub(super) const POLL_INTERVAL: Duration = Duration::from_millis(2);
/// What the command gets of the environment of the tests: what a program needs to start, and what
/// coverage and sanitizer builds read.
const INHERITED: [&str; 6] = ["PATH", "TMPDIR", "LD_LIBRARY_PATH", "LLVM_PROFILE_FILE", "ASAN_OPTIONS", "LSAN_OPTIONS"];

/// A command that came to its end.
pub(super) struct Ended {
    pub exit: Exit,
    pub stdout: String,
    pub stderr: String,
    pub responses: Vec<String>,
}

/// Runs the command with `args`, and what else `test` says. With `requests` it is a server that is talked to.
pub(super) fn run(
    test: &CommandTest,
    args: &[String],
    place: &Place,
    folders: &TemporaryFolders,
    variables: &mut Variables,
    requests: &[Request],
) -> Result<Ended, Failure> {
    let mut child = command(test, args, place, folders, variables)?
        .spawn()
        .map_err(Failure::io(format!("start {}", place.program.display())))?;
    let input = feed(&mut child, test.stdin.clone().into_bytes());
    let stdout = gather(child.stdout.take());
    let stderr = Written::default();
    let following = follow(&stderr, child.stderr.take());
    let talked = match requests {
        [] => Ok(Vec::new()),
        requests => converse(&child, &stderr, requests, test.signal, variables),
    };
    if talked.is_err() {
        child.kill().map_err(Failure::io("end the command"))?;
    }
    let status = wait(&mut child).map_err(Failure::io("wait for the command"))?;
    let stdout = text(stdout)?;
    join(following)?.map_err(Failure::io("read the command's output"))?;
    let (stderr, _) = stderr.text();
    let responses = talked?;
    join(input)?.map_err(Failure::io("write the command's standard input"))?;
    match status {
        Some(status) => Ok(Ended { exit: Exit::of(status), stdout, stderr, responses }),
        None => Err(Failure::TimedOut { stdout: variables.hide(&stdout), stderr: variables.hide(&stderr) }),
    }
}

fn command(
    test: &CommandTest,
    args: &[String],
    place: &Place,
    folders: &TemporaryFolders,
    variables: &Variables,
) -> Result<Command, Failure> {
    let mut command = Command::new(&place.program);
    for arg in args {
        command.arg(variables.expand(arg)?);
    }
    command.current_dir(&folders.files).env_clear().env("HOME", &folders.home);
    command.envs(INHERITED.iter().filter_map(|name| Some((name, env::var_os(name)?))));
    for (name, value) in &test.env {
        command.env(name, variables.expand(value)?);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(command)
}

/// Writes in a thread of its own, since the command may fill its output before it reads its input.
fn feed(child: &mut Child, bytes: Vec<u8>) -> JoinHandle<io::Result<()>> {
    let pipe = child.stdin.take();
    thread::spawn(move || match pipe.map(|mut pipe| pipe.write_all(&bytes)) {
        // A command need not read what it is given.
        Some(Err(error)) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    })
}

fn follow(written: &Written, pipe: Option<ChildStderr>) -> JoinHandle<io::Result<()>> {
    let written = written.clone();
    thread::spawn(move || pipe.map_or(Ok(()), |pipe| written.follow(pipe)))
}

fn gather(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<io::Result<Vec<u8>>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            pipe.take(OUTPUT_BYTES_MAX).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    })
}

fn text(output: JoinHandle<io::Result<Vec<u8>>>) -> Result<String, Failure> {
    let bytes = join(output)?.map_err(Failure::io("read the command's output"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn join<T>(thread: JoinHandle<T>) -> Result<T, Failure> {
    thread.join().map_err(|_| Failure::io("finish a thread of the test")(io::Error::other("it panicked")))
}

/// `None` when the time was over and the command was killed.
fn wait(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if start.elapsed() > RUN_TIME_MAX {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(POLL_INTERVAL);
    }
}
