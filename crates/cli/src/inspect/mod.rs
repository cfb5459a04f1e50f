//! `thalweg inspect`: what a component imports, exports and is made of.

mod interface;
mod producers;
mod wit;

use std::ffi::OsString;
use std::fmt::Write;
use std::process::ExitCode;

use clap::Args;
use thalweg::Component;
use thalweg::plan::Plan;

use crate::load::{self, Plugs, Precompiled, Source};
use crate::options::OptionGroups;
use crate::report::{self, Failure};

/// Arguments of `inspect`.
#[derive(Args)]
pub struct InspectArgs {
    /// Prints the component's world as WIT
    #[arg(long, conflicts_with_all = ["plan", "files"])]
    wit: bool,
    /// Prints what instantiating it does, step by step, and which calls between components are compiled
    #[arg(long)]
    plan: bool,
    /// Takes a file that `thalweg compile` made; it is trusted like a native program
    #[arg(long)]
    allow_precompiled: bool,
    /// The component, binary or text; `-` is standard input
    #[arg(value_name = "FILE")]
    file: OsString,
    #[command(flatten)]
    plugs: Plugs,
    #[command(flatten)]
    groups: OptionGroups,
}

/// Shows a component.
pub fn inspect(args: &InspectArgs) -> Result<ExitCode, Failure> {
    let settings = args.groups.settings()?;
    let source = Source::open(&args.file)?;
    let (plugs, definitions) = (args.plugs.read()?, args.plugs.read_definitions()?);
    let loaded = load::load_to_inspect(
        &source,
        &plugs,
        &definitions,
        &settings,
        Precompiled::from_flag(args.allow_precompiled),
    )?;
    let component = &loaded.component;
    let text = if args.wit {
        wit::wit(component).map_err(|failure| failure.at(&source.name))?
    } else if args.plan {
        format!("{}\n{}\n", component.plan(), component.call_report())
    } else {
        summary(&source.name, component, loaded.is_module)?
    };
    report::out(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn summary(name: &str, component: &Component, is_module: bool) -> Result<String, Failure> {
    let (plan, bytes) = (component.plan(), component.bytes()?);
    let what = if is_module { "core module, run as a component" } else { "component" };
    let mut text = format!("{name}: {what}, {}\n", report::bytes(bytes.len()));
    interface::imports(&mut text, plan);
    interface::exports(&mut text, plan);
    modules(&mut text, plan);
    producers::producers(&mut text, bytes);
    Ok(text)
}

fn modules(text: &mut String, plan: &Plan) {
    text.push_str("core modules\n");
    for (i, module) in plan.modules.iter().enumerate() {
        let size = report::bytes(module.range.len());
        let imports = module.imports.len();
        let plural = if imports == 1 { "" } else { "s" };
        let _ = writeln!(text, "  {i}: {size}, {imports} import{plural}");
    }
}
