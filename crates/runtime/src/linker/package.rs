//! Packages whose interfaces are defined when one of them is first looked for.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::define::{DefinedInstance, Linker};
use super::semver_name::SemverName;
use crate::{Error, Result};

/// See [`Linker::package`].
pub(super) struct Package<T> {
    pub(super) name: SemverName,
    pub(super) define: fn(&mut Linker<T>) -> Result<()>,
    pub(super) defined: OnceLock<Result<HashMap<SemverName, DefinedInstance>>>,
}

impl<T> Package<T> {
    /// Its instances.
    fn instances(&self) -> Result<&HashMap<SemverName, DefinedInstance>> {
        let define = || {
            let mut linker = Linker { instances: HashMap::new(), packages: Vec::new() };
            (self.define)(&mut linker)?;
            match linker.instances.iter().find(|(name, _)| !self.name.is_package_of(name)) {
                Some((_, other)) => {
                    Err(Error::host(format!("`{}` is defined with the package `{}`", other.name, self.name.base())))
                }
                None => Ok(linker.instances),
            }
        };
        self.defined.get_or_init(define).as_ref().map_err(|error| Error::host(error.to_string()))
    }
}

impl<T> Linker<T> {
    /// The instance `name`.
    ///
    /// # Errors
    ///
    /// What defining its package says.
    pub(super) fn find(&self, name: &SemverName) -> Result<Option<&DefinedInstance>> {
        if let Some(instance) = self.instances.get(name) {
            return Ok(Some(instance));
        }
        match self.packages.iter().find(|package| package.name.is_package_of(name)) {
            Some(package) => Ok(package.instances()?.get(name)),
            None => Ok(None),
        }
    }

    /// All instances; of packages that can't be defined, none.
    pub(super) fn all(&self) -> impl Iterator<Item = (&SemverName, &DefinedInstance)> {
        let packages = self.packages.iter().filter_map(|package| package.instances().ok());
        self.instances.iter().chain(packages.flatten())
    }
}
