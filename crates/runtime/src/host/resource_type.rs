//! Resource types as values: what a component exports, so that another component can import it.

use std::any::TypeId;

use super::Instance;
use crate::abi::ResourceAny;
use crate::canon::destroy;
use crate::instance::RuntimeResource;
use crate::linker::Linked;
use crate::plan::Export;
use crate::store::{ResourceTypeId, State, Store};
use crate::{Error, Result};

/// A resource type of an instance, in its store: see [`Instance::resource_type`].
///
/// Each instance of a component that defines a resource has a type of its own. Spec: `ResourceType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ResourceType {
    pub(crate) ty: ResourceTypeId,
    /// The Rust type behind it, if the host defines it.
    pub(crate) rust: Option<TypeId>,
    /// The number of its store.
    store: u32,
}

impl ResourceType {
    fn new(state: &State, ty: ResourceTypeId) -> Result<Self> {
        let rust = match state.resource_type(ty)? {
            RuntimeResource::Host { ty, .. } => Some(*ty),
            RuntimeResource::Guest { .. } => None,
        };
        Ok(ResourceType { ty, rust, store: state.number })
    }

    /// Checks that it is of the store `state`.
    fn check(self, state: &State) -> Result<()> {
        if self.store == state.number {
            return Ok(());
        }
        Err(Error::link("an import is a resource type of another store")
            .with_hint("instantiate in the store of the instance that has the type"))
    }
}

impl Instance {
    /// The exported resource type `name`: `thing`, or `ns:package/interface@1.0.0#thing` of an exported instance (versions
    /// match by semver). [`LinkerInstance::resource_type`](crate::LinkerInstance::resource_type) gives it to others.
    ///
    /// # Errors
    ///
    /// When there is no such resource type.
    pub fn resource_type(&self, store: &Store<impl Send + 'static>, name: &str) -> Result<ResourceType> {
        let state = store.state();
        let root = state.roots.get(self.root)?;
        match super::instance::find(&root.component, name) {
            Some(Export::Resource(resource)) => ResourceType::new(state, root.resource_type(*resource)?),
            Some(_) => Err(Error::link(format!("the export `{name}` is no resource type"))),
            None => Err(Error::link(format!("the component exports no resource type `{name}`"))),
        }
    }
}

/// Checks that what `linked` imports is of the store.
pub(super) fn check_resource_types(state: &State, linked: &Linked) -> Result<()> {
    linked.resources.iter().try_for_each(|resource| resource.given().map_or(Ok(()), |ty| ty.check(state)))
}

impl<T: Send + 'static> Store<T> {
    /// The type of a resource, to compare with those of instances.
    ///
    /// # Errors
    ///
    /// When it is of another store.
    pub fn resource_type(&self, resource: &ResourceAny) -> Result<ResourceType> {
        let state = self.state();
        resource.check_store(state)?;
        ResourceType::new(state, resource.ty)
    }

    /// Drops an owned resource: the destructor of whoever defines it runs, as far as it goes at once. Spec:
    /// `canon_resource_drop`.
    ///
    /// # Errors
    ///
    /// When the resource is borrowed, of another store, lent to a call that goes on, or was passed on or dropped
    /// before; or a trap of the destructor, which ends the store.
    pub fn drop_resource(&mut self, resource: ResourceAny) -> Result<()> {
        resource.check_owned(self.state())?;
        self.run(|store| {
            resource.give_up(store.state_mut());
            destroy(store, resource.ty, resource.rep())
        })
    }
}
