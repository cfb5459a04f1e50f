//! `thalweg compose`: one component out of several.

mod encode;
mod part;
mod types;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use thalweg::{Component, Linker};

use self::part::Part;
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

/// Writes a component that does what `thalweg run FILE --plug … --define …` does.
pub fn compose(args: &ComposeArgs) -> Result<ExitCode, Failure> {
    if args.plugs.is_empty() && !args.plugs.define() {
        let help = "thalweg compose FILE --plug COMPONENT";
        return Err(Failure::usage("there is nothing to compose with").with_help(help));
    }
    let settings = args.groups.settings()?;
    let source = Source::read(&args.file)?;
    // Who serves what is decided here, as for `run`, and whether the types fit.
    let (plugs, definitions) = (args.plugs.read()?, args.plugs.read_definitions()?);
    let linked = load::load(&source, &plugs, &definitions, &settings, Precompiled::Refused)?;
    let parts = std::iter::once(&source).chain(&plugs).map(|part| {
        let component = Component::from_bytes(&linked.engine, &part.bytes)?;
        let name = Source::file_name(part.name.as_ref());
        Part::new(name, component)
    });
    let parts = parts.collect::<Result<Vec<_>, thalweg::Error>>()?;
    let mut linker = Linker::new(&linked.engine);
    for definition in &definitions {
        definition.define(&linked.engine, &mut linker)?;
    }
    let bytes = encode::encode(linked.component.plan(), &parts, &linker)?;
    // What was written wrongly must not reach a file.
    Component::from_bytes(&linked.engine, &bytes).map_err(|error| {
        Failure::new(format!("can't compose: {error}")).with_help("`thalweg run` links them without composing")
    })?;
    std::fs::write(&args.output, bytes)
        .map_err(|error| Failure::new(format!("can't write {}: {}", args.output.display(), io_text(&error))))?;
    Ok(ExitCode::SUCCESS)
}
