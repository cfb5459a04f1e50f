//! Instantiating a component symbolically: its definitions, one after the other.

use std::rc::Rc;

use indexmap::IndexMap;
use wasmparser::{
    ComponentAlias, ComponentExport, ComponentImport, ComponentInstance, ComponentTypeRef, InstanceTypeDeclaration,
};

use super::Builder;
use super::item::{Closure, InstanceItem, Item, TypeItem};
use super::scope::{ScopeIndex, at};
use crate::Result;
use crate::component::Definition;
use crate::error::bug;
use crate::plan::InstanceIndex;

/// What a component is instantiated with, and by whom; nothing for the root.
pub(super) struct Arguments<'d> {
    parent: InstanceIndex,
    /// The debug name of the new instance.
    name: Option<&'d str>,
    items: IndexMap<&'d str, Item<'d>>,
}

impl<'d> Builder<'d> {
    /// Instantiates a component; the result is its exports.
    pub fn instantiate(&mut self, closure: Closure, arguments: Option<&Arguments<'d>>) -> Result<InstanceItem<'d>> {
        self.look_into_component(closure.component)?;
        let number = closure.component.0;
        let component = self.definitions.components.get(number).ok_or_else(|| bug!("component {number}"))?;
        let part = || self.composition.as_ref().and_then(|composition| composition.name_of(closure.component));
        let name = arguments.and_then(|arguments| arguments.name).or_else(part).or(component.name);
        let instance = self.new_instance(arguments.map(|arguments| arguments.parent), name)?;
        let scope = self.new_scope(closure.scope, instance, Some(closure.component));
        self.budget.enter()?;
        for definition in &component.definitions {
            self.budget.work(1)?;
            self.define(scope, definition, arguments)?;
        }
        self.budget.leave();
        Ok(Rc::new(std::mem::take(&mut self.scope_mut(scope)?.exports)))
    }

    fn define(
        &mut self,
        scope: ScopeIndex,
        definition: &'d Definition<'d>,
        arguments: Option<&Arguments<'d>>,
    ) -> Result<()> {
        match definition {
            Definition::Module(module) => self.push(scope, Item::Module(*module)),
            Definition::Component(component) => {
                self.push(scope, Item::Component(Closure { component: *component, scope: Some(scope) }))
            }
            Definition::CoreInstance(instance) => self.core_instance(scope, instance),
            Definition::Instance(instance) => self.component_instance(scope, instance),
            Definition::Alias(alias) => self.alias(scope, alias),
            Definition::Type(ty) => {
                let ty = self.type_item(scope, ty)?;
                self.push(scope, Item::Type(ty))
            }
            Definition::CoreType(ty) => {
                self.scope_mut(scope)?.core_types.push(*ty);
                Ok(())
            }
            Definition::Canon(function, cancellable) => self.define_canon(scope, function, *cancellable),
            Definition::Import(import) => match arguments {
                None => self.root_import(scope, import),
                Some(arguments) => self.bind_import(scope, import, arguments),
            },
            Definition::Export(export) => self.define_export(scope, export),
        }
    }

    fn component_instance(&mut self, scope: ScopeIndex, instance: &'d ComponentInstance<'d>) -> Result<()> {
        let item = match instance {
            ComponentInstance::Instantiate { component_index, args } => {
                let current = self.scope(scope)?;
                let closure = current.closure(*component_index)?;
                let mut items = IndexMap::new();
                for arg in args {
                    items.insert(arg.name, current.item(arg.kind, arg.index)?);
                }
                let parent = current.instance;
                let name = self.instance_name(scope);
                self.budget.work(args.len())?;
                self.instantiate(closure, Some(&Arguments { parent, name, items }))?
            }
            ComponentInstance::FromExports(exports) => {
                self.budget.work(exports.len())?;
                let current = self.scope(scope)?;
                let exports =
                    exports.iter().map(|export| Ok((export.name.name, current.item(export.kind, export.index)?)));
                Rc::new(exports.collect::<Result<_>>()?)
            }
        };
        self.push(scope, Item::Instance(item))
    }

    /// The debug name of the next instance of `scope`.
    fn instance_name(&self, scope: ScopeIndex) -> Option<&'d str> {
        let scope = self.scopes.get(scope.0)?;
        let component = self.definitions.components.get(scope.component?.0)?;
        let index = u32::try_from(scope.instances.len()).ok()?;
        component.instance_names.get(&index).copied()
    }

    pub fn alias(&mut self, scope: ScopeIndex, alias: &'d ComponentAlias<'d>) -> Result<()> {
        match *alias {
            ComponentAlias::InstanceExport { kind: _, instance_index, name } => {
                let instance = self.scope(scope)?.instance(instance_index)?;
                let item = instance.get(name).ok_or_else(|| bug!("no export `{name}`"))?.clone();
                self.push(scope, item)
            }
            ComponentAlias::CoreInstanceExport { kind, instance_index, name } => {
                self.core_alias(scope, kind, instance_index, name)
            }
            ComponentAlias::Outer { kind, count, index } => match self.outer_alias(scope, kind, count, index)? {
                None => Ok(()),
                Some(item) => self.push(scope, item),
            },
        }
    }

    /// An import of a nested component is what it was given.
    fn bind_import(
        &mut self,
        scope: ScopeIndex,
        import: &ComponentImport<'d>,
        arguments: &Arguments<'d>,
    ) -> Result<()> {
        let name = import.name.name;
        let item = arguments.items.get(name).ok_or_else(|| bug!("no argument `{name}`"))?.clone();
        let item = self.narrow(scope, item, Some(import.ty))?;
        self.push(scope, item)
    }

    fn define_export(&mut self, scope: ScopeIndex, export: &'d ComponentExport<'d>) -> Result<()> {
        let item = self.scope(scope)?.item(export.kind, export.index)?;
        let item = self.narrow(scope, item, export.ty)?;
        self.name_exported(export.name.name, &item)?;
        let scope = self.scope_mut(scope)?;
        scope.exports.insert(export.name.name, item.clone());
        scope.push(item);
        Ok(())
    }

    /// An instance under a type that may declare fewer exports than it has: the others are hidden.
    pub fn narrow(&mut self, scope: ScopeIndex, item: Item<'d>, ty: Option<ComponentTypeRef>) -> Result<Item<'d>> {
        let (Item::Instance(instance), Some(ComponentTypeRef::Instance(ty))) = (&item, ty) else { return Ok(item) };
        let TypeItem::Instance(ty) = *at(&self.scope(scope)?.types, ty, "type")? else {
            return Err(bug!("type {ty} is not an instance type"));
        };
        self.budget.work(ty.declarations.len())?;
        let declared = ty.declarations.iter().filter_map(|declaration| match declaration {
            InstanceTypeDeclaration::Export { name, .. } => Some(name.name),
            _ => None,
        });
        if declared.clone().count() == instance.len() {
            return Ok(item);
        }
        let exports = declared.map(|name| {
            let item = instance.get(name).ok_or_else(|| bug!("no export `{name}`"))?;
            Ok((name, item.clone()))
        });
        Ok(Item::Instance(Rc::new(exports.collect::<Result<_>>()?)))
    }
}
