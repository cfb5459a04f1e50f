//! What is defined, as a list.

use super::complete::GivenDefinition;
use super::define::Linker;

/// Something that a [`Linker`] defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Definition<'a> {
    /// The instance that it is in, with the version that it was defined at; empty for the root.
    pub interface: &'a str,
    /// Its name.
    pub name: &'a str,
    /// What it is.
    pub kind: DefinitionKind,
}

/// What a definition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DefinitionKind {
    /// A function.
    Func,
    /// A resource type.
    Resource,
    /// A core module.
    Module,
    /// A component.
    Component,
}

impl<T> Linker<T> {
    /// Everything that is defined, in the order of names.
    #[must_use]
    pub fn definitions(&self) -> Vec<Definition<'_>> {
        let mut all = Vec::new();
        for (_, instance) in self.all() {
            let define = |kind| move |name| Definition { interface: &instance.name, name, kind };
            all.extend(instance.funcs.keys().map(String::as_str).map(define(DefinitionKind::Func)));
            all.extend(instance.definitions.iter().map(|(name, given)| match given {
                GivenDefinition::Module(_) => define(DefinitionKind::Module)(name.as_str()),
                GivenDefinition::Component(_) => define(DefinitionKind::Component)(name.as_str()),
            }));
            all.extend(instance.resources.keys().map(String::as_str).map(define(DefinitionKind::Resource)));
        }
        all.sort_unstable();
        all
    }
}
