//! A run of the command as a file: what to set up, what to run, what must come out.
//!
//! `tests/cli/README.md` describes the format for those who write tests.

mod bless;
mod conversation;
mod fields;
mod outcome;
mod parse;
mod process;
mod setup;
mod variables;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

pub use conversation::{Request, Signal};
pub use fields::ParseError;
pub use outcome::{ExitCodes, Outcome};
pub use process::{OUTPUT_BYTES_MAX, RUN_TIME_MAX};
pub use setup::SetupStep;
pub use variables::{UnknownVariable, Variables};

/// The ending of a test's file name.
pub const EXTENSION: &str = "test";

/// One run of the command, as read from its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandTest {
    /// An environment variable that names a folder; without it the test is ignored.
    pub requires_env: Option<String>,
    /// The words after the program's name, variables not yet replaced.
    pub args: Vec<String>,
    /// Environment variables of the command.
    pub env: Vec<(String, String)>,
    /// What the command reads from its standard input.
    pub stdin: String,
    /// What is made in the temporary folder before the run, in order.
    pub setup: Vec<SetupStep>,
    /// The exit codes which are right.
    pub exit: ExitCodes,
    /// Expected standard output, with wildcards.
    pub stdout: String,
    /// Expected standard error, with wildcards.
    pub stderr: String,
    /// What is asked of a command that serves HTTP, in order. With any, the command is ended by `signal`.
    pub requests: Vec<Request>,
    /// The signal after the last request.
    pub signal: Signal,
    /// Pairs of files which must be equal after the run.
    pub files_equal: Vec<(String, String)>,
    /// Files which must not exist after the run.
    pub files_absent: Vec<String>,
}

/// Where the tests' programs and folders are.
#[derive(Debug, Clone)]
pub struct Place {
    /// The command under test.
    pub program: PathBuf,
    /// The repository: `$ROOT`.
    pub root: PathBuf,
    /// The folder of guest components: `$GUESTS`.
    pub guests: PathBuf,
}

/// Why a test file failed.
#[derive(Debug)]
pub enum Failure {
    /// The test's file is not in the format.
    Parse(ParseError),
    /// A word names a variable that does not exist.
    Variable(UnknownVariable),
    /// A file of the test, its setup or the command itself could not be reached.
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// The command ran longer than [`RUN_TIME_MAX`] and was ended.
    TimedOut {
        /// Its standard output until then.
        stdout: String,
        /// Its standard error until then.
        stderr: String,
    },
    /// A run of the setup failed.
    Setup {
        /// The words after `thalweg`.
        args: String,
        /// Its standard error.
        stderr: String,
    },
    /// The command did something else than expected: a report with diffs.
    Unexpected(String),
}

impl Failure {
    fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Failure {
        let what = what.into();
        move |source| Failure::Io { what, source }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Parse(error) => write!(f, "{error}"),
            Failure::Variable(error) => write!(f, "{error}"),
            Failure::Io { what, source } => write!(f, "can't {what}: {source}"),
            Failure::TimedOut { stdout, stderr } => write!(
                f,
                "the command was ended after {} s\nstdout so far:\n{stdout}\nstderr so far:\n{stderr}",
                RUN_TIME_MAX.as_secs()
            ),
            Failure::Setup { args, stderr } => write!(f, "the setup `thalweg {args}` failed\nstderr:\n{stderr}"),
            Failure::Unexpected(report) => f.write_str(report),
        }
    }
}

impl std::error::Error for Failure {}

impl From<ParseError> for Failure {
    fn from(error: ParseError) -> Failure {
        Failure::Parse(error)
    }
}

impl From<UnknownVariable> for Failure {
    fn from(error: UnknownVariable) -> Failure {
        Failure::Variable(error)
    }
}

/// All test files below a folder, sorted by path.
///
/// # Errors
/// When a folder can't be read.
pub fn discover(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let what = || format!("list {}", folder.display());
        for entry in fs::read_dir(&folder).map_err(Failure::io(what()))? {
            let path = entry.map_err(Failure::io(what()))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == EXTENSION) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Reads a test's file.
///
/// # Errors
/// When it can't be read or is not in the format.
pub fn load(file: &Path) -> Result<CommandTest, Failure> {
    Ok(CommandTest::parse(&read(file)?)?)
}

/// Runs a test's file and compares. With `bless`, expectations that differ are rewritten in the file instead.
///
/// # Errors
/// When the file is not a test, the command can't be run, or it did something else than expected.
pub fn run_file(file: &Path, place: &Place, bless: bool) -> Result<(), Failure> {
    let text = read(file)?;
    let test = CommandTest::parse(&text)?;
    let outcome = test.run(place)?;
    let Some(report) = test.check(&outcome) else { return Ok(()) };
    if !bless {
        return Err(Failure::Unexpected(report));
    }
    let blessed = bless::rewrite(&text, &test, &outcome)?;
    fs::write(file, &blessed).map_err(Failure::io(format!("write {}", file.display())))?;
    // What a rewrite can't mend, such as a file that differs, still fails.
    match CommandTest::parse(&blessed)?.check(&outcome) {
        None => Ok(()),
        Some(report) => Err(Failure::Unexpected(report)),
    }
}

fn read(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(Failure::io(format!("read {}", file.display())))
}

impl CommandTest {
    /// The value of the required environment variable, or the name of the one that is not set.
    ///
    /// # Errors
    /// The name, when the test needs a variable that is not set.
    pub fn required_folder(&self) -> Result<Option<(String, OsString)>, &str> {
        let Some(name) = &self.requires_env else { return Ok(None) };
        match std::env::var_os(name) {
            Some(value) => Ok(Some((name.clone(), value))),
            None => Err(name),
        }
    }

    /// Sets up a fresh temporary folder, runs the command in it and gathers what came out.
    ///
    /// # Errors
    /// When the setup or the start of the command fails, or the command does not end.
    pub fn run(&self, place: &Place) -> Result<Outcome, Failure> {
        let folders = setup::TemporaryFolders::new()?;
        let mut variables = Variables::new(place, &folders.files);
        if let Ok(Some((name, folder))) = self.required_folder() {
            // A relative folder is meant from the repository, wherever the test program was started.
            variables.add(&name, &place.root.join(folder));
        }
        for step in &self.setup {
            step.apply(place, &folders.files)?;
            if let SetupStep::Run { args } = step {
                let ended = process::run(self, args, place, &folders, &mut variables, &[])?;
                if !ended.exit.is_success() {
                    return Err(Failure::Setup { args: args.join(" "), stderr: variables.hide(&ended.stderr) });
                }
            }
        }
        let ended = process::run(self, &self.args, place, &folders, &mut variables, &self.requests)?;
        Ok(Outcome {
            exit: ended.exit,
            stdout: variables.hide(&ended.stdout),
            stderr: variables.hide(&ended.stderr),
            responses: ended.responses.iter().map(|response| variables.hide(response)).collect(),
            file_faults: self.file_faults(&variables, &folders.files)?,
        })
    }
}
