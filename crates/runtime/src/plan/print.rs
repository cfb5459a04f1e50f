//! A plan as text: every table with its numbers, so that one line can be followed to the next.

use std::fmt::{self, Display, Formatter};

use indexmap::IndexMap;

use super::{
    CanonicalOptions, CoreDef, Export, FuncDef, Import, Lift, Plan, PlannedInstance, PlannedModule, PlannedResource,
    Step, StringEncoding,
};
use crate::component::excerpt;
use crate::types::{FuncType, PtrType};

/// Longer types are cut: the plan is about structure.
const MAX_TYPE_LENGTH: usize = 240;

impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        heading(f, "imports", self.imports.len())?;
        self.imports(f, &self.imports, 1)?;
        if !self.needs.is_empty() {
            heading(f, "not planned before these are given", self.needs.len())?;
            for need in &self.needs {
                let kind = if need.is_module { "core module" } else { "component" };
                let hash = if need.interface.is_empty() { "" } else { "#" };
                writeln!(f, "  {kind} {}{hash}{}", need.interface, need.name)?;
            }
            return Ok(());
        }
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
        write!(f, "slots: {} memories, {} functions, {} tables", self.memories.len(), self.funcs, self.tables)
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
                Import::Module => writeln!(f, ": core module")?,
                Import::Component => writeln!(f, ": component")?,
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
                Step::ExtractMemory(slot, def) => {
                    let ptr = self.memories.get(slot.at()).copied().unwrap_or_default();
                    writeln!(f, "  {i}: memory {}{} = {def}", slot.0, if_long(ptr))?;
                }
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

pub(super) fn cut(text: String) -> String {
    excerpt(text, MAX_TYPE_LENGTH)
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
            PlannedResource::Defined { instance, dtor, rep, name } => {
                write!(f, "{name}, defined by instance {}", instance.0)?;
                if *rep == PtrType::I64 {
                    f.write_str(", rep i64")?;
                }
                dtor.map_or(Ok(()), |dtor| write!(f, ", destructor func {}", dtor.0))
            }
        }
    }
}

/// What is said of numbers that are not of 32 bits.
pub(super) fn if_long(ptr: PtrType) -> &'static str {
    match ptr {
        PtrType::I32 => "",
        PtrType::I64 => " i64",
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
            write!(f, " memory {}{}", memory.0, if_long(self.ptr_type))?;
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

#[cfg(test)]
mod tests {
    use crate::Features;
    use crate::component::load;

    const GREETER: &str = r#"(component
        (import "a:b/log@1.0.0" (instance $log
            (export "r" (type (sub resource))) (export "put" (func (param "s" string)))))
        (core module $libc (memory (export "mem") 1))
        (core instance $libc (instantiate $libc))
        (alias core export $libc "mem" (core memory $mem))
        (core func $put (canon lower (func $log "put") (memory $mem)))
        (core module $main (import "log" "put" (func (param i32 i32))) (func (export "hi") (result i32) unreachable))
        (core instance $main (instantiate $main (with "log" (instance (export "put" (func $put))))))
        (func $hi (result u8) (canon lift (core func $main "hi")))
        (instance $greet (export "hi" (func $hi)))
        (export "a:b/greet@1.0.0" (instance $greet)))"#;

    const PRINTED: &str = r#"imports (1)
  a:b/log@1.0.0
    r: resource 0
    put: func(s: string) (imported 0)
resources (1)
  0: a:b/log@1.0.0#r, imported
modules (2)
  0: bytes 0x4e..0x61 (19 bytes), 0 imports
  1: bytes 0x8b..0xbf (52 bytes), 1 imports
component instances (1)
  0: root
steps (4)
  0: core 0 = module 0 for instance 0
  1: memory 0 = core 0 "mem"
  2: core 1 = module 1 for instance 0
       "log" "put" <- trampoline 0
  3: func 0 = core 1 "hi"
trampolines (1)
  0: instance 0: lower imported 0 a:b/log@1.0.0#put options 0: func(s: string)
options (2)
  0: instance 0 utf8 memory 0
  1: instance 0 utf8
lifts (1)
  0: a:b/greet@1.0.0#hi = func 0 options 1: func() -> u8
exports (1)
  a:b/greet@1.0.0
    hi = lift 0
slots: 1 memories, 1 functions, 0 tables"#;

    #[test]
    fn a_plan_can_be_followed_by_its_numbers() {
        let plan = load(GREETER.as_bytes(), &Features::default()).unwrap_or_else(|error| panic!("{error:?}")).plan;
        let text = plan.to_string();
        assert_eq!(without_places(&text), without_places(PRINTED), "{text}");
    }

    /// Where modules are and how long they are depends on the encoder.
    fn without_places(text: &str) -> String {
        let lines = text.lines().map(|line| match line.split_once(": bytes ") {
            Some((number, _)) => number.to_owned(),
            None => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}
