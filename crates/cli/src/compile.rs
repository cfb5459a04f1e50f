//! `thalweg compile`: compiles ahead of time.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use crate::http_names::HttpNames;
use crate::load::{self, Plugs, Precompiled, Source, io_text};
use crate::options::OptionGroups;
use crate::report::Failure;

/// Arguments of `compile`.
#[derive(Args)]
pub struct CompileArgs {
    /// Where to write (default: the name of FILE with the extension .twasm, in the current folder)
    #[arg(short = 'o', long = "output", value_name = "OUTPUT")]
    output: Option<PathBuf>,
    /// The component, binary or text; `-` is standard input
    #[arg(value_name = "FILE")]
    file: OsString,
    #[command(flatten)]
    plugs: Plugs,
    #[command(flatten)]
    groups: OptionGroups,
}

/// Writes the compiled form of a component.
pub fn compile(args: &CompileArgs) -> Result<ExitCode, Failure> {
    let mut settings = args.groups.settings()?;
    // The file is what is kept.
    settings.cache = false;
    let source = Source::read(&args.file)?;
    if HttpNames::of(&source.bytes).exports.any() {
        // A server interrupts guests that take too long; the code is the same for every time.
        settings.timeout.get_or_insert(Duration::MAX);
    }
    let (plugs, definitions) = (args.plugs.read()?, args.plugs.read_definitions()?);
    let component = load::load(&source, &plugs, &definitions, &settings, Precompiled::Refused)?.component;
    let output = match &args.output {
        Some(output) => output.clone(),
        None => default_output(&args.file),
    };
    let code = component.precompile()?;
    replace(&output, &code)
        .map_err(|error| Failure::new(format!("can't write {}: {}", output.display(), io_text(&error))))?;
    Ok(ExitCode::SUCCESS)
}

/// Writes a file beside `output` and gives it that name: who runs the one that was there has it mapped, and keeps it.
fn replace(output: &Path, code: &[u8]) -> std::io::Result<()> {
    // What is no file, as /dev/stdout, is written to.
    if output.symlink_metadata().is_ok_and(|there| !there.is_file()) {
        return std::fs::write(output, code);
    }
    let mut beside = output.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let written = std::fs::write(&beside, code).and_then(|()| std::fs::rename(&beside, output));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}

fn default_output(file: &OsString) -> PathBuf {
    if file == "-" {
        return PathBuf::from("component.twasm");
    }
    Path::new(Path::new(file).file_name().unwrap_or(file)).with_extension("twasm")
}
