//! Imports of the root component: their declared types become symbols for what the host will give.

use std::rc::Rc;

use indexmap::IndexMap;
use wasmparser::{ComponentExternName, ComponentImport, ComponentTypeRef, InstanceTypeDeclaration, TypeBounds};

use super::Builder;
use super::item::{FuncItem, InstanceItem, InstanceType, Item, TypeItem};
use super::scope::{ScopeIndex, values};
use crate::Result;
use crate::error::bug;
use crate::plan::{FuncDef, Import, ImportedFunc, ImportedFuncIndex, PlannedResource};
use crate::types::ResourceIndex;

impl<'d> Builder<'d> {
    pub fn root_import(&mut self, scope: ScopeIndex, import: &ComponentImport<'d>) -> Result<()> {
        if let Some(item) = self.plugged(scope, import)? {
            return self.push(scope, item);
        }
        let name = import.name.full_name();
        let item = self.declare(scope, "", &name, import.ty)?;
        if let Some(planned) = self.import(&item)? {
            if let Some(interface) = import.name.full_implements() {
                self.plan.implements.insert(name.clone().into_owned(), interface.into_owned());
            }
            self.add_import(name.into_owned(), planned);
        }
        self.push(scope, item)
    }

    /// What the host will give for a declaration called `name` in the imported instance `interface`.
    fn declare(&mut self, scope: ScopeIndex, interface: &str, name: &str, ty: ComponentTypeRef) -> Result<Item<'d>> {
        self.budget.name(interface)?;
        self.budget.name(name)?;
        match ty {
            ComponentTypeRef::Func(ty) => match self.scope(scope)?.ty(ty)? {
                TypeItem::Func(ty) => {
                    let ty = ty.clone();
                    let number = self.budget.entry(self.plan.imported_funcs.len(), "imported functions")?;
                    let func = ImportedFunc { interface: interface.into(), name: name.into(), ty: ty.clone() };
                    self.plan.imported_funcs.push(func);
                    Ok(Item::Func(FuncItem { def: FuncDef::Imported(ImportedFuncIndex(number)), ty }))
                }
                _ => Err(bug!("type {ty} is not a function type")),
            },
            ComponentTypeRef::Instance(ty) => match *self.scope(scope)?.ty(ty)? {
                TypeItem::Instance(ty) => {
                    let path = if interface.is_empty() { name.to_owned() } else { format!("{interface}#{name}") };
                    self.declared_instance(&path, ty).map(Item::Instance)
                }
                _ => Err(bug!("type {ty} is not an instance type")),
            },
            ComponentTypeRef::Type(TypeBounds::Eq(ty)) => Ok(Item::Type(self.scope(scope)?.ty(ty)?.clone())),
            ComponentTypeRef::Type(TypeBounds::SubResource) => {
                if let Some(shared) = self.shared_resource(interface, name) {
                    return Ok(Item::Type(TypeItem::Resource(shared)));
                }
                let resource = PlannedResource::Imported { interface: interface.into(), name: name.into() };
                let resource = self.new_resource(resource)?;
                self.share_resource(interface, name, resource);
                Ok(Item::Type(TypeItem::Resource(resource)))
            }
            ComponentTypeRef::Module(_) => Ok(self.declared_definition(interface, name, true)),
            ComponentTypeRef::Component(_) => Ok(self.declared_definition(interface, name, false)),
            ComponentTypeRef::Value(_) => Err(values()),
        }
    }

    /// Evaluates an instance type: what it declares is what the host will give.
    fn declared_instance(&mut self, path: &str, ty: InstanceType<'d>) -> Result<InstanceItem<'d>> {
        let scope = self.evaluate(ty, |this, scope, name, ty| this.declare(scope, path, &name.full_name(), ty))?;
        Ok(Rc::new(std::mem::take(&mut self.scope_mut(scope)?.exports)))
    }

    /// Goes through an instance type with what `export` gives in the place of each export that it declares; the result is
    /// its index spaces.
    pub fn evaluate(
        &mut self,
        ty: InstanceType<'d>,
        mut export: impl FnMut(&mut Self, ScopeIndex, &ComponentExternName<'d>, ComponentTypeRef) -> Result<Item<'d>>,
    ) -> Result<ScopeIndex> {
        let instance = self.scope(ty.scope)?.instance;
        let scope = self.new_scope(Some(ty.scope), instance, None);
        for declaration in ty.declarations {
            self.budget.work(1)?;
            match declaration {
                InstanceTypeDeclaration::CoreType(_) => {}
                InstanceTypeDeclaration::Type(ty) => {
                    let ty = self.type_item(scope, ty)?;
                    self.push(scope, Item::Type(ty))?;
                }
                InstanceTypeDeclaration::Alias(alias) => self.alias(scope, alias)?,
                InstanceTypeDeclaration::Export { name, ty } => {
                    let item = export(self, scope, name, *ty)?;
                    let scope = self.scope_mut(scope)?;
                    scope.exports.insert(name.name, item.clone());
                    scope.push(item);
                }
            }
        }
        Ok(scope)
    }

    pub fn new_resource(&mut self, resource: PlannedResource) -> Result<ResourceIndex> {
        let number = self.budget.entry(self.plan.resources.len(), "resources")?;
        self.plan.resources.push(resource);
        Ok(ResourceIndex(number))
    }

    /// The import as the plan lists it; none for a type of functions or of instances, which is nothing at run time.
    fn import(&mut self, item: &Item<'d>) -> Result<Option<Import>> {
        Ok(match item {
            Item::Func(FuncItem { def: FuncDef::Imported(func), .. }) => Some(Import::Func(*func)),
            Item::Instance(instance) => {
                let mut imports = IndexMap::new();
                for (name, item) in instance.iter() {
                    self.budget.name(name)?;
                    if let Some(import) = self.import(item)? {
                        imports.insert((*name).to_owned(), import);
                    }
                }
                Some(Import::Instance(imports))
            }
            Item::Type(TypeItem::Value(ty)) => Some(Import::Type(ty.clone())),
            Item::Type(TypeItem::Resource(resource)) => Some(Import::Resource(*resource)),
            Item::Type(_) => None,
            // What is given is an import no more.
            Item::Module(module) => self.is_missing_module(*module).then_some(Import::Module),
            Item::Component(closure) => self.is_missing_component(closure.component).then_some(Import::Component),
            Item::Func(_) => return Err(bug!("an import made by a component")),
        })
    }
}
