//! Defining host functions and resources by name.

use std::any::TypeId;
use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

use super::Prepared;
use super::complete::{GivenDefinition, complete, given};
use super::package::Package;
use super::semver_name::SemverName;
use crate::abi::{Params, Returns};
use crate::component::{Component, Engine, Module};
use crate::host::{Access, Caller, HostFunc, Instance, ResourceType};
use crate::store::Store;
use crate::{Error, ErrorKind, Result};

/// What components may import, by name. Versions match as the standard says: an instance defined as `@0.2.12` serves
/// imports of every `0.2.x`, one defined as `@0.3.2` every `0.3.x`; pre-releases match only themselves.
pub struct Linker<T> {
    pub(super) instances: HashMap<SemverName, DefinedInstance>,
    /// What is defined when somebody asks for it.
    pub(super) packages: Vec<Package<T>>,
}

/// The definitions of one instance.
#[derive(Clone, Default)]
pub(super) struct DefinedInstance {
    /// The name as it was given, for messages.
    pub(super) name: String,
    pub(super) funcs: BTreeMap<String, HostFunc>,
    pub(super) resources: BTreeMap<String, ImportedResource>,
    pub(super) definitions: BTreeMap<String, GivenDefinition>,
}

/// A resource type that components can import.
#[derive(Clone)]
pub(crate) enum ImportedResource {
    /// The host defines it: by this Rust type, and what dropping an owned handle does.
    Host { ty: TypeId, drop: HostDrop },
    /// An instance has it.
    Given(ResourceType),
}

impl ImportedResource {
    /// The Rust type behind it, if the host defines it.
    pub(super) fn rust_type(&self) -> Option<TypeId> {
        match self {
            ImportedResource::Host { ty, .. } => Some(*ty),
            ImportedResource::Given(ty) => ty.rust,
        }
    }

    /// The type of an instance that it is.
    pub(crate) fn given(&self) -> Option<ResourceType> {
        match self {
            ImportedResource::Host { .. } => None,
            ImportedResource::Given(ty) => Some(*ty),
        }
    }
}

/// What dropping an owned handle of a host resource does.
pub(crate) type HostDrop = Arc<dyn Fn(&(dyn std::any::Any + Send + Sync), u32) -> Result<()> + Send + Sync>;

impl<T: Send + 'static> Linker<T> {
    /// Nothing defined yet.
    #[must_use]
    pub fn new(_engine: &Engine) -> Self {
        Linker { instances: HashMap::new(), packages: Vec::new() }
    }

    /// The interfaces of the package `name` (for example `wasi:http@0.3.0`), which `define` defines, and no others. It is
    /// called when one of them is first looked for, so a package that no component imports costs nothing.
    ///
    /// # Errors
    ///
    /// When the name is not one of a package, and what `define` says if something of the package is defined already. What it
    /// says later comes when a component is linked.
    pub fn package(&mut self, name: &str, define: fn(&mut Linker<T>) -> Result<()>) -> Result<()> {
        let key =
            SemverName::parse(name).ok_or_else(|| Error::link(format!("`{name}` is not a name for a package")))?;
        let is_begun = self.instances.keys().any(|instance| key.is_package_of(instance));
        if is_begun || self.packages.iter().any(|package| package.name == key) {
            return define(self);
        }
        self.packages.push(Package { name: key, define, defined: OnceLock::new() });
        Ok(())
    }

    /// The instance `name` (for example `wasi:cli/environment@0.3.0`; the empty name is the root), to define in.
    ///
    /// # Errors
    ///
    /// When the name is not an instance name of the standard.
    pub fn instance(&mut self, name: &str) -> Result<LinkerInstance<'_, T>> {
        let key =
            SemverName::parse(name).ok_or_else(|| Error::link(format!("`{name}` is not a name for an instance")))?;
        self.begin(&key)?;
        let named = || DefinedInstance { name: name.to_string(), ..DefinedInstance::default() };
        let defined = self.instances.entry(key).or_insert_with(named);
        Ok(LinkerInstance { defined, of: PhantomData })
    }

    /// Defines the package of `instance` if that was left for later: something else of it is about to be defined.
    fn begin(&mut self, instance: &SemverName) -> Result<()> {
        let Some(index) = self.packages.iter().position(|package| package.name.is_package_of(instance)) else {
            return Ok(());
        };
        let package = self.packages.swap_remove(index);
        match package.defined.into_inner() {
            Some(defined) => self.instances.extend(defined?),
            None => (package.define)(self)?,
        }
        Ok(())
    }

    /// What components import at their root, outside of an instance, to define in.
    pub fn root(&mut self) -> LinkerInstance<'_, T> {
        let key = SemverName::root();
        let defined = self.instances.entry(key).or_default();
        LinkerInstance { defined, of: PhantomData }
    }

    /// Checks that every import of `component` is there and of the right type, and instantiates it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Link`] with what is missing, what there is and what to do; or the trap of a start function.
    pub async fn instantiate(&self, store: &mut Store<T>, component: &Component) -> Result<Instance> {
        self.prepare(component)?.instantiate(store).await
    }

    /// Checks that every import of `component` is there and of the right type, and compiles it if that was not done: what
    /// [`instantiate`](Self::instantiate) does each time, once for any number of instances. Core modules and components that
    /// it imports become part of the component that was prepared ([`Prepared::component`]): the whole is compiled,
    /// cached, and can be precompiled.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Link`] with what is missing, what there is and what to do; [`ErrorKind::Invalid`] when the core engine
    /// refuses a module.
    pub fn prepare(&self, component: &Component) -> Result<Prepared<T>> {
        Prepared::new(self, &complete(self, component)?)
    }

    /// `component` with the core modules and components that it imports, and nothing else looked at:
    /// [`prepare`](Self::prepare) begins with this. What comes of it needs no more of them, and can be precompiled.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Link`] when one is not defined, or is of another type than the import.
    pub fn complete(&self, component: &Component) -> Result<Component> {
        complete(self, component)
    }

    /// The core module or component, in binary form, that [`complete`](Self::complete) gives for what `component` imports as
    /// `name` of the instance `interface`; the empty name is the root.
    #[must_use]
    pub fn definition(&self, component: &Component, interface: &str, name: &str) -> Option<&[u8]> {
        // Its bytes were read when it was given.
        given(self, component, interface, name)?.bytes().ok()
    }

    /// Checks only that every import of `component` is there and of the right type.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Link`] with what is missing, what there is and what to do.
    pub fn check(&self, component: &Component) -> Result<()> {
        super::resolve::link(self, &complete(self, component)?).map(drop)
    }
}

