//! Imports and exports as lines: names with versions, functions with types.

use std::fmt::Write;

use thalweg::plan::{Export, FuncDef, Import, Plan};

use crate::invoke::type_text;

/// What the component imports.
pub fn imports(text: &mut String, plan: &Plan) {
    text.push_str("imports\n");
    for (name, import) in &plan.imports {
        import_lines(text, plan, name, import, 1);
    }
}

/// What the component exports.
pub fn exports(text: &mut String, plan: &Plan) {
    text.push_str("exports\n");
    if !plan.needs.is_empty() {
        text.push_str("  known when the core modules and components that it imports are given\n");
    }
    for (name, export) in &plan.exports {
        export_lines(text, plan, name, export, 1);
    }
}

fn import_lines(text: &mut String, plan: &Plan, name: &str, import: &Import, depth: usize) {
    let what = match import {
        Import::Func(func) => plan.imported_funcs.get(func.at()).map(|func| type_text(plan, &*func.ty)),
        Import::Type(ty) => Some(type_text(plan, ty)),
        Import::Resource(_) => Some("resource".to_string()),
        Import::Module => Some("core module".to_string()),
        Import::Component => Some("component".to_string()),
        Import::Instance(imports) => {
            line(text, name, None, depth);
            for (name, import) in imports {
                import_lines(text, plan, name, import, depth + 1);
            }
            return;
        }
    };
    line(text, name, what.as_deref(), depth);
}

fn export_lines(text: &mut String, plan: &Plan, name: &str, export: &Export, depth: usize) {
    let what = match export {
        Export::Func(FuncDef::Lift(lift)) => plan.lifts.get(lift.at()).map(|lift| type_text(plan, &*lift.ty)),
        Export::Func(FuncDef::Imported(func)) => {
            plan.imported_funcs.get(func.at()).map(|func| type_text(plan, &*func.ty))
        }
        Export::Type(ty) => Some(type_text(plan, ty)),
        Export::Resource(_) => Some("resource".to_string()),
        Export::Module(module) => Some(format!("core module {}", module.0)),
        Export::Component => Some("component".to_string()),
        Export::Instance(exports) => {
            line(text, name, None, depth);
            for (name, export) in exports {
                export_lines(text, plan, name, export, depth + 1);
            }
            return;
        }
    };
    line(text, name, what.as_deref(), depth);
}

fn line(text: &mut String, name: &str, what: Option<&str>, depth: usize) {
    let _ = match what {
        Some(what) => writeln!(text, "{:width$}{name}: {what}", "", width = 2 * depth),
        None => writeln!(text, "{:width$}{name}", "", width = 2 * depth),
    };
}
