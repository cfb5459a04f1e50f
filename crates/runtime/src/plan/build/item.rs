//! What the index spaces of a component hold while it is planned.

use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;
use wasmparser::InstanceTypeDeclaration;

use super::scope::ScopeIndex;
use crate::component::{ComponentNumber, ModuleNumber};
use crate::plan::{CoreInstanceIndex, FuncDef};
use crate::types::{FuncType, ResourceIndex, ValType};

/// A definition at component level.
#[derive(Debug, Clone)]
pub(super) enum Item<'d> {
    Func(FuncItem),
    Instance(InstanceItem<'d>),
    Type(TypeItem<'d>),
    Module(ModuleNumber),
    Component(Closure),
}

/// A component instance: its exports. Shared, so that passing it on costs nothing.
pub(super) type InstanceItem<'d> = Rc<IndexMap<&'d str, Item<'d>>>;

/// A function at component level.
#[derive(Debug, Clone)]
pub(super) struct FuncItem {
    pub def: FuncDef,
    pub ty: Arc<FuncType>,
}

/// A type at component level.
#[derive(Debug, Clone)]
pub(super) enum TypeItem<'d> {
    Value(ValType),
    Resource(ResourceIndex),
    Func(Arc<FuncType>),
    Instance(InstanceType<'d>),
    /// The type of a component: only a component's import can have it, and takes what it is given.
    Component,
}

/// An instance type, evaluated anew for each import that has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct InstanceType<'d> {
    pub declarations: &'d [InstanceTypeDeclaration<'d>],
    /// What its outer aliases refer to.
    pub scope: ScopeIndex,
}

/// A component with the index spaces around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Closure {
    pub component: ComponentNumber,
    /// None for the root component.
    pub scope: Option<ScopeIndex>,
}

/// A core definition.
#[derive(Debug, Clone, Copy)]
pub(super) enum CoreItem<'d> {
    /// An export of a core instance.
    Export { instance: CoreInstanceIndex, name: &'d str },
    /// A function made by a canonical definition: a place in `Builder::canons`.
    Canon(usize),
}

/// A core instance.
#[derive(Debug, Clone)]
pub(super) enum CoreInstanceItem<'d> {
    /// One that a step makes.
    Instantiated(CoreInstanceIndex),
    /// A bundle of definitions under names; nothing at run time.
    Bundle(Rc<IndexMap<&'d str, CoreItem<'d>>>),
}
