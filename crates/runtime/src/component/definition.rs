//! What a component's binary lists, section by section, in order: the input of the plan.
//!
//! Nested components and core modules are kept aside and referred to by number, so that no structure here is nested.

use std::collections::HashMap;
use std::ops::Range;

use wasmparser::{
    CanonicalFunction, ComponentAlias, ComponentExport, ComponentImport, ComponentInstance, ComponentType, Instance,
};

use crate::AsyncRules;
use crate::types::PtrType;

/// A place in [`Definitions::components`]; 0 is the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ComponentNumber(pub usize);

/// A place in [`Definitions::modules`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ModuleNumber(pub usize);

/// Everything in the bytes of one component.
#[derive(Debug, Default)]
pub(crate) struct Definitions<'a> {
    /// The rules that hold.
    pub rules: AsyncRules,
    /// The root component and every component nested in it.
    pub components: Vec<ComponentDefinition<'a>>,
    /// Every core module.
    pub modules: Vec<ModuleDefinition<'a>>,
}

/// One component.
#[derive(Debug, Default)]
pub(crate) struct ComponentDefinition<'a> {
    /// Where its bytes are.
    pub range: Range<usize>,
    /// Its debug name.
    pub name: Option<&'a str>,
    /// Debug names of its instances, by their index.
    pub instance_names: HashMap<u32, &'a str>,
    /// Its definitions in order.
    pub definitions: Vec<Definition<'a>>,
}

/// One core module.
#[derive(Debug, Default)]
pub(crate) struct ModuleDefinition<'a> {
    /// Where its bytes are.
    pub range: Range<usize>,
    /// Its imports `(module, field)` in order.
    pub imports: Vec<(&'a str, &'a str)>,
    /// Whether it has a start function.
    pub starts: bool,
    /// Its memories and tables with addresses of 64 bits.
    pub wide: Wide<'a>,
}

/// Which memories and tables of a core module have addresses of 64 bits.
#[derive(Debug, Default)]
pub(crate) struct Wide<'a> {
    /// For each memory, whether it has.
    pub memories: Vec<bool>,
    /// For each table, whether it has.
    pub tables: Vec<bool>,
    /// The names under which such memories and tables are exported.
    pub exports: Vec<&'a str>,
}

/// One definition of a component.
#[derive(Debug)]
pub(crate) enum Definition<'a> {
    /// A core module.
    Module(ModuleNumber),
    /// A core instance.
    CoreInstance(Instance<'a>),
    /// A nested component.
    Component(ComponentNumber),
    /// A component instance.
    Instance(ComponentInstance<'a>),
    /// An alias.
    Alias(ComponentAlias<'a>),
    /// A type.
    Type(ComponentType<'a>),
    /// A core type: that of the parameter, if it is the type of a function with which a thread can start. Nothing else that
    /// instantiating does depends on core types.
    CoreType(Option<PtrType>),
    /// A canonical definition, and whether it is `cancellable`, which only older rules know.
    Canon(CanonicalFunction, bool),
    /// An import.
    Import(ComponentImport<'a>),
    /// An export.
    Export(ComponentExport<'a>),
}
