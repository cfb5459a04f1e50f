//! What instantiating does, resolved once at load: steps over numbered slots.
//!
//! Nested components, aliases and instances are gone here: they were followed when the plan was built. What is left
//! are core modules to instantiate, trampolines to hand to them, and functions to lift. A plan is immutable and shared
//! by every instance.

mod build;
mod bypass;
mod core_calls;
mod kept;
mod may_block;
mod print;
mod print_canon;
mod reach;
mod reached;
mod shim_module;

pub(crate) use build::{Part, build, compose};
pub(crate) use bypass::bypass_shims;
pub(crate) use kept::BUILD;
pub use may_block::Blocking;
pub(crate) use reached::Reached;
pub(crate) use shim_module::MAX_SHIM;

use std::sync::Arc;

use indexmap::IndexMap;

use crate::AsyncRules;
use crate::types::{FuncType, PtrType, ResourceIndex, ValType};

macro_rules! index {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $($(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);

        impl $name {
            /// The number as a place in a vector.
            #[must_use]
            pub fn at(self) -> usize {
                self.0 as usize
            }
        })*
    };
}

index! {
    /// A place in [`Plan::modules`].
    ModuleIndex;
    /// A core instance: its number is the order of [`Step::Instantiate`] steps.
    CoreInstanceIndex;
    /// A place in [`Plan::instances`]; 0 is the root component.
    InstanceIndex;
    /// A place in [`Plan::trampolines`].
    TrampolineIndex;
    /// A place in [`Plan::lifts`].
    LiftIndex;
    /// A place in [`Plan::imported_funcs`].
    ImportedFuncIndex;
    /// A slot for a core memory, filled by [`Step::ExtractMemory`].
    MemoryIndex;
    /// A slot for a core function (core callee, realloc, callback, post-return, destructor), filled by
    /// [`Step::ExtractFunc`].
    FuncIndex;
    /// A slot for a core table, filled by [`Step::ExtractTable`].
    TableIndex;
    /// A place in [`Plan::options`].
    OptionsIndex;
}

/// The plan of one component.
#[derive(Debug)]
pub struct Plan {
    /// The rules for calls that wait, which it was made for.
    pub rules: AsyncRules,
    /// Core modules: byte ranges of the component's bytes, in order of first use.
    pub modules: Vec<PlannedModule>,
    /// Component instances that exist at run time, parents before children. Spec: `ComponentInstance`.
    pub instances: Vec<PlannedInstance>,
    /// Every resource type that the component imports or defines.
    pub resources: Vec<PlannedResource>,
    /// Core modules and components that the root component imports and nobody has given yet. A plan with such does
    /// nothing but list imports: what instantiating does depends on what is in them.
    pub needs: Vec<NeededDefinition>,
    /// What the root component imports, by name.
    pub imports: IndexMap<String, Import>,
    /// The interface that an import says it implements, for those that say so. Spec: `implements`.
    pub implements: IndexMap<String, String>,
    /// Imports that a component which was linked with the root serves, in the order in which they were resolved. See
    /// [`Component::with_plugs`](crate::Component::with_plugs).
    pub plugged: Vec<Plugged>,
    /// Functions that the root component imports (directly or inside of an instance).
    pub imported_funcs: Vec<ImportedFunc>,
    /// Core functions that the runtime provides: one for each canonical built-in and lowered function in use.
    pub trampolines: Vec<Trampoline>,
    /// Lifted functions.
    pub lifts: Vec<Lift>,
    /// Canonical options in use, deduplicated.
    pub options: Vec<CanonicalOptions>,
    /// What instantiating does, in order.
    pub steps: Vec<Step>,
    /// What the root component exports, by name.
    pub exports: IndexMap<String, Export>,
    /// The memory slots that the steps fill, by the type of their memories' addresses.
    pub memories: Vec<PtrType>,
    /// How many core function slots the steps fill.
    pub funcs: u32,
    /// How many table slots the steps fill.
    pub tables: u32,
    /// How many core instances the steps make.
    pub core_instances: u32,
}

/// A definition that somebody has to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededDefinition {
    /// The imported instance that it belongs to; empty at the root.
    pub interface: String,
    /// Its name.
    pub name: String,
    /// Whether it is a core module, else a component.
    pub is_module: bool,
}

