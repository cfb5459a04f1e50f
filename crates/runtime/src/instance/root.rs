//! An instantiated component: the numbered slots of its plan, filled.

use std::any::TypeId;
use std::sync::Arc;

use super::{InstanceId, Options};
use crate::Result;
use crate::canon::DirectCalls;
use crate::component::Component;
use crate::engine::{CoreExtern, CoreFunc, CoreInstance, CoreMemory, CoreTable};
use crate::error::bug;
use crate::host::HostFunc;
use crate::linker::{HostDrop, HostTypes};
use crate::plan::{Blocking, FuncIndex, InstanceIndex, MemoryIndex, TableIndex};
use crate::store::{Id, ResourceTypeId};
use crate::task::CoreCallee;
use crate::types::ResourceIndex;

/// An instantiated component of the store.
pub(crate) type RootId = Id<RootInstance>;

/// What a resource type is at run time. Spec: `ResourceType`.
pub(crate) enum RuntimeResource {
    /// Defined by a component instance. Spec: `impl`, `dtor`.
    Guest { instance: InstanceId, root: RootId, dtor: Option<FuncIndex> },
    /// Defined by the host, by this Rust type, for a component.
    Host { drop: HostDrop, ty: TypeId, root: RootId },
}

impl RuntimeResource {
    /// The component instance that defines it, if one does.
    pub(crate) fn definer(&self) -> Option<InstanceId> {
        match self {
            RuntimeResource::Guest { instance, .. } => Some(*instance),
            RuntimeResource::Host { .. } => None,
        }
    }

    /// Whether handles of the one can become handles of the other: two components have imported the same resource of the
    /// host.
    pub(crate) fn is_same(&self, other: &RuntimeResource) -> bool {
        match (self, other) {
            (RuntimeResource::Host { ty: a, root: one, .. }, RuntimeResource::Host { ty: b, root: two, .. }) => {
                a == b && one != two
            }
            _ => false,
        }
    }
}

/// The filled slots of one instantiated component.
pub(crate) struct RootInstance {
    /// What was instantiated.
    pub(crate) component: Component,
    /// Host functions, by the plan's numbers.
    pub(crate) imports: Arc<[HostFunc]>,
    /// Who can block, now that the imports are known.
    pub(crate) blocking: Arc<Blocking>,
    /// The places where generated glue finds callees, once it has any.
    pub(crate) direct: Option<DirectCalls>,
    /// Component instances, by the plan's numbers.
    pub(crate) instances: Vec<InstanceId>,
    /// The Rust types of imported resources.
    pub(crate) host_types: Arc<HostTypes>,
    /// Resource types, by the plan's numbers.
    pub(crate) resource_types: Vec<ResourceTypeId>,
    /// Core instances so far.
    pub(crate) core_instances: Vec<CoreInstance>,
    /// Trampolines that were made.
    pub(crate) trampolines: Vec<Option<CoreExtern>>,
    /// Memory slots.
    pub(crate) memories: Vec<Option<CoreMemory>>,
    /// Function slots.
    pub(crate) funcs: Vec<Option<CoreFunc>>,
    /// Table slots.
    pub(crate) tables: Vec<Option<CoreTable>>,
    /// Lifted functions that were called.
    pub(crate) callees: Vec<Option<Arc<CoreCallee>>>,
    /// Options that were used.
    pub(crate) options: Vec<Option<Arc<Options>>>,
}

#[inline]
fn slot<T: Copy>(slots: &[Option<T>], index: u32, what: &str) -> Result<T> {
    slots.get(index as usize).copied().flatten().ok_or_else(|| bug!("{what} slot {index} is empty"))
}

impl RootInstance {
    /// A component instance.
    #[inline]
    pub(crate) fn instance(&self, index: InstanceIndex) -> Result<InstanceId> {
        self.instances.get(index.at()).copied().ok_or_else(|| bug!("no component instance {}", index.0))
    }

    /// A memory slot.
    #[inline]
    pub(crate) fn memory(&self, index: MemoryIndex) -> Result<CoreMemory> {
        slot(&self.memories, index.0, "memory")
    }

    /// A function slot.
    #[inline]
    pub(crate) fn func(&self, index: FuncIndex) -> Result<CoreFunc> {
        slot(&self.funcs, index.0, "function")
    }

    /// A table slot.
    pub(crate) fn table(&self, index: TableIndex) -> Result<CoreTable> {
        slot(&self.tables, index.0, "table")
    }

    /// A resource type.
    pub(crate) fn resource_type(&self, index: ResourceIndex) -> Result<ResourceTypeId> {
        self.resource_types.get(index.0 as usize).copied().ok_or_else(|| bug!("no resource type {}", index.0))
    }
}
