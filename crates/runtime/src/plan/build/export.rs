//! Exports: what the plan lists of them, and the names that they lend to functions and resources.

use indexmap::IndexMap;

use super::Builder;
use super::item::{FuncItem, InstanceItem, Item, TypeItem};
use crate::Result;
use crate::plan::{Export, FuncDef, PlannedResource};

/// Between the name of an exported instance and the name of its function; in no name itself.
const PATH: char = '#';

impl<'d> Builder<'d> {
    /// The exports of an instance as the plan lists them.
    pub fn exports(&mut self, instance: &InstanceItem<'d>) -> Result<IndexMap<String, Export>> {
        let mut exports = IndexMap::new();
        for (name, item) in instance.iter() {
            self.budget.name(name)?;
            let export = match item {
                Item::Func(FuncItem { def, .. }) => Export::Func(*def),
                Item::Instance(instance) => Export::Instance(self.exports(instance)?),
                Item::Type(TypeItem::Value(ty)) => Export::Type(ty.clone()),
                Item::Type(TypeItem::Resource(resource)) => Export::Resource(*resource),
                // A type of functions or of instances is nothing at run time.
                Item::Type(_) => continue,
                Item::Module(module) => Export::Module(self.module(*module)?),
                Item::Component(_) => Export::Component,
            };
            exports.insert((*name).to_owned(), export);
        }
        Ok(exports)
    }

    /// Names what is exported after the export it is first seen as, the more telling name winning.
    pub fn name_exported(&mut self, name: &str, item: &Item<'d>) -> Result<()> {
        let Item::Instance(instance) = item else { return self.give_name(name, item) };
        for (inner, item) in instance.iter() {
            self.budget.name(name)?;
            self.give_name(&format!("{name}{PATH}{inner}"), item)?;
        }
        Ok(())
    }

    fn give_name(&mut self, name: &str, item: &Item<'d>) -> Result<()> {
        let old = match item {
            Item::Func(FuncItem { def: FuncDef::Lift(lift), .. }) => {
                self.plan.lifts.get_mut(lift.at()).map(|lift| &mut lift.name)
            }
            Item::Type(TypeItem::Resource(resource)) => match self.plan.resources.get_mut(resource.0 as usize) {
                Some(PlannedResource::Defined { name, .. }) => Some(name),
                _ => None,
            },
            _ => None,
        };
        if let Some(old) = old
            && (is_unnamed(old) || (name.contains(PATH) && !old.contains(PATH)))
        {
            self.budget.name(name)?;
            *old = name.to_owned();
        }
        Ok(())
    }
}

/// The name of the function or resource `number` before any export has named it.
pub(super) fn unnamed(what: &str, number: usize) -> String {
    format!("{what} {number}")
}

/// No export's name has a space.
fn is_unnamed(name: &str) -> bool {
    name.contains(' ')
}