/// An import that another component serves. Components are numbers: 0 is the root, 1 the first plug.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugged {
    /// The component that imports.
    pub importer: usize,
    /// The name of its import.
    pub import: String,
    /// The component that exports.
    pub provider: usize,
    /// The name of its export, the same or with a compatible version.
    pub export: String,
}

/// A core module inside of the component's bytes.
#[derive(Debug, Clone)]
pub struct PlannedModule {
    /// Where its bytes are.
    pub range: std::ops::Range<usize>,
    /// Its imports `(module, field)` in order, which is the order of [`Step::Instantiate`]'s `args`.
    pub imports: Vec<(String, String)>,
    /// Whether it has a start function.
    pub starts: bool,
}

/// A component instance that exists at run time.
#[derive(Debug, Clone)]
pub struct PlannedInstance {
    /// The instance that instantiated it. Spec: `ComponentInstance.parent`.
    pub parent: Option<InstanceIndex>,
    /// A name for people: the debug name of the instance or component, else its number.
    pub name: String,
}

/// A resource type.
#[derive(Debug, Clone)]
pub enum PlannedResource {
    /// Imported by the root component: `interface` is the import's name (empty for a resource imported at the root),
    /// `name` the export of that instance.
    Imported {
        /// The name of the import.
        interface: String,
        /// The name of the resource in it.
        name: String,
    },
    /// Defined by a component instance.
    Defined {
        /// Which one. Spec: `ResourceType.impl`.
        instance: InstanceIndex,
        /// Its destructor, extracted before any handle can exist.
        dtor: Option<FuncIndex>,
        /// The type of its representations. Spec: `$rt.rep`.
        rep: PtrType,
        /// A name for people.
        name: String,
    },
}

/// One import of the root component.
#[derive(Debug, Clone)]
pub enum Import {
    /// A function.
    Func(ImportedFuncIndex),
    /// An instance: its exports by name.
    Instance(IndexMap<String, Import>),
    /// A type that is equal to another (`eq` bound).
    Type(ValType),
    /// A resource.
    Resource(ResourceIndex),
    /// A core module, which nobody has given yet.
    Module,
    /// A component, which nobody has given yet.
    Component,
}

/// A function that the root component imports.
#[derive(Debug, Clone)]
pub struct ImportedFunc {
    /// The name of the imported instance; empty for a function imported at the root.
    pub interface: String,
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Arc<FuncType>,
}

/// A core definition that a core module imports or that a slot is filled from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CoreDef {
    /// An export of a core instance.
    Export {
        /// The instance.
        instance: CoreInstanceIndex,
        /// The export's name.
        name: String,
    },
    /// A function that the runtime provides.
    Trampoline(TrampolineIndex),
}

/// How strings are encoded in a memory. Spec: `LiftOptions.string_encoding`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StringEncoding {
    /// `utf8`
    Utf8,
    /// `utf16`
    Utf16,
    /// `latin1+utf16`
    Latin1OrUtf16,
}

/// Spec: `CanonicalOptions`, with the instance they belong to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CanonicalOptions {
    /// The component instance whose memory and table are meant.
    pub instance: InstanceIndex,
    /// How strings are encoded.
    pub string_encoding: StringEncoding,
    /// The memory.
    pub memory: Option<MemoryIndex>,
    /// The type of its addresses.
    pub ptr_type: PtrType,
    /// `realloc`
    pub realloc: Option<FuncIndex>,
    /// `post-return`
    pub post_return: Option<FuncIndex>,
    /// `async`
    pub async_: bool,
    /// `callback`
    pub callback: Option<FuncIndex>,
}

/// A lifted function. Spec: `canon lift`.
#[derive(Debug, Clone)]
pub struct Lift {
    /// The core function.
    pub callee: FuncIndex,
    /// Its component-level type.
    pub ty: Arc<FuncType>,
    /// Its options.
    pub options: OptionsIndex,
    /// A name for people: the export it was first seen as, else `func N`.
    pub name: String,
}

/// A function at component level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FuncDef {
    /// Lifted from a core function of this component.
    Lift(LiftIndex),
    /// Imported by the root component.
    Imported(ImportedFuncIndex),
}

/// An export of the root component, or of an instance that it exports.
#[derive(Debug, Clone)]
pub enum Export {
    /// A function.
    Func(FuncDef),
    /// An instance: its exports by name.
    Instance(IndexMap<String, Export>),
    /// A type.
    Type(ValType),
    /// A resource.
    Resource(ResourceIndex),
    /// A core module.
    Module(ModuleIndex),
    /// A component; it can be named but not used.
    Component,
}

