//! Small changes to a core module: other names of imports and exports, a memory. Everything else stays byte for byte.

use wasm_encoder::{
    EntityType, ExportKind, ExportSection, ImportSection, MemorySection, MemoryType, Module, RawSection,
};
use wasmparser::{ExportSectionReader, ExternalKind, ImportSectionReader, Parser, Payload, Result, TypeRef};

use super::exports::Exported;
use super::imports::PREVIEW1;
use super::shape::Shape;

/// The adapter finds the module's memory by this name.
const MEMORY: &str = "memory";
/// The one function of preview 1 that does not go through the adapter, which keeps one bit of the exit code.
const PROC_EXIT: &str = "proc_exit";
/// What is called instead, of the same core type.
const EXIT_WITH_CODE: &str = "exit-with-code";

/// What is to be changed.
#[derive(Debug)]
pub struct Changes {
    /// The interface that leaves with a code.
    exit: String,
    /// Whether an empty memory has to be added.
    add_memory: bool,
    /// Whether the first memory has to be exported.
    export_memory: bool,
    /// Exports that get a second name: the name, and the one that is there.
    renamed: Vec<(String, String)>,
}

impl Changes {
    /// What makes a module of this shape fit for the adapter, and for a world with the functions `exported`.
    pub fn of(shape: &Shape, exported: &[Exported], exit: String) -> Changes {
        let renamed = exported.iter().filter(|func| func.name != func.core_name);
        Changes {
            exit,
            add_memory: shape.memories == 0,
            export_memory: !shape.exports.iter().any(|name| name == MEMORY),
            renamed: renamed.map(|func| (func.name.clone(), func.core_name.clone())).collect(),
        }
    }
}

/// The module `bytes` with `changes`.
pub fn rewrite(bytes: &[u8], changes: &Changes) -> Result<Vec<u8>> {
    let mut module = Module::new();
    let mut added = Added::default();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        let Some((id, range)) = payload.as_section() else { continue };
        added.before(id, &mut module, changes)?;
        match &payload {
            Payload::ImportSection(section) => {
                module.section(&imports(section.clone(), changes)?);
            }
            Payload::ExportSection(section) => {
                module.section(&exports(Some(section.clone()), changes)?);
            }
            _ => {
                let range = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
                let data = range.and_then(|(start, end)| bytes.get(start..end)).unwrap_or_default();
                module.section(&RawSection { id, data });
            }
        }
    }
    added.before(END, &mut module, changes)?;
    Ok(module.finish())
}

/// The order of sections, by their ids; custom sections (0) can be anywhere.
const ORDER: [u8; 13] = [1, 2, 3, 4, MEMORIES, 13, 6, EXPORTS, 8, 9, 12, 10, 11];
const MEMORIES: u8 = 5;
const EXPORTS: u8 = 7;
/// Not an id: what comes after the last section.
const END: u8 = u8::MAX;

/// Which of the sections that may have to be added are behind us.
#[derive(Debug, Default)]
struct Added {
    memory: bool,
    exports: bool,
}

impl Added {
    /// Adds what has to stand before the section `id`, if that one is next.
    fn before(&mut self, id: u8, module: &mut Module, changes: &Changes) -> Result<()> {
        let place = |id| ORDER.iter().position(|&other| other == id).unwrap_or(ORDER.len());
        if id == 0 {
            return Ok(());
        }
        if !self.memory && place(id) >= place(MEMORIES) {
            self.memory = true;
            if changes.add_memory {
                let mut memories = MemorySection::new();
                memories.memory(MemoryType {
                    minimum: 0,
                    maximum: None,
                    memory64: false,
                    shared: false,
                    page_size_log2: None,
                });
                module.section(&memories);
            }
        }
        if !self.exports && place(id) >= place(EXPORTS) {
            self.exports = true;
            if id != EXPORTS {
                module.section(&exports(None, changes)?);
            }
        }
        Ok(())
    }
}

/// The imports, all of them functions, with another name for the one that leaves.
fn imports(section: ImportSectionReader<'_>, changes: &Changes) -> Result<ImportSection> {
    let mut imports = ImportSection::new();
    for import in section.into_imports() {
        let import = import?;
        let (TypeRef::Func(ty) | TypeRef::FuncExact(ty)) = import.ty else { continue };
        let (module, name) = match (import.module, import.name) {
            (PREVIEW1, PROC_EXIT) => (changes.exit.as_str(), EXIT_WITH_CODE),
            other => other,
        };
        imports.import(module, name, EntityType::Function(ty));
    }
    Ok(imports)
}

/// The exports, and those that the adapter and the world need.
fn exports(section: Option<ExportSectionReader<'_>>, changes: &Changes) -> Result<ExportSection> {
    let mut exports = ExportSection::new();
    for export in section.into_iter().flatten() {
        let export = export?;
        let kind = match export.kind {
            ExternalKind::Func | ExternalKind::FuncExact => ExportKind::Func,
            ExternalKind::Table => ExportKind::Table,
            ExternalKind::Memory => ExportKind::Memory,
            ExternalKind::Global => ExportKind::Global,
            ExternalKind::Tag => ExportKind::Tag,
        };
        exports.export(export.name, kind, export.index);
        for (name, _) in changes.renamed.iter().filter(|(_, core_name)| core_name == export.name) {
            exports.export(name, kind, export.index);
        }
    }
    if changes.export_memory {
        exports.export(MEMORY, ExportKind::Memory, 0);
    }
    Ok(exports)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::exports::exported;

    fn rewritten(text: &str) -> Shape {
        let bytes = wat::parse_str(text).expect("text of a module");
        let shape = Shape::of(&bytes).expect("a module");
        let changes = Changes::of(&shape, &exported(&shape), "wasi:cli/exit@0.2.12".into());
        let bytes = rewrite(&bytes, &changes).expect("a module");
        wasmparser::validate(&bytes).expect("a valid module");
        Shape::of(&bytes).expect("a module")
    }

    #[test]
    fn a_memory_is_added_where_there_is_none() {
        for text in ["(module)", "(module (func $f) (start $f))", "(module (type (func)) (global i32 (i32.const 1)))"] {
            let shape = rewritten(text);
            assert_eq!((shape.memories, shape.exports), (1, vec!["memory".to_string()]), "{text}");
        }
        let shape = rewritten(r#"(module (memory 1) (func (export "add_two") (param i32)))"#);
        assert_eq!((shape.memories, shape.exports.join(" ")), (1, "add_two add-two memory".to_string()));
        let shape = rewritten(r#"(module (memory (export "memory") 1) (@custom "end" "x"))"#);
        assert_eq!((shape.memories, shape.exports.len()), (1, 1));
    }

    #[test]
    fn leaving_keeps_the_code() {
        let import = r#"(import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))"#;
        let shape = rewritten(&format!("(module {import})"));
        let import = &shape.imports[0];
        assert_eq!((import.module.as_str(), import.name.as_str()), ("wasi:cli/exit@0.2.12", "exit-with-code"));
    }
}
