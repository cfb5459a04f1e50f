//! An instantiated component, as embedders see it.

use std::sync::Arc;

use super::resource_type::check_resource_types;
use super::{Func, TypedFunc};
use crate::abi::{Params, Returns};
use crate::component::Component;
use crate::instance::{Instantiation, RootId};
use crate::linker::Linked;
use crate::plan::{Export, FuncDef};
use crate::store::Store;
use crate::{Error, Result};

/// An instantiated component of a [`Store`].
#[derive(Debug, Clone, Copy)]
pub struct Instance {
    pub(crate) root: RootId,
}

impl Instance {
    /// Instantiates; start functions run.
    pub(crate) async fn new<T: Send + 'static>(store: &mut Store<T>, linked: &Linked) -> Result<Instance> {
        check_resource_types(store.state(), linked)?;
        let mut instantiation = store.run(|store| Instantiation::new(store, linked))?;
        while let Some(starts) = store.run(|store| instantiation.go_on(store))? {
            store.finish_task(starts).await?;
        }
        Ok(Instance { root: instantiation.root() })
    }

    /// The exported function `name` with these Rust types: `f`, or `ns:package/interface@1.0.0#f` of an exported
    /// instance (versions match by semver).
    ///
    /// # Errors
    ///
    /// When there is no such function, or its type is another.
    pub fn func<P: Params, R: Returns>(
        &self,
        store: &mut Store<impl Send + 'static>,
        name: &str,
    ) -> Result<TypedFunc<P, R>> {
        let func = self.func_dynamic(store, name)?;
        let types = store.state().roots.get(self.root)?.host_types.clone();
        let ty = func.ty();
        P::check(&ty.names, &ty.params, &types).map_err(|error| error.at(format!("export `{name}`")))?;
        R::check(ty.result.as_ref(), &types).map_err(|error| error.at(format!("export `{name}`")))?;
        Ok(TypedFunc::new(func))
    }

    /// The exported function `name`, called with [`Val`](crate::Val)s.
    ///
    /// # Errors
    ///
    /// When there is no such function.
    pub fn func_dynamic(&self, store: &mut Store<impl Send + 'static>, name: &str) -> Result<Func> {
        let component = store.state().roots.get(self.root)?.component.clone();
        match find_func(&component, name) {
            Some(FuncDef::Lift(lift)) => {
                let ty = component.plan().lifts.get(lift.at()).map(|lift| lift.ty.clone());
                let ty: Arc<_> = ty.ok_or_else(|| crate::error::bug!("no lifted function {}", lift.0))?;
                Ok(Func { root: self.root, lift, ty, name: name.into() })
            }
            Some(FuncDef::Imported(_)) => Err(Error::link(format!("`{name}` is a function that the host defined"))),
            None => {
                let names = component.plan().function_names();
                let have = if names.is_empty() { "it exports no function".into() } else { names.join(", ") };
                Err(Error::link(format!("the component exports no function `{name}`")).with_have(have))
            }
        }
    }

    /// Whether a function `name` is exported.
    pub fn has_func(&self, store: &Store<impl Send + 'static>, name: &str) -> bool {
        store.state().roots.get(self.root).is_ok_and(|root| find_func(&root.component, name).is_some())
    }
}

/// The export `name`, or `instance#name` within an exported instance.
pub(super) fn find<'c>(component: &'c Component, name: &str) -> Option<&'c Export> {
    let exports = &component.plan().exports;
    match name.rsplit_once('#') {
        None => exports.get(name),
        Some((instance, func)) => {
            let same = |known: &str| known == instance || crate::linker::compatible(known, instance);
            let (_, export) = exports.iter().find(|(known, _)| same(known))?;
            let Export::Instance(exports) = export else { return None };
            exports.get(func)
        }
    }
}

fn find_func(component: &Component, name: &str) -> Option<FuncDef> {
    match find(component, name)? {
        Export::Func(def) => Some(*def),
        _ => None,
    }
}
