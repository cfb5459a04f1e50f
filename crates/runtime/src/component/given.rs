//! Core modules and components that a component imports: definitions that somebody else gives, which become part of its
//! plan.

use wasm_encoder::{ComponentSectionId, RawSection};
use wasmparser::Parser;
use wasmparser::component_types::{ComponentEntityType, SubtypeCx};
use wasmparser::types::Types;
use wasmparser::{Validator, WasmFeatures};

use super::definition::Definitions;
use super::validate::{refused_by, validate_with};
use crate::error::bug;
use crate::{Error, Features, Result};

/// A component with nothing in it but `definition`, a core module or a component in binary form.
pub(super) fn wrap(definition: &[u8]) -> Vec<u8> {
    let is_component = Parser::is_component(definition);
    let id = if is_component { ComponentSectionId::Component } else { ComponentSectionId::CoreModule };
    let mut wrapped = wasm_encoder::Component::new();
    wrapped.section(&RawSection { id: id as u8, data: definition });
    wrapped.finish()
}

/// The types of several components, so that what one gives can be compared with what another imports.
///
/// Spec: Subtyping.md; the validator decides, as it does inside of one component.
pub(crate) struct Comparison {
    validator: Validator,
    features: WasmFeatures,
    components: Vec<Types>,
}

impl Comparison {
    pub(super) fn new(features: &Features) -> Self {
        let features = features.wasm_features();
        Comparison { validator: Validator::new_with_features(features), features, components: Vec::new() }
    }

    /// Checks a component against every rule of the standard, and keeps its types.
    pub(super) fn add(&mut self, bytes: &[u8], definitions: &Definitions<'_>) -> Result<()> {
        self.validator.reset();
        let types = validate_with(&mut self.validator, self.features, bytes, definitions)?;
        self.components.push(types);
        Ok(())
    }

    /// Checks that the definition in the [wrapped](wrap) component `given` is what `path` of component `importer` asks
    /// for, if that imports it.
    pub(super) fn given(&self, given: usize, importer: usize, path: &str) -> Result<()> {
        let (types, importer) = (self.types(given)?, self.types(importer)?);
        let Some(wanted) = import(importer, path) else { return Ok(()) };
        let actual = if types.module_count() > 0 {
            ComponentEntityType::Module(types.module_at(0))
        } else {
            ComponentEntityType::Component(types.component_at(0))
        };
        compare((types, actual), (importer, wanted))
    }

    /// Checks that `export` of component `exporter` is what `path` of component `importer` asks for.
    pub(crate) fn plugged(&self, exporter: usize, export: &str, importer: usize, path: &str) -> Result<()> {
        let (exporter, importer) = (self.types(exporter)?, self.types(importer)?);
        match (self::export(exporter, export), import(importer, path)) {
            (Some(actual), Some(wanted)) => compare((exporter, actual), (importer, wanted)),
            _ => Err(bug!("types of `{export}` and `{path}`")),
        }
    }

    fn types(&self, component: usize) -> Result<&Types> {
        self.components.get(component).ok_or_else(|| bug!("no types of component {component}"))
    }
}

/// The type that a component declares for `path`: the name of an import, and those of exports within it behind `#`.
fn import(types: &Types, path: &str) -> Option<ComponentEntityType> {
    let mut names = path.split('#');
    within(types, types.component_item_for_import(names.next()?)?.ty, names)
}

/// The same for an export.
fn export(types: &Types, path: &str) -> Option<ComponentEntityType> {
    let mut names = path.split('#');
    within(types, types.component_item_for_export(names.next()?)?.ty, names)
}

fn within<'a>(
    types: &Types,
    mut ty: ComponentEntityType,
    names: impl Iterator<Item = &'a str>,
) -> Option<ComponentEntityType> {
    for name in names {
        let ComponentEntityType::Instance(instance) = ty else { return None };
        ty = types.as_ref().get(instance)?.exports.get(name)?.ty;
    }
    Some(ty)
}

fn compare((actual, a): (&Types, ComponentEntityType), (wanted, b): (&Types, ComponentEntityType)) -> Result<()> {
    let mut cx = SubtypeCx::new_with_refs(actual.as_ref(), wanted.as_ref());
    cx.component_entity_type(&a, &b, 0).map_err(|error| Error::link(refused_by(&error)))
}