/// One instance of a [`Linker`], to define in.
pub struct LinkerInstance<'a, T> {
    defined: &'a mut DefinedInstance,
    of: PhantomData<fn(T)>,
}

impl<T: Send + 'static> LinkerInstance<'_, T> {
    fn add(&mut self, name: &str, func: HostFunc) -> Result<&mut Self> {
        match self.defined.funcs.insert(name.to_string(), func) {
            None => Ok(self),
            Some(_) => Err(twice(&self.defined.name, name)),
        }
    }

    /// Defines a function that answers at once.
    ///
    /// # Errors
    ///
    /// When the name is defined already.
    pub fn func<P: Params, R: Returns>(
        &mut self,
        name: &str,
        func: impl Fn(Caller<'_, T>, P) -> Result<R> + Send + Sync + 'static,
    ) -> Result<&mut Self> {
        self.add(name, HostFunc::sync(func))
    }

    /// Defines a function that may wait. It serves async functions and functions that are not async alike; a guest
    /// that calls the latter is suspended, nothing else is.
    ///
    /// `func` itself runs at once, up to its first await; dropping the future means that the call was cancelled.
    ///
    /// # Errors
    ///
    /// When the name is defined already.
    pub fn func_async<P: Params, R: Returns, F: Future<Output = Result<R>> + Send + 'static>(
        &mut self,
        name: &str,
        func: impl Fn(Access<T>, P) -> F + Send + Sync + 'static,
    ) -> Result<&mut Self> {
        self.add(name, HostFunc::concurrent(func))
    }

    /// Gives a core module to components that import one of this name: `(import "name" (core module …))`, at the root
    /// or as an export of an instance.
    ///
    /// # Errors
    ///
    /// When the name is defined already.
    pub fn module(&mut self, name: &str, module: &Module) -> Result<&mut Self> {
        self.give(name, GivenDefinition::Module(module.clone()))
    }

    /// Gives a component to components that import one of this name: `(import "name" (component …))`. It is instantiated by
    /// whoever imports it, with what that passes on: what it imports itself is not looked for here.
    ///
    /// # Errors
    ///
    /// When the name is defined already, or the component is one that was linked with others or precompiled.
    pub fn component(&mut self, name: &str, component: &Component) -> Result<&mut Self> {
        component.as_definition().map_err(|error| error.at(format!("definition `{name}`")))?;
        self.give(name, GivenDefinition::Component(component.clone()))
    }

    fn give(&mut self, name: &str, given: GivenDefinition) -> Result<&mut Self> {
        match self.defined.definitions.insert(name.to_string(), given) {
            None => Ok(self),
            Some(_) => Err(twice(&self.defined.name, name)),
        }
    }

    /// Defines a resource type whose Rust type is `H`. `drop` runs when a guest drops an owned handle.
    ///
    /// # Errors
    ///
    /// When the name is defined already.
    pub fn resource<H: 'static>(
        &mut self,
        name: &str,
        drop: impl Fn(&mut T, u32) -> Result<()> + Send + Sync + 'static,
    ) -> Result<&mut Self> {
        let drop: HostDrop = Arc::new(move |data, rep| {
            let data = crate::host::data_of::<T>(data)?;
            drop(&mut crate::host::lock(data), rep)
        });
        self.add_resource(name, ImportedResource::Host { ty: TypeId::of::<H>(), drop })
    }

    /// Defines a resource type by that of an instance, mostly one which a guest defines. Components that import it can be
    /// instantiated in the store of that instance only. There, owned and borrowed handles go from the one to the other
    /// ([`ResourceAny`](crate::ResourceAny), also in lists, streams and so on), and whoever drops an owned one runs the
    /// destructor of the instance that defines it.
    ///
    /// # Errors
    ///
    /// When the name is defined already.
    pub fn resource_type(&mut self, name: &str, ty: ResourceType) -> Result<&mut Self> {
        self.add_resource(name, ImportedResource::Given(ty))
    }

    fn add_resource(&mut self, name: &str, resource: ImportedResource) -> Result<&mut Self> {
        match self.defined.resources.insert(name.to_string(), resource) {
            None => Ok(self),
            Some(_) => Err(twice(&self.defined.name, name)),
        }
    }
}

fn twice(instance: &str, name: &str) -> Error {
    Error::new(ErrorKind::Host, format!("`{name}` of `{instance}` is defined twice"))
}
