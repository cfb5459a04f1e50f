//! Which host type each imported resource is, for type checks.

use std::any::TypeId;
use std::collections::HashMap;

use crate::types::ResourceIndex;

/// Which host type each imported resource of a component is.
#[derive(Debug, Default)]
pub struct HostTypes {
    types: HashMap<ResourceIndex, TypeId>,
}

impl HostTypes {
    /// Resource `index` is host type `ty`.
    pub(crate) fn insert(&mut self, index: ResourceIndex, ty: TypeId) {
        self.types.insert(index, ty);
    }

    /// The host type of `index`; `None` for resources that a guest defines.
    pub(crate) fn host_type(&self, index: ResourceIndex) -> Option<TypeId> {
        self.types.get(&index).copied()
    }
}
