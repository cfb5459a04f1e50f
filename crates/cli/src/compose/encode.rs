//! The composed component: imports that nobody serves, the parts, an instance of each, the exports of the first.

use std::collections::HashMap;

use thalweg::plan::{Import, Plan};
use thalweg::{Component, Linker};
use wasm_encoder::{
    ComponentBuilder, ComponentExportKind, ComponentExternName, ComponentTypeRef, InstanceType, TypeBounds,
};
use wasmparser::Parser;

use super::part::Part;
use super::types::Types;
use crate::report::Failure;

/// The component that `linked` is the plan of; `parts` are its components, the root first, and `definitions` has what was
/// given to them.
pub fn encode(linked: &Plan, parts: &[Part], definitions: &Linker<()>) -> Result<Vec<u8>, Failure> {
    let mut outer = Outer::new(linked, parts, definitions);
    outer.imports()?;
    for part in parts {
        let number = outer.builder.component_raw(None, part.component.bytes()?);
        outer.components.push(number);
    }
    let root = outer.instance(0)?;
    for export in parts.first().into_iter().flat_map(|root| &root.exports) {
        let index = outer.builder.alias_export(root, &export.name.name, export.kind);
        outer.builder.export(export.name.clone(), export.kind, index, None);
    }
    outer.builder.append_names();
    Ok(outer.builder.finish())
}

struct Outer<'a> {
    parts: &'a [Part],
    linked: &'a Plan,
    definitions: &'a Linker<()>,
    builder: ComponentBuilder,
    types: Types,
    /// What the composed component imports, by name.
    imported: HashMap<&'a str, (ComponentExportKind, u32)>,
    components: Vec<u32>,
    instances: HashMap<usize, u32>,
    /// Definitions that were written, by their bytes.
    given: HashMap<&'a [u8], u32>,
}

impl<'a> Outer<'a> {
    fn new(linked: &'a Plan, parts: &'a [Part], definitions: &'a Linker<()>) -> Self {
        Outer {
            parts,
            linked,
            definitions,
            builder: ComponentBuilder::default(),
            types: Types::default(),
            imported: HashMap::new(),
            components: Vec::new(),
            instances: HashMap::new(),
            given: HashMap::new(),
        }
    }

    fn imports(&mut self) -> Result<(), Failure> {
        for (name, import) in &self.linked.imports {
            // All that was imported of it was given.
            if matches!(import, Import::Instance(exports) if exports.is_empty()) && self.is_given(name) {
                continue;
            }
            let ty = self.import_type(name, import)?;
            let implements = self.linked.implements.get(name).map(|interface| interface.as_str().into());
            let index = self.builder.import(ComponentExternName { implements, ..name.into() }, ty);
            self.imported.insert(name, (ty.kind(), index));
            self.remember(import, index);
        }
        Ok(())
    }

    fn import_type(&mut self, name: &str, import: &Import) -> Result<ComponentTypeRef, Failure> {
        Ok(match import {
            Import::Func(func) => {
                let func = self.linked.imported_funcs.get(func.at()).ok_or_else(|| unsupported(name))?;
                ComponentTypeRef::Func(self.types.func(&mut self.builder, &func.ty))
            }
            Import::Type(ty) => ComponentTypeRef::Type(TypeBounds::Eq(self.types.defined(&mut self.builder, ty))),
            Import::Resource(resource) => match self.types.resource(&mut self.builder, *resource) {
                Some(index) => ComponentTypeRef::Type(TypeBounds::Eq(index)),
                None => ComponentTypeRef::Type(TypeBounds::SubResource),
            },
            Import::Module | Import::Component => {
                return Err(unsupported(&format!("the definition `{name}` as an import")));
            }
            Import::Instance(exports) => {
                let mut ty = InstanceType::new();
                let mut types = self.types.inner();
                // Types first: where two parts import parts of one instance, the second's stand behind functions.
                let is_func = |import: &Import| matches!(import, Import::Func(_));
                for (name, export) in exports.iter().filter(|(_, export)| !is_func(export)) {
                    export_type(&mut ty, &mut types, name, export)?;
                }
                for (name, export) in exports {
                    if let Import::Func(func) = export {
                        let func = self.linked.imported_funcs.get(func.at()).ok_or_else(|| unsupported(name))?;
                        let index = types.func(&mut ty, &func.ty);
                        ty.export(name.as_str(), ComponentTypeRef::Func(index));
                    }
                }
                ComponentTypeRef::Instance(self.builder.type_instance(None, &ty))
            }
        })
    }

    /// Types that an import brings are used by the imports behind it.
    fn remember(&mut self, import: &Import, index: u32) {
        match import {
            Import::Func(_) | Import::Module | Import::Component => {}
            Import::Type(ty) => self.types.name(ty, index),
            Import::Resource(resource) => self.types.name_resource(*resource, index),
            Import::Instance(exports) => {
                for (name, export) in exports {
                    if let Import::Resource(resource) = export
                        && self.types.resource(&mut self.builder, *resource).is_none()
                    {
                        let alias = self.builder.alias_export(index, name, ComponentExportKind::Type);
                        self.types.name_resource(*resource, alias);
                    }
                }
            }
        }
    }

