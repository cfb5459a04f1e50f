//! The functions that a component exports.

use thalweg::plan::{Export, FuncDef, Plan, PlannedResource};
use thalweg::types::FuncType;

use crate::report::Failure;

/// A function that the root component exports, directly or inside of an instance.
#[derive(Debug, Clone, Copy)]
pub struct ExportedFunc<'a> {
    /// The exported instance it is in; empty for the root.
    pub interface: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its type.
    pub ty: &'a FuncType,
}

impl ExportedFunc<'_> {
    /// The name that an instance knows it by.
    pub fn path(&self) -> String {
        if self.interface.is_empty() { self.name.to_string() } else { format!("{}#{}", self.interface, self.name) }
    }

    /// Whether `--invoke NAME` means this one: by its name, by `INTERFACE#NAME`, or as WAVE writes it
    /// (`ns:package/interface.name@1.0.0`, `interface.name`).
    fn is_called(&self, name: &str) -> bool {
        if name == self.name || name == self.path() {
            return true;
        }
        let (interface, version) = match self.interface.split_once('@') {
            Some((interface, version)) => (interface, Some(version)),
            None => (self.interface, None),
        };
        let full = format!("{interface}.{}", self.name);
        let short = full.rsplit_once('/').map_or(full.as_str(), |(_, short)| short);
        let (asked, asked_version) = match name.split_once('@') {
            Some((asked, version)) => (asked, Some(version)),
            None => (name, None),
        };
        (asked == full || asked == short) && (asked_version.is_none() || asked_version == version)
    }
}

/// Every function that the root component exports.
pub fn exported_funcs(plan: &Plan) -> Vec<ExportedFunc<'_>> {
    let mut funcs = Vec::new();
    for (name, export) in &plan.exports {
        match export {
            Export::Func(func) => funcs.extend(exported(plan, "", name, *func)),
            Export::Instance(exports) => {
                for (inner, export) in exports {
                    if let Export::Func(func) = export {
                        funcs.extend(exported(plan, name, inner, *func));
                    }
                }
            }
            _ => {}
        }
    }
    funcs
}

fn exported<'a>(plan: &'a Plan, interface: &'a str, name: &'a str, func: FuncDef) -> Option<ExportedFunc<'a>> {
    let ty = match func {
        FuncDef::Lift(lift) => &plan.lifts.get(lift.at())?.ty,
        FuncDef::Imported(import) => &plan.imported_funcs.get(import.at())?.ty,
    };
    Some(ExportedFunc { interface, name, ty })
}

/// The one function that `name` means.
pub fn find<'a>(plan: &'a Plan, name: &str) -> Result<ExportedFunc<'a>, Failure> {
    let funcs = exported_funcs(plan);
    let mut called = funcs.iter().copied().filter(|func| func.is_called(name));
    match (called.next(), called.next()) {
        (Some(func), None) => Ok(func),
        (None, _) if funcs.is_empty() => Err(Failure::new(format!("there is no exported function `{name}`"))
            .with_have("the component exports no function at all")),
        (None, _) => Err(Failure::new(format!("there is no exported function `{name}`"))
            .with_have(signatures(plan, funcs.iter()))
            .with_help("name one of these, for example --invoke 'NAME(ARGUMENTS)'")),
        (Some(first), Some(second)) => {
            let all: Vec<_> = [first, second].into_iter().chain(called).collect();
            Err(Failure::new(format!("more than one exported function is called `{name}`"))
                .with_have(signatures(plan, all.iter()))
                .with_help(format!("write which one: --invoke '{}(ARGUMENTS)'", first.path())))
        }
    }
}

/// One line for each function.
pub fn signatures<'a>(plan: &Plan, funcs: impl Iterator<Item = &'a ExportedFunc<'a>>) -> String {
    let lines = funcs.map(|func| format!("{}: {}", func.path(), type_text(plan, func.ty)));
    lines.collect::<Vec<_>>().join("\n")
}

/// A type in the words of WIT, with the names of resources instead of their numbers.
pub fn type_text(plan: &Plan, ty: &impl std::fmt::Display) -> String {
    let mut text = ty.to_string();
    for (i, resource) in plan.resources.iter().enumerate() {
        let (PlannedResource::Imported { name, .. } | PlannedResource::Defined { name, .. }) = resource;
        text = text.replace(&format!("<resource {i}>"), &format!("<{name}>"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_has_several_names() {
        let ty = FuncType::new([], None, false);
        let func = ExportedFunc { interface: "a:b/door@1.2.0", name: "knock", ty: &ty };
        for name in ["knock", "a:b/door@1.2.0#knock", "a:b/door.knock@1.2.0", "a:b/door.knock", "door.knock"] {
            assert!(func.is_called(name), "{name}");
        }
        for name in ["door", "b/door.knock", "a:b/door.knock@1.3.0", "#knock", ""] {
            assert!(!func.is_called(name), "{name}");
        }
        let root = ExportedFunc { interface: "", ..func };
        assert_eq!(root.path(), "knock");
        assert!(root.is_called("knock") && !root.is_called("door.knock"));
    }
}
