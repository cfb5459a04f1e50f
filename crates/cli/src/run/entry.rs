//! Which exported function is run.

use thalweg::Val;
use thalweg::plan::{Export, Plan};
use thalweg::types::{FuncType, ValType};

use crate::invoke::{ExportedFunc, Invocation, exported_funcs};
use crate::load::Loaded;
use crate::module::component_name;
use crate::report::Failure;

const INTERFACE: &str = "wasi:cli/run@";
const HANDLER: &str = "wasi:http/";
/// Generations of `wasi:cli/run`, the preferred first.
const GENERATIONS: [&str; 2] = ["0.3.", "0.2."];

/// A function to call, and what its result is for.
#[derive(Debug)]
pub enum Entry {
    /// `wasi:cli/run`: its result is an exit code. The name is the one that an instance knows.
    Command(String),
    /// What `--invoke` says: its result is printed.
    Invoke(Invocation),
}

impl Entry {
    /// The function and the arguments that `call` writes. The exports of a core module can be named as the module does.
    pub fn invoke(loaded: &Loaded, call: &str) -> Result<Entry, Failure> {
        let plan = loaded.component.plan();
        let renamed = if loaded.is_module { renamed(call) } else { None };
        Invocation::parse(plan, renamed.as_deref().unwrap_or(call)).map(Entry::Invoke)
    }

    /// The command of a component: `run` of 0.3 before `run` of 0.2.
    pub fn command(loaded: &Loaded) -> Result<Entry, Failure> {
        let plan = loaded.component.plan();
        let funcs = exported_funcs(plan);
        let runs = || funcs.iter().filter(|func| func.name == "run" && func.interface.starts_with(INTERFACE));
        let generation = |generation: &str| runs().find(|func| is_of(version(func), generation));
        let Some(run) = GENERATIONS.iter().find_map(|name| generation(name)) else {
            return Err(match runs().next() {
                Some(other) => other_version(other),
                None if loaded.is_module => no_start(plan, &funcs),
                None => no_command(plan, &funcs),
            });
        };
        if is_run(run.ty) {
            return Ok(Entry::Command(run.path()));
        }
        Err(Failure::new(format!("`{}` is of another type than WASI says", run.path()))
            .with_have(run.ty.to_string())
            .with_help("a command has `run: func() -> result`, async in 0.3"))
    }

    /// The name by which an instance finds the function.
    pub fn path(&self) -> &str {
        match self {
            Entry::Command(path) => path,
            Entry::Invoke(invocation) => &invocation.path,
        }
    }

    /// The arguments, which are given away.
    pub fn take_arguments(&mut self) -> Vec<Val> {
        match self {
            Entry::Command(_) => Vec::new(),
            Entry::Invoke(invocation) => std::mem::take(&mut invocation.arguments),
        }
    }
}

fn version<'a>(func: &ExportedFunc<'a>) -> &'a str {
    func.interface.strip_prefix(INTERFACE).unwrap_or_default()
}

/// Whether `version` is a release of `generation`; what comes before a release is something else.
fn is_of(version: &str, generation: &str) -> bool {
    version.starts_with(generation) && !version.contains('-')
}

fn is_run(ty: &FuncType) -> bool {
    ty.params.elements.is_empty() && ty.result == Some(ValType::result(None, None))
}

fn other_version(run: &ExportedFunc<'_>) -> Failure {
    let what = if version(run).contains("-rc") { "a release candidate, not a release" } else { "another version" };
    Failure::new(format!("`{}` is {what}", run.interface))
        .with_have("this runtime runs wasi:cli/run@0.3.x and wasi:cli/run@0.2.x")
        .with_help("build the component again with tools for WASI 0.3.0 (for example wit-bindgen 0.60)")
}

fn no_command(plan: &Plan, funcs: &[ExportedFunc<'_>]) -> Failure {
    let failure = Failure::new("the component is no command: it does not export wasi:cli/run@0.3.0 or @0.2.x");
    let exports = exports(plan);
    if exports.is_empty() {
        return failure.with_have("it exports nothing");
    }
    let help = if plan.exports.keys().any(|name| name.starts_with(HANDLER)) {
        "it answers HTTP requests: thalweg serve FILE"
    } else if funcs.is_empty() {
        "a command exports wasi:cli/run; build it as a program, not as a library"
    } else {
        "call one of its functions with --invoke 'NAME(VALUES)'"
    };
    failure.with_have(format!("exports {exports}")).with_help(help)
}

fn no_start(plan: &Plan, funcs: &[ExportedFunc<'_>]) -> Failure {
    let failure = Failure::new("the core module is no command: it does not export `_start`");
    match funcs {
        [] => failure.with_help("build it as a program, not as a library"),
        _ => failure
            .with_have(format!("exports {}", exports(plan)))
            .with_help("call one of its functions with --invoke 'NAME(VALUES)'"),
    }
}

/// `call` with the name that the function has in the component.
fn renamed(call: &str) -> Option<String> {
    let (name, values) = call.find('(').map_or((call, ""), |at| call.split_at(at));
    Some(component_name(name.trim())? + values)
}

/// What the component exports, as names.
fn exports(plan: &Plan) -> String {
    let uses = plan.exports.iter().filter(|(_, export)| matches!(export, Export::Func(_) | Export::Instance(_)));
    uses.map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_releases_are_of_a_generation() {
        assert!(is_of("0.3.0", "0.3."));
        assert!(is_of("0.2.12", "0.2."));
        assert!(!is_of("0.3.0-rc-2026-01-06", "0.3."));
        assert!(!is_of("0.30.0", "0.3."));
    }

    #[test]
    fn run_has_one_type() {
        assert!(is_run(&FuncType::new([], Some(ValType::result(None, None)), true)));
        assert!(!is_run(&FuncType::new([], None, true)));
        assert!(!is_run(&FuncType::new([("x".into(), ValType::U8)], Some(ValType::result(None, None)), false)));
    }
}
