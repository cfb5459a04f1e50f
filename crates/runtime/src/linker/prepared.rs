//! A component whose imports were found, to be instantiated any number of times.

use std::marker::PhantomData;
use std::sync::Arc;

use super::define::{ImportedResource, Linker};
use super::{HostTypes, resolve};
use crate::Result;
use crate::canon::SharedFuncs;
use crate::component::Component;
use crate::host::{HostFunc, Instance};
use crate::plan::Blocking;
use crate::store::Store;

/// What instantiating a component needs besides a store.
pub(crate) struct Linked {
    /// The component.
    pub(crate) component: Component,
    /// Host functions, by the plan's numbers.
    pub(crate) funcs: Arc<[HostFunc]>,
    /// The imported resources, in the plan's order.
    pub(crate) resources: Vec<ImportedResource>,
    /// The Rust types of those, for what the component exports.
    pub(crate) types: Arc<HostTypes>,
    /// Who can block, now that the imports are known.
    pub(crate) blocking: Arc<Blocking>,
    /// Core functions that its instances in all stores have in common.
    pub(crate) shared: SharedFuncs,
}

/// A component with everything that it imports found, checked and compiled: see [`Linker::prepare`]. Cheap to clone.
pub struct Prepared<T> {
    linked: Arc<Linked>,
    of: PhantomData<fn(T)>,
}

impl<T> Clone for Prepared<T> {
    fn clone(&self) -> Self {
        Prepared { linked: self.linked.clone(), of: PhantomData }
    }
}

impl<T: Send + 'static> Prepared<T> {
    pub(super) fn new(linker: &Linker<T>, component: &Component) -> Result<Self> {
        let (funcs, resources, types) = resolve::link(linker, component)?;
        let reached = component.code()?.reached.as_ref();
        let suspends = |import: crate::plan::ImportedFuncIndex| funcs.get(import.at()).is_none_or(HostFunc::suspends);
        let mut blocking = Blocking::by_function(component.plan(), reached, suspends);
        if resources.iter().any(|resource| resource.rust_type().is_none()) {
            blocking.import_guest_resources(component.plan());
        }
        let blocking = Arc::new(blocking);
        let (component, types, shared) = (component.clone(), Arc::new(types), SharedFuncs::default());
        let linked = Linked { component, funcs, resources, types, blocking, shared };
        Ok(Prepared { linked: Arc::new(linked), of: PhantomData })
    }

    /// The component.
    #[must_use]
    pub fn component(&self) -> &Component {
        &self.linked.component
    }

    /// Instantiates it; start functions run, and may wait for the host as functions that are not async may. The store
    /// must be of the engine that loaded the component. Dropping the future leaves a component half made that nobody
    /// can call.
    ///
    /// # Errors
    ///
    /// The trap of a start function, or a limit that was reached.
    pub async fn instantiate(&self, store: &mut Store<T>) -> Result<Instance> {
        Instance::new(store, &self.linked).await
    }
}
