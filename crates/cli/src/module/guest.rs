//! The core module itself, with its memory from outside, and no name imported twice. Everything else stays byte for byte.

use std::collections::HashMap;

use wasm_encoder::{EntityType, ImportSection, MemorySection, Module, RawSection};
use wasmparser::{ImportSectionReader, MemorySectionReader, MemoryType, Parser, Payload, Result, TypeRef};

use super::preview1::MODULE;
use super::shim::GUEST_MEMORY;

/// Sections that may come before the imports, by their ids: custom ones and types.
const BEFORE_IMPORTS: [u8; 2] = [0, 1];

/// A core module as components take it.
#[derive(Debug)]
pub struct Guest {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The names under which it imports the shim.
    pub shim: Vec<String>,
}

/// The module `bytes`, whose first memory is imported from where it imports WASI. What is imported more than once, which
/// components do not allow, is imported from other names of the same.
pub fn guest(bytes: &[u8], memory: Option<&MemoryType>) -> Result<Guest> {
    let mut names = vec![MODULE.to_string()];
    let mut module = Module::new();
    let mut imports = Some(ImportSection::new());
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        let Some((id, range)) = payload.as_section() else { continue };
        if let Payload::ImportSection(section) = &payload {
            imports = Some(funcs(section.clone(), &mut names)?);
        }
        if !BEFORE_IMPORTS.contains(&id)
            && let Some(mut imports) = imports.take()
        {
            if let Some(memory) = memory {
                imports.import(MODULE, GUEST_MEMORY, encoded(memory));
            }
            module.section(&imports);
        }
        match &payload {
            Payload::ImportSection(_) => {}
            Payload::MemorySection(section) => {
                module.section(&others(section.clone())?);
            }
            _ => {
                let range = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
                let data = range.and_then(|(start, end)| bytes.get(start..end)).unwrap_or_default();
                module.section(&RawSection { id, data });
            }
        }
    }
    Ok(Guest { bytes: module.finish(), shim: names })
}

/// The imports, all of them functions of preview 1. `names` grows when one is imported more than once.
fn funcs(section: ImportSectionReader<'_>, names: &mut Vec<String>) -> Result<ImportSection> {
    let mut imports = ImportSection::new();
    let mut times: HashMap<&str, usize> = HashMap::new();
    for import in section.into_imports() {
        let import = import?;
        if let TypeRef::Func(ty) | TypeRef::FuncExact(ty) = import.ty {
            let time = times.entry(import.name).and_modify(|time| *time += 1).or_insert(0);
            if *time == names.len() {
                names.push(format!("{MODULE}:{time}"));
            }
            let module = names.get(*time).map_or(MODULE, String::as_str);
            imports.import(module, import.name, EntityType::Function(ty));
        }
    }
    Ok(imports)
}

/// The memories but the first.
fn others(section: MemorySectionReader<'_>) -> Result<MemorySection> {
    let mut memories = MemorySection::new();
    for memory in section.into_iter().skip(1) {
        memories.memory(encoded(&memory?));
    }
    Ok(memories)
}

fn encoded(memory: &MemoryType) -> wasm_encoder::MemoryType {
    wasm_encoder::MemoryType {
        minimum: memory.initial,
        maximum: memory.maximum,
        memory64: memory.memory64,
        shared: memory.shared,
        page_size_log2: memory.page_size_log2,
    }
}

#[cfg(test)]
mod tests {
    use super::super::shape::Shape;
    use super::*;

    fn imported(text: &str) -> (Shape, String) {
        let bytes = wat::parse_str(text).expect("text of a module");
        let shape = Shape::of(&bytes).expect("a module");
        let guest = guest(&bytes, shape.memories.first()).expect("a module");
        let bytes = guest.bytes;
        wasmparser::validate(&bytes).expect("a valid module");
        let shape = Shape::of(&bytes).expect("a module");
        let imports: Vec<_> = shape.imports.iter().map(|import| import.name.clone()).collect();
        let imports = imports.join(" ");
        (shape, imports)
    }

    #[test]
    fn the_first_memory_comes_from_outside() {
        let func = r#"(import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32)))"#;
        let data = r#"(data (i32.const 0) "x") (func (result i32) (i32.load (i32.const 0)))"#;
        for (text, imports, memories) in [
            ("(module)".to_string(), "", 0),
            ("(module (memory 1))".to_string(), "guest-memory", 1),
            (format!("(module {func} (memory 1 2) {data})"), "fd_close guest-memory", 1),
            (format!("(module (memory 1) (memory 3) {data})"), "guest-memory", 2),
            (format!(r#"(module (@custom "first" (before first) "x") (memory 1) {data})"#), "guest-memory", 1),
        ] {
            let (shape, found) = imported(&text);
            assert_eq!((found.as_str(), shape.memories.len()), (imports, memories), "{text}");
        }
    }

    #[test]
    fn nothing_is_imported_twice() {
        let func = r#"(import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32)))"#;
        let bytes = wat::parse_str(format!("(module {func} {func} {func})")).expect("text of a module");
        let guest = guest(&bytes, None).expect("a module");
        let shape = Shape::of(&guest.bytes).expect("a module");
        let modules: Vec<_> = shape.imports.iter().map(|import| import.module.clone()).collect();
        assert_eq!(modules, guest.shim);
        assert_eq!(modules, [MODULE, "wasi_snapshot_preview1:1", "wasi_snapshot_preview1:2"]);
    }
}
