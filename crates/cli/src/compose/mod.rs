//! `thalweg compose`: one component out of several.

mod encode;
mod types;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use thalweg::Component;

use crate::load::{self, Plugs, Precompiled, Source, io_text};
use crate::options::OptionGroups;
use crate::report::Failure;

/// Arguments of `compose`.
#[derive(Args)]
pub struct ComposeArgs {
    /// Where to write
    #[arg(short = 'o', long = "output", value_name = "OUTPUT", default_value = "composed.wasm")]
    output: PathBuf,
    /// The component whose imports are to be served, binary or text; `-` is standard input
    #[arg(value_name = "FILE")]
    file: OsString,
    #[command(flatten)]
    plugs: Plugs,
    #[command(flatten)]
    groups: OptionGroups,
}

/// Writes a component that does what `thalweg run FILE --plug …` does.
pub fn compose(args: &ComposeArgs) -> Result<ExitCode, Failure> {
    if args.plugs.is_empty() {
        let help = "thalweg compose FILE --plug COMPONENT";
        return Err(Failure::usage("there is nothing to compose with").with_help(help));
    }
    if args.plugs.define() {
        return Err(Failure::usage("definitions can't be written into a composed component")
            .with_help("`thalweg compile` takes `--define`"));
    }
    let settings = args.groups.settings()?;
    let source = Source::read(&args.file)?;
    // Who serves what is decided here, as for `run`, and whether the types fit.
    let plugs = args.plugs.read()?;
    let linked = load::load(&source, &plugs, &[], &settings, Precompiled::Refused)?;
    let parts = std::iter::once(&source).chain(&plugs).map(|part| {
        let component = Component::from_bytes(&linked.engine, &part.bytes)?;
        Ok((Source::file_name(part.name.as_ref()), component))
    });
    let parts = parts.collect::<Result<Vec<_>, thalweg::Error>>()?;
    let bytes = encode::encode(linked.component.plan(), &parts)?;
    // What was written wrongly must not reach a file.
    Component::from_bytes(&linked.engine, &bytes).map_err(|error| {
        Failure::new(format!("can't compose: {error}")).with_help("`thalweg run --plug` links them without composing")
    })?;
    std::fs::write(&args.output, bytes)
        .map_err(|error| Failure::new(format!("can't write {}: {}", args.output.display(), io_text(&error))))?;
    Ok(ExitCode::SUCCESS)
}
