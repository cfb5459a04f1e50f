//! The composed component: imports that nobody serves, the parts, an instance of each, the exports of the first.

use std::collections::HashMap;

use thalweg::Component;
use thalweg::plan::{Export, Import, Plan};
use wasm_encoder::{ComponentBuilder, ComponentExportKind, ComponentTypeRef, InstanceType, TypeBounds};

use super::types::Types;
use crate::report::Failure;

/// The component that `linked` is the plan of; `parts` are its components with their names, the root first.
pub fn encode(linked: &Plan, parts: &[(String, Component)]) -> Result<Vec<u8>, Failure> {
    let mut outer = Outer::new(linked, parts);
    outer.imports()?;
    for (_, component) in parts {
        let number = outer.builder.component_raw(None, component.bytes());
        outer.components.push(number);
    }
    let root = outer.instance(0)?;
    for (name, export) in parts.first().map(|(_, root)| &root.plan().exports).into_iter().flatten() {
        let kind = export_kind(export);
        let index = outer.builder.alias_export(root, name, kind);
        outer.builder.export(name.as_str(), kind, index, None);
    }
    outer.builder.append_names();
    Ok(outer.builder.finish())
}

struct Outer<'a> {
    parts: &'a [(String, Component)],
    linked: &'a Plan,
    builder: ComponentBuilder,
    types: Types,
    /// What the composed component imports, by name.
    imported: HashMap<&'a str, (ComponentExportKind, u32)>,
    components: Vec<u32>,
    instances: HashMap<usize, u32>,
}

impl<'a> Outer<'a> {
    fn new(linked: &'a Plan, parts: &'a [(String, Component)]) -> Self {
        Outer {
            parts,
            linked,
            builder: ComponentBuilder::default(),
            types: Types::default(),
            imported: HashMap::new(),
            components: Vec::new(),
            instances: HashMap::new(),
        }
    }

    fn imports(&mut self) -> Result<(), Failure> {
        if let Some((name, interface)) = self.linked.implements.first() {
            return Err(unsupported(&format!("the import `{name}`, which says it implements `{interface}`")));
        }
        for (name, import) in &self.linked.imports {
            let ty = self.import_type(name, import)?;
            let index = self.builder.import(name.as_str(), ty);
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

    /// The instance of a part; those that it needs come before it. Linking has found that there is no circle.
    fn instance(&mut self, number: usize) -> Result<u32, Failure> {
        if let Some(instance) = self.instances.get(&number) {
            return Ok(*instance);
        }
        let missing = || unsupported(&format!("component {number}"));
        let (name, component) = self.parts.get(number).ok_or_else(missing)?;
        let mut arguments = Vec::new();
        for (import, ty) in &component.plan().imports {
            let link = self.linked.plugged.iter().find(|link| link.importer == number && link.import == *import);
            let (kind, index) = match link {
                Some(link) => {
                    let provider = self.instance(link.provider)?;
                    let kind = import_kind(ty);
                    (kind, self.builder.alias_export(provider, &link.export, kind))
                }
                None => *self.imported.get(import.as_str()).ok_or_else(|| unsupported(import))?,
            };
            arguments.push((import.clone(), kind, index));
        }
        let component = *self.components.get(number).ok_or_else(missing)?;
        let instance = self.builder.instantiate(Some(name), component, arguments);
        self.instances.insert(number, instance);
        Ok(instance)
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

fn export_kind(export: &Export) -> ComponentExportKind {
    match export {
        Export::Func(_) => ComponentExportKind::Func,
        Export::Instance(_) => ComponentExportKind::Instance,
        Export::Type(_) | Export::Resource(_) => ComponentExportKind::Type,
        Export::Module(_) => ComponentExportKind::Module,
        Export::Component => ComponentExportKind::Component,
    }
}

fn unsupported(what: &str) -> Failure {
    Failure::new(format!("can't compose: {what} is not supported"))
        .with_help("`thalweg run --plug` links them without composing")
}
