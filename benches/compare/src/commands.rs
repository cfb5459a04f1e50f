//! Both commands, run on the kept guests.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use wait4::Wait4;

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

/// A run that is over.
struct Ended {
    successful: bool,
    stdout: String,
    stderr: String,
    /// CPU time of all its threads, and the time that passed.
    cost: Figure,
}

impl Ended {
    fn complaint(&self) -> Failure {
        format!("successful: {}; {}; {}", self.successful, self.stdout, self.stderr).into()
    }
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
    ) -> Result<impl Fn() -> Result<Ended, Failure> + use<>, Failure> {
        self.run_granted(&[], guest, code, args)
    }

    /// A run of `guest` with what `grants` say, ready to be repeated; its cost.
    pub fn run_with(
        &self,
        grants: &[&str],
        guest: &Path,
        code: Code,
        args: &[&str],
    ) -> Result<impl Fn() -> Result<Figure, Failure> + use<>, Failure> {
        let run = self.run_granted(grants, guest, code, args)?;
        Ok(move || {
            let ended = run()?;
            if ended.successful { Ok(ended.cost) } else { Err(ended.complaint()) }
        })
    }

    fn run_granted(
        &self,
        grants: &[&str],
        guest: &Path,
        code: Code,
        args: &[&str],
    ) -> Result<impl Fn() -> Result<Ended, Failure> + use<>, Failure> {
        std::fs::create_dir_all(&self.folder)?;
        let mut words: Vec<OsString> = vec!["run".into()];
        words.extend(self.switches.iter().chain(grants).map(Into::into));
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
        let ended = self.call(&words)?;
        if ended.successful { Ok(file) } else { Err(ended.complaint()) }
    }

    fn call(&self, words: &[OsString]) -> Result<Ended, Failure> {
        let mut command = Command::new(&self.path);
        command.args(words).env("XDG_CACHE_HOME", &self.folder).env_remove("RUST_BACKTRACE");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let start = Instant::now();
        let mut child = command.spawn().map_err(|error| format!("{} does not start: {error}", self.path.display()))?;
        let (mut stdout, mut stderr) = (String::new(), String::new());
        if let (Some(out), Some(err)) = (&mut child.stdout, &mut child.stderr) {
            out.read_to_string(&mut stdout)?;
            err.read_to_string(&mut stderr)?;
        }
        let used = child.wait4()?;
        let cpu = used.rusage.utime + used.rusage.stime;
        let cost = Figure { value: cpu.as_nanos() as f64, wall: start.elapsed().as_nanos() as f64 };
        Ok(Ended { successful: used.status.success(), stdout, stderr, cost })
    }

    /// Work whose figure is the CPU time of all the command's threads, by `per`.
    pub fn cpu(&self, guest: &Path, code: Code, args: &[&str], per: u64) -> Result<Work, Failure> {
        let run = self.run(guest, code, args)?;
        Ok(Box::new(move |_| {
            let ended = run()?;
            if ended.successful { Ok(ended.cost.per(per)) } else { Err(ended.complaint()) }
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
            let ended = run()?;
            let found = ended.stdout.lines().find(|text| text.starts_with(line) && text.ends_with(" ok"));
            let value = found.and_then(|text| number_before(text, unit)).ok_or_else(|| ended.complaint())? * scale;
            Ok(Figure { value, wall: value })
        }))
    }
}

fn number_before(line: &str, unit: &str) -> Option<f64> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let at = words.iter().position(|word| *word == unit)?;
    words.get(at.checked_sub(1)?)?.parse().ok()
}
