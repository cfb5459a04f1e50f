//! What has to be known of a core module to make a component of it.

use wasmparser::{CompositeInnerType, ExternalKind, FuncType, Parser, Payload, Result, TypeRef};

/// What a module imports and exports.
#[derive(Debug, Default)]
pub struct Shape {
    /// Module and name of each import, with whether it is a function.
    pub imports: Vec<Import>,
    /// The names of its exports.
    pub exports: Vec<String>,
    /// The exports that are functions, with their types.
    pub funcs: Vec<(String, FuncType)>,
    /// How many memories it has, imported ones included.
    pub memories: usize,
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
    /// Whether it is a function.
    pub is_func: bool,
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
                        shape.import(import?, &mut funcs);
                    }
                }
                Payload::FunctionSection(section) => {
                    for ty in section {
                        funcs.push(ty?);
                    }
                }
                Payload::MemorySection(section) => shape.memories += section.count() as usize,
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

    fn import(&mut self, import: wasmparser::Import<'_>, funcs: &mut Vec<u32>) {
        let func = match import.ty {
            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => Some(ty),
            TypeRef::Memory(_) => {
                self.memories += 1;
                None
            }
            _ => None,
        };
        funcs.extend(func);
        self.imports.push(Import {
            module: import.module.to_string(),
            name: import.name.to_string(),
            is_func: func.is_some(),
        });
    }
}
