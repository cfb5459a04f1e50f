//! Both commands, run on the kept guests.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use crate::figure::Figure;
use crate::row::{Failure, Work};

/// One of the two commands.
#[derive(Clone)]
pub struct Program {
    pub path: PathBuf,
    /// What it needs to be told to run components of WASI 0.3.
    pub switches: &'static [&'static str],
    /// What it needs to be told to run code it compiled before.
    pub trusting: &'static [&'static str],
    /// Where its cache and compiled files go: it never sees the user's own.
    pub folder: PathBuf,
}

/// Where compiled code comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// It is compiled.
    Cold,
    /// From the command's cache, filled by a run before.
    Cached,
    /// From a file that the command compiled before.
    Precompiled,
}

impl Program {
    pub fn thalweg(path: PathBuf, folder: &Path) -> Program {
        Program { path, switches: &[], trusting: &["--allow-precompiled"], folder: folder.join("thalweg") }
    }

    pub fn wasmtime(path: PathBuf, folder: &Path) -> Program {
        let switches = &["-Wcomponent-model-async", "-Sp3"];
        Program { path, switches, trusting: &["--allow-precompiled"], folder: folder.join("wasmtime") }
    }

    /// A run of `guest`, ready to be repeated.
    fn run(
        &self,
        guest: &Path,
        code: Code,
        args: &[&str],
    ) -> Result<impl Fn() -> Result<Output, Failure> + use<>, Failure> {
        std::fs::create_dir_all(&self.folder)?;
        let mut words: Vec<OsString> = vec!["run".into()];
        words.extend(self.switches.iter().map(Into::into));
        let cache = if code == Code::Cached { "-Ccache=y" } else { "-Ccache=n" };
        words.push(cache.into());
        let mut file = guest.to_owned();
        if code == Code::Precompiled {
            file = self.precompile(guest)?;
            words.extend(self.trusting.iter().map(Into::into));
        }
        words.push(file.into());
        words.extend(args.iter().map(Into::into));
        let program = self.clone();
        let run = move || program.call(&words);
        // Fills the cache.
        run()?;
        Ok(run)
    }

    fn precompile(&self, guest: &Path) -> Result<PathBuf, Failure> {
        let name = guest.file_stem().unwrap_or_default();
        let file = self.folder.join(name).with_extension("compiled");
        let mut words: Vec<OsString> = vec!["compile".into()];
        words.extend(self.switches.iter().filter(|word| word.starts_with("-W")).map(Into::into));
        words.extend(["-o".into(), file.clone().into(), guest.into()]);
        successful(&self.call(&words)?)?;
        Ok(file)
    }

    fn call(&self, words: &[OsString]) -> Result<Output, Failure> {
        let mut command = Command::new(&self.path);
        command.args(words).env("XDG_CACHE_HOME", &self.folder).env_remove("RUST_BACKTRACE");
        Ok(command.output().map_err(|error| format!("{} does not start: {error}", self.path.display()))?)
    }

    /// Work whose figure is the CPU time of all the command's threads, by `per`.
    pub fn cpu(&self, guest: &Path, code: Code, args: &[&str], per: u64) -> Result<Work, Failure> {
        let run = self.run(guest, code, args)?;
        Ok(Box::new(move |_| {
            let (cpu, wall) = (children_cpu()?, Instant::now());
            successful(&run()?)?;
            let wall = wall.elapsed().as_nanos() as f64;
            Ok(Figure { value: (children_cpu()? - cpu).as_nanos() as f64, wall }.per(per))
        }))
    }

    /// Work whose figure is one that the guest prints: the number before `unit` in the line that begins with `line` and
    /// ends with `ok`. How the guest ends does not count: `pipe` wants chunks of 100 bytes for another of its lines.
    pub fn printed(
        &self,
        guest: &Path,
        args: &[&str],
        line: &'static str,
        unit: &'static str,
        scale: f64,
    ) -> Result<Work, Failure> {
        let run = self.run(guest, Code::Cached, args)?;
        Ok(Box::new(move |_| {
            let output = run()?;
            let text = String::from_utf8_lossy(&output.stdout);
            let found = text.lines().find(|text| text.starts_with(line) && text.ends_with(" ok"));
            let value = found.and_then(|text| number_before(text, unit)).ok_or_else(|| complaint(&output))? * scale;
            Ok(Figure { value, wall: value })
        }))
    }
}

fn successful(output: &Output) -> Result<(), Failure> {
    if output.status.success() { Ok(()) } else { Err(complaint(output).into()) }
}

fn complaint(output: &Output) -> String {
    let told = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    format!("{}: {}", output.status, told.join("; "))
}

fn number_before(line: &str, unit: &str) -> Option<f64> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let at = words.iter().position(|word| *word == unit)?;
    words.get(at.checked_sub(1)?)?.parse().ok()
}

/// CPU time of the processes that this one started and that are over.
fn children_cpu() -> Result<Duration, Failure> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let microseconds = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(microseconds.unsigned_abs()))
}