    /// Whether some part imports definitions of the instance `name`.
    fn is_given(&self, name: &str) -> bool {
        let mut imports = self.parts.iter().filter_map(|part| part.component.plan().imports.get(name));
        imports.any(has_definitions)
    }

    /// The instance of a part; those that it needs come before it. Linking has found that there is no circle.
    fn instance(&mut self, number: usize) -> Result<u32, Failure> {
        if let Some(instance) = self.instances.get(&number) {
            return Ok(*instance);
        }
        let missing = || unsupported(&format!("component {number}"));
        let part = self.parts.get(number).ok_or_else(missing)?;
        let mut arguments = Vec::new();
        for import in &part.imports {
            let mut links = self.linked.plugged.iter();
            let link = links.find(|link| link.importer == number && link.import == import.full_name);
            let (kind, index) = match link {
                Some(link) => {
                    let provider = self.instance(link.provider)?;
                    (import.kind, self.builder.alias_export(provider, &link.export, import.kind))
                }
                None => self.argument(&part.component, &import.full_name)?,
            };
            arguments.push((import.name.clone(), kind, index));
        }
        let component = *self.components.get(number).ok_or_else(missing)?;
        let instance = self.builder.instantiate(Some(&part.name), component, arguments);
        self.instances.insert(number, instance);
        Ok(instance)
    }

    /// What no part serves: a definition, an instance with definitions in it, or what the composed component imports.
    fn argument(&mut self, component: &Component, import: &str) -> Result<(ComponentExportKind, u32), Failure> {
        match component.plan().imports.get(import) {
            Some(Import::Module | Import::Component) => self.definition(component, "", import),
            Some(Import::Instance(exports)) if exports.values().any(has_definitions) => {
                let mut items = Vec::new();
                for (name, export) in exports {
                    let (kind, index) = match export {
                        Import::Module | Import::Component => self.definition(component, import, name)?,
                        _ => {
                            let (_, instance) = *self.imported.get(import).ok_or_else(|| unsupported(import))?;
                            let kind = import_kind(export);
                            (kind, self.builder.alias_export(instance, name, kind))
                        }
                    };
                    items.push((name.as_str(), kind, index));
                }
                Ok((ComponentExportKind::Instance, self.builder.instantiate_exports(None, items)))
            }
            _ => self.imported.get(import).copied().ok_or_else(|| unsupported(import)),
        }
    }

    /// The definition `name` of `interface`, written once.
    fn definition(
        &mut self,
        component: &Component,
        interface: &str,
        name: &str,
    ) -> Result<(ComponentExportKind, u32), Failure> {
        let definitions = self.definitions;
        let bytes = definitions.definition(component, interface, name).ok_or_else(|| unsupported(name))?;
        let is_component = Parser::is_component(bytes);
        let kind = if is_component { ComponentExportKind::Component } else { ComponentExportKind::Module };
        if let Some(index) = self.given.get(bytes) {
            return Ok((kind, *index));
        }
        let index = match kind {
            ComponentExportKind::Component => self.builder.component_raw(None, bytes),
            _ => self.builder.core_module_raw(None, bytes),
        };
        self.given.insert(bytes, index);
        Ok((kind, index))
    }
}

/// Whether there are core modules or components in an import.
fn has_definitions(import: &Import) -> bool {
    match import {
        Import::Module | Import::Component => true,
        Import::Instance(exports) => exports.values().any(has_definitions),
        _ => false,
    }
}

/// A type that an imported instance exports.
fn export_type(ty: &mut InstanceType, types: &mut Types, name: &str, export: &Import) -> Result<(), Failure> {
    match export {
        Import::Type(value) => {
            let defined = types.defined(ty, value);
            let index = ty.type_count();
            ty.export(name, ComponentTypeRef::Type(TypeBounds::Eq(defined)));
            types.name(value, index);
        }
        Import::Resource(resource) => {
            let bounds = types.resource(ty, *resource).map_or(TypeBounds::SubResource, TypeBounds::Eq);
            let index = ty.type_count();
            ty.export(name, ComponentTypeRef::Type(bounds));
            types.name_resource(*resource, index);
        }
        Import::Func(_) => {}
        Import::Module | Import::Component => {
            return Err(unsupported(&format!("the definition `{name}` in an imported instance")));
        }
        Import::Instance(_) => return Err(unsupported(&format!("the instance `{name}` in an imported instance"))),
    }
    Ok(())
}

fn import_kind(import: &Import) -> ComponentExportKind {
    match import {
        Import::Func(_) => ComponentExportKind::Func,
        Import::Instance(_) => ComponentExportKind::Instance,
        Import::Type(_) | Import::Resource(_) => ComponentExportKind::Type,
        Import::Module => ComponentExportKind::Module,
        Import::Component => ComponentExportKind::Component,
    }
}

fn unsupported(what: &str) -> Failure {
    Failure::new(format!("can't compose: {what} is not supported"))
        .with_help("`thalweg run` links them without composing")
}