/// One step of instantiating.
#[derive(Debug, Clone)]
pub enum Step {
    /// Instantiates a core module and runs its start function, on behalf of a component instance.
    Instantiate {
        /// The module.
        module: ModuleIndex,
        /// Its imports, in the module's order.
        args: Vec<CoreDef>,
        /// The component instance it becomes part of.
        instance: InstanceIndex,
    },
    /// Fills a memory slot.
    ExtractMemory(MemoryIndex, CoreDef),
    /// Fills a core function slot.
    ExtractFunc(FuncIndex, CoreDef),
    /// Fills a table slot.
    ExtractTable(TableIndex, CoreDef),
}

impl Step {
    /// The core definitions that it needs.
    #[must_use]
    pub fn defs(&self) -> &[CoreDef] {
        match self {
            Step::Instantiate { args, .. } => args,
            Step::ExtractMemory(_, def) | Step::ExtractFunc(_, def) | Step::ExtractTable(_, def) => {
                std::slice::from_ref(def)
            }
        }
    }

    /// [`defs`](Self::defs), to change.
    fn defs_mut(&mut self) -> &mut [CoreDef] {
        match self {
            Step::Instantiate { args, .. } => args,
            Step::ExtractMemory(_, def) | Step::ExtractFunc(_, def) | Step::ExtractTable(_, def) => {
                std::slice::from_mut(def)
            }
        }
    }
}

/// Which end of a stream or a future.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// The readable end.
    Readable,
    /// The writable end.
    Writable,
}

/// Whether a built-in is about a stream or about a future.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A stream.
    Stream,
    /// A future.
    Future,
}

/// A core function that the runtime provides, with the instance that it acts for.
#[derive(Debug, Clone)]
pub struct Trampoline {
    /// The component instance that calls it.
    pub instance: InstanceIndex,
    /// What it does.
    pub canon: Canon,
}

/// Spec: the `canon` definitions.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "named and described by the standard, field for field")]
pub enum Canon {
    Lower { callee: FuncDef, ty: Arc<FuncType>, options: OptionsIndex },
    ResourceNew { resource: ResourceIndex, rep: PtrType },
    ResourceDrop { resource: ResourceIndex },
    ResourceRep { resource: ResourceIndex, rep: PtrType },
    TaskReturn { result: Option<ValType>, options: OptionsIndex },
    TaskCancel,
    ContextGet { slot: u32, i64: bool },
    ContextSet { slot: u32, i64: bool },
    BackpressureInc,
    BackpressureDec,
    SubtaskCancel { async_: bool },
    SubtaskDrop,
    WaitableSetNew,
    WaitableSetWait { memory: MemoryIndex, ptr: PtrType, cancellable: bool },
    WaitableSetPoll { memory: MemoryIndex, ptr: PtrType, cancellable: bool },
    WaitableSetDrop,
    WaitableJoin,
    New { kind: Kind, payload: Option<ValType> },
    Copy { kind: Kind, end: End, payload: Option<ValType>, options: OptionsIndex, ptr: PtrType },
    CancelCopy { kind: Kind, end: End, payload: Option<ValType>, async_: bool },
    DropEnd { kind: Kind, end: End, payload: Option<ValType> },
    Forward { kind: Kind, payload: Option<ValType> },
    ThreadYield { cancellable: bool },
    ThreadIndex,
    ThreadNewIndirect { table: TableIndex, index: PtrType, context: PtrType },
    ThreadResumeLater,
    ThreadSuspend { cancellable: bool },
    ThreadSuspendThenResume { cancellable: bool },
    ThreadYieldThenResume { cancellable: bool },
    ThreadSuspendThenPromote { cancellable: bool },
    ThreadYieldThenPromote { cancellable: bool },
    ErrorContextNew { options: OptionsIndex },
    ErrorContextDebugMessage { options: OptionsIndex },
    ErrorContextDrop,
}

impl Plan {
    /// The functions that the root exports, as `f` or `instance#f`.
    #[must_use]
    pub fn function_names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (name, export) in &self.exports {
            match export {
                Export::Func(_) => names.push(name.clone()),
                Export::Instance(exports) => {
                    let funcs = exports.iter().filter(|(_, export)| matches!(export, Export::Func(_)));
                    names.extend(funcs.map(|(func, _)| format!("{name}#{func}")));
                }
                _ => {}
            }
        }
        names
    }
}
