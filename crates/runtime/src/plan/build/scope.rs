//! Index spaces. Spec: Explainer.md, "Index Spaces".

use indexmap::IndexMap;
use wasmparser::{ComponentExternalKind, ComponentOuterAliasKind, ExternalKind};

use super::Builder;
use super::item::{Closure, CoreInstanceItem, CoreItem, FuncItem, InstanceItem, Item, TypeItem};
use crate::component::{ComponentNumber, ModuleNumber};
use crate::error::bug;
use crate::plan::InstanceIndex;
use crate::types::{PtrType, ResourceIndex};
use crate::{Error, Result};

/// A place in `Builder::scopes`. Index spaces only grow, so a closure needs no more than this to remember them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ScopeIndex(pub usize);

/// The index spaces of one component instance or of the body of an instance type.
#[derive(Debug)]
pub(super) struct Scope<'d> {
    pub outer: Option<ScopeIndex>,
    /// The component instance that is being planned.
    pub instance: InstanceIndex,
    /// The component whose index spaces these are; none for the body of a type.
    pub component: Option<ComponentNumber>,
    pub funcs: Vec<FuncItem>,
    pub types: Vec<TypeItem<'d>>,
    /// See [`Definition::CoreType`](crate::component::Definition::CoreType).
    pub core_types: Vec<Option<PtrType>>,
    pub instances: Vec<InstanceItem<'d>>,
    pub components: Vec<Closure>,
    pub modules: Vec<ModuleNumber>,
    pub core_instances: Vec<CoreInstanceItem<'d>>,
    pub core: CoreSpaces<'d>,
    pub exports: IndexMap<&'d str, Item<'d>>,
}

/// The index spaces of core definitions that have exports of core instances in them.
#[derive(Debug, Default)]
pub(super) struct CoreSpaces<'d> {
    pub funcs: Vec<CoreItem<'d>>,
    pub tables: Vec<CoreItem<'d>>,
    pub memories: Vec<CoreItem<'d>>,
    globals: Vec<CoreItem<'d>>,
    tags: Vec<CoreItem<'d>>,
}

impl<'d> CoreSpaces<'d> {
    pub fn of(&mut self, kind: ExternalKind) -> &mut Vec<CoreItem<'d>> {
        match kind {
            ExternalKind::Func | ExternalKind::FuncExact => &mut self.funcs,
            ExternalKind::Table => &mut self.tables,
            ExternalKind::Memory => &mut self.memories,
            ExternalKind::Global => &mut self.globals,
            ExternalKind::Tag => &mut self.tags,
        }
    }
}

/// What stands at `index`, which the validator has checked.
pub(super) fn at<'a, T>(space: &'a [T], index: u32, what: &str) -> Result<&'a T> {
    usize::try_from(index).ok().and_then(|i| space.get(i)).ok_or_else(|| bug!("{what} {index} of {}", space.len()))
}

impl<'d> Scope<'d> {
    pub fn new(outer: Option<ScopeIndex>, instance: InstanceIndex, component: Option<ComponentNumber>) -> Self {
        Scope {
            outer,
            instance,
            component,
            funcs: Vec::new(),
            types: Vec::new(),
            core_types: Vec::new(),
            instances: Vec::new(),
            components: Vec::new(),
            modules: Vec::new(),
            core_instances: Vec::new(),
            core: CoreSpaces::default(),
            exports: IndexMap::new(),
        }
    }

    /// Puts `item` at the end of the index space of its kind.
    pub fn push(&mut self, item: Item<'d>) {
        match item {
            Item::Func(func) => self.funcs.push(func),
            Item::Instance(instance) => self.instances.push(instance),
            Item::Type(ty) => self.types.push(ty),
            Item::Module(module) => self.modules.push(module),
            Item::Component(component) => self.components.push(component),
        }
    }

    pub fn item(&self, kind: ComponentExternalKind, index: u32) -> Result<Item<'d>> {
        Ok(match kind {
            ComponentExternalKind::Func => Item::Func(at(&self.funcs, index, "function")?.clone()),
            ComponentExternalKind::Instance => Item::Instance(self.instance(index)?.clone()),
            ComponentExternalKind::Type => Item::Type(self.ty(index)?.clone()),
            ComponentExternalKind::Module => Item::Module(*at(&self.modules, index, "core module")?),
            ComponentExternalKind::Component => Item::Component(self.closure(index)?),
            ComponentExternalKind::Value => return Err(values()),
        })
    }

    pub fn ty(&self, index: u32) -> Result<&TypeItem<'d>> {
        at(&self.types, index, "type")
    }

    pub fn instance(&self, index: u32) -> Result<&InstanceItem<'d>> {
        at(&self.instances, index, "instance")
    }

    pub fn closure(&self, index: u32) -> Result<Closure> {
        at(&self.components, index, "component").copied()
    }

    pub fn resource(&self, index: u32) -> Result<ResourceIndex> {
        match self.ty(index)? {
            TypeItem::Resource(resource) => Ok(*resource),
            _ => Err(bug!("type {index} is not a resource")),
        }
    }

    pub fn core_func(&self, index: u32) -> Result<CoreItem<'d>> {
        at(&self.core.funcs, index, "core function").copied()
    }
}

/// Values cannot come this far: their gate is closed.
pub(super) fn values() -> Error {
    bug!("a value got past the validator")
}

impl<'d> Builder<'d> {
    pub fn scope(&self, scope: ScopeIndex) -> Result<&Scope<'d>> {
        self.scopes.get(scope.0).ok_or_else(|| bug!("scope {}", scope.0))
    }

    pub fn scope_mut(&mut self, scope: ScopeIndex) -> Result<&mut Scope<'d>> {
        self.scopes.get_mut(scope.0).ok_or_else(|| bug!("scope {}", scope.0))
    }

    pub fn push(&mut self, scope: ScopeIndex, item: Item<'d>) -> Result<()> {
        self.scope_mut(scope)?.push(item);
        Ok(())
    }

    /// The scope `count` levels out.
    fn outer(&self, mut scope: ScopeIndex, count: u32) -> Result<&Scope<'d>> {
        for _ in 0..count {
            scope = self.scope(scope)?.outer.ok_or_else(|| bug!("outer alias beyond the root"))?;
        }
        self.scope(scope)
    }

    pub fn outer_alias(
        &mut self,
        scope: ScopeIndex,
        kind: ComponentOuterAliasKind,
        count: u32,
        index: u32,
    ) -> Result<Option<Item<'d>>> {
        let kind = match kind {
            ComponentOuterAliasKind::CoreType => {
                // Inside of the type of an instance nobody asks for them.
                let ty = self.outer(scope, count)?.core_types.get(index as usize).copied().flatten();
                self.scope_mut(scope)?.core_types.push(ty);
                return Ok(None);
            }
            ComponentOuterAliasKind::CoreModule => ComponentExternalKind::Module,
            ComponentOuterAliasKind::Type => ComponentExternalKind::Type,
            ComponentOuterAliasKind::Component => ComponentExternalKind::Component,
        };
        self.outer(scope, count)?.item(kind, index).map(Some)
    }
}
