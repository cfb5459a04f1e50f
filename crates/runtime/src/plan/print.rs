//! A plan as text: every table with its numbers, so that one line can be followed to the next.

use std::fmt::{self, Display, Formatter};

use indexmap::IndexMap;

use super::{
    CanonicalOptions, CoreDef, Export, FuncDef, Import, Lift, Plan, PlannedInstance, PlannedModule, PlannedResource,
    Step, StringEncoding,
};
use crate::types::FuncType;

/// Longer types are cut: the plan is about structure.
const MAX_TYPE_LENGTH: usize = 240;

impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        heading(f, "imports", self.imports.len())?;
        self.imports(f, &self.imports, 1)?;
        numbered(f, "resources", &self.resources)?;
        numbered(f, "modules", &self.modules)?;
        numbered(f, "component instances", &self.instances)?;
        self.steps(f)?;
        heading(f, "trampolines", self.trampolines.len())?;
        for (i, trampoline) in self.trampolines.iter().enumerate() {
            writeln!(f, "  {i}: instance {}: {}", trampoline.instance.0, trampoline.canon.in_plan(self))?;
        }
        numbered(f, "options", &self.options)?;
        numbered(f, "lifts", &self.lifts)?;
        heading(f, "exports", self.exports.len())?;
        exports(f, &self.exports, 1)?;
        write!(f, "slots: {} memories, {} functions, {} tables", self.memories, self.funcs, self.tables)
    }
}

impl Plan {
    fn imports(&self, f: &mut Formatter<'_>, imports: &IndexMap<String, Import>, depth: usize) -> fmt::Result {
        for (name, import) in imports {
            write!(f, "{:indent$}{name}", "", indent = 2 * depth)?;
            match import {
                Import::Func(func) => match self.imported_funcs.get(func.at()) {
                    Some(planned) => writeln!(f, ": {} (imported {})", type_name(&planned.ty), func.0)?,
                    None => writeln!(f, " (imported {})", func.0)?,
                },
                Import::Instance(imports) => {
                    if let Some(interface) = self.implements.get(name).filter(|_| depth == 1) {
                        write!(f, " implements {interface}")?;
                    }
                    writeln!(f)?;
                    self.imports(f, imports, depth + 1)?;
                }
                Import::Type(ty) => writeln!(f, ": type = {}", cut(ty.to_string()))?,
                Import::Resource(resource) => writeln!(f, ": resource {}", resource.0)?,
            }
        }
        Ok(())
    }

    fn steps(&self, f: &mut Formatter<'_>) -> fmt::Result {
        heading(f, "steps", self.steps.len())?;
        let mut core_instance = 0;
        for (i, step) in self.steps.iter().enumerate() {
            match step {
                Step::Instantiate { module, args, instance } => {
                    writeln!(f, "  {i}: core {core_instance} = module {} for instance {}", module.0, instance.0)?;
                    core_instance += 1;
                    let imports =
                        self.modules.get(module.at()).map(|module| module.imports.as_slice()).unwrap_or_default();
                    for ((from, name), def) in imports.iter().zip(args) {
                        writeln!(f, "       {from:?} {name:?} <- {def}")?;
                    }
                }
                Step::ExtractMemory(slot, def) => writeln!(f, "  {i}: memory {} = {def}", slot.0)?,
                Step::ExtractFunc(slot, def) => writeln!(f, "  {i}: func {} = {def}", slot.0)?,
                Step::ExtractTable(slot, def) => writeln!(f, "  {i}: table {} = {def}", slot.0)?,
            }
        }
        Ok(())
    }
}

fn heading(f: &mut Formatter<'_>, what: &str, count: usize) -> fmt::Result {
    writeln!(f, "{what} ({count})")
}

fn numbered(f: &mut Formatter<'_>, what: &str, entries: &[impl Display]) -> fmt::Result {
    heading(f, what, entries.len())?;
    entries.iter().enumerate().try_for_each(|(i, entry)| writeln!(f, "  {i}: {entry}"))
}

fn exports(f: &mut Formatter<'_>, list: &IndexMap<String, Export>, depth: usize) -> fmt::Result {
    for (name, export) in list {
        write!(f, "{:indent$}{name}", "", indent = 2 * depth)?;
        match export {
            Export::Func(func) => writeln!(f, " = {func}")?,
            Export::Instance(list) => {
                writeln!(f)?;
                exports(f, list, depth + 1)?;
            }
            Export::Type(ty) => writeln!(f, ": type = {}", cut(ty.to_string()))?,
            Export::Resource(resource) => writeln!(f, ": resource {}", resource.0)?,
            Export::Module(module) => writeln!(f, " = module {}", module.0)?,
            Export::Component => writeln!(f, " = a component")?,
        }
    }
    Ok(())
}

pub(super) fn type_name(ty: &FuncType) -> String {
    cut(ty.to_string())
}

pub(super) fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MAX_TYPE_LENGTH) {
        text.truncate(end);
        text.push_str("...");
    }
    text
}

impl Display for PlannedModule {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let std::ops::Range { start, end } = self.range;
        write!(f, "bytes {start:#x}..{end:#x} ({} bytes), {} imports", self.range.len(), self.imports.len())
    }
}

impl Display for PlannedInstance {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.parent {
            None => f.write_str(&self.name),
            Some(parent) => write!(f, "{} in {}", self.name, parent.0),
        }
    }
}

impl Display for PlannedResource {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            PlannedResource::Imported { interface, name } if interface.is_empty() => write!(f, "{name}, imported"),
            PlannedResource::Imported { interface, name } => write!(f, "{interface}#{name}, imported"),
            PlannedResource::Defined { instance, dtor, name } => {
                write!(f, "{name}, defined by instance {}", instance.0)?;
                dtor.map_or(Ok(()), |dtor| write!(f, ", destructor func {}", dtor.0))
            }
        }
    }
}

impl Display for CoreDef {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            CoreDef::Export { instance, name } => write!(f, "core {} {name:?}", instance.0),
            CoreDef::Trampoline(index) => write!(f, "trampoline {}", index.0),
        }
    }
}

impl Display for FuncDef {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            FuncDef::Lift(index) => write!(f, "lift {}", index.0),
            FuncDef::Imported(index) => write!(f, "imported {}", index.0),
        }
    }
}

impl Display for Lift {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} = func {} options {}: {}", self.name, self.callee.0, self.options.0, type_name(&self.ty))
    }
}

impl Display for CanonicalOptions {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let encoding = match self.string_encoding {
            StringEncoding::Utf8 => "utf8",
            StringEncoding::Utf16 => "utf16",
            StringEncoding::Latin1OrUtf16 => "latin1+utf16",
        };
        write!(f, "instance {} {encoding}", self.instance.0)?;
        if let Some(memory) = self.memory {
            write!(f, " memory {}", memory.0)?;
        }
        let funcs = [("realloc", self.realloc), ("post-return", self.post_return), ("callback", self.callback)];
        for (name, func) in funcs {
            if let Some(func) = func {
                write!(f, " {name} func {}", func.0)?;
            }
        }
        if self.async_ { f.write_str(" async") } else { Ok(()) }
    }
}
