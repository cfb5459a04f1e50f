//! What has to be known of a core module to make a component of it.

use std::fmt::Write;

use wasmparser::{CompositeInnerType, ExternalKind, FuncType, MemoryType, Parser, Payload, Result, TypeRef};

/// What a module imports and exports.
#[derive(Debug, Default)]
pub struct Shape {
    /// What it imports.
    pub imports: Vec<Import>,
    /// The names of its exports.
    pub exports: Vec<String>,
    /// The exports that are functions, with their types.
    pub funcs: Vec<(String, FuncType)>,
    /// Its memories, imported ones included.
    pub memories: Vec<MemoryType>,
    /// Whether it says itself which component it wants to be.
    pub has_world: bool,
}

/// An import of a core module.
#[derive(Debug)]
pub struct Import {
    /// The module that it is imported from.
    pub module: String,
    /// Its name there.
    pub name: String,
    /// Its type, if it is a function.
    pub ty: Option<FuncType>,
}

impl Shape {
    /// Reads the sections that matter; code is left alone.
    pub fn of(bytes: &[u8]) -> Result<Shape> {
        let mut shape = Shape::default();
        // None for types that are no functions.
        let mut types: Vec<Option<FuncType>> = Vec::new();
        let mut funcs: Vec<u32> = Vec::new();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::TypeSection(section) => {
                    for group in section {
                        types.extend(group?.into_types().map(|ty| match ty.composite_type.inner {
                            CompositeInnerType::Func(func) => Some(func),
                            _ => None,
                        }));
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        shape.import(import?, &types, &mut funcs);
                    }
                }
                Payload::FunctionSection(section) => {
                    for ty in section {
                        funcs.push(ty?);
                    }
                }
                Payload::MemorySection(section) => {
                    for memory in section {
                        shape.memories.push(memory?);
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export?;
                        shape.exports.push(export.name.to_string());
                        let ty = funcs.get(export.index as usize).and_then(|ty| types.get(*ty as usize));
                        if let (ExternalKind::Func, Some(Some(ty))) = (export.kind, ty) {
                            shape.funcs.push((export.name.to_string(), ty.clone()));
                        }
                    }
                }
                Payload::CustomSection(section) => shape.has_world |= section.name().starts_with("component-type"),
                _ => {}
            }
        }
        Ok(shape)
    }

    fn import(&mut self, import: wasmparser::Import<'_>, types: &[Option<FuncType>], funcs: &mut Vec<u32>) {
        let mut func = None;
        match import.ty {
            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                funcs.push(ty);
                func = types.get(ty as usize).cloned().flatten();
            }
            TypeRef::Memory(memory) => self.memories.push(memory),
            _ => {}
        }
        self.imports.push(Import { module: import.module.to_string(), name: import.name.to_string(), ty: func });
    }
}

/// A type as core wasm writes it.
pub fn core_type(ty: &FuncType) -> String {
    let mut text = String::new();
    for param in ty.params() {
        let _ = write!(text, "(param {param}) ");
    }
    for result in ty.results() {
        let _ = write!(text, "(result {result}) ");
    }
    text.trim_end().to_string()
}
