//! Building a plan: the root component is run with symbols instead of values.
//!
//! A component is a list of definitions; instantiating it means going through the list, with index spaces that hold
//! symbols ([`item`]): this function lifted from that core function, that export of the fifth core instance. A nested
//! component is a closure over the index spaces around it and is run anew each time it is instantiated, with its
//! actual arguments. What happens at run time (core instances, slots, trampolines) goes into the plan on the way.
//!
//! The validator has run, so every index and every name is good; one that is not is a fault of ours.

mod budget;
mod canon;
mod component;
mod composition;
mod core;
mod export;
mod given;
mod imports;
mod item;
mod matching;
mod options;
mod scope;
mod slots;
#[cfg(test)]
mod tests;
mod value_type;

use std::collections::HashMap;

use indexmap::IndexMap;

use self::budget::Budget;
use self::canon::CanonItem;
use self::composition::Composition;
use self::item::{Closure, InstanceItem, Item};
use self::scope::{Scope, ScopeIndex};
use self::slots::Slots;
use super::{InstanceIndex, ModuleIndex, Plan, PlannedInstance};
use crate::Result;
use crate::component::{Comparison, ComponentNumber, Definitions, ModuleNumber};

pub(crate) use composition::Part;

/// Plans the instantiation of the root component.
pub(crate) fn build(definitions: &Definitions<'_>) -> Result<Plan> {
    let mut builder = Builder::new(definitions);
    let root = Closure { component: ComponentNumber(0), scope: None };
    let exports = builder.instantiate(root, None);
    builder.finish(exports)
}

/// Plans the instantiation of the first of `parts`, and of the others as far as they serve imports. The definitions in the
/// components `given` are those that parts import under their names. With `types`, what a part gives another is compared
/// with what that asks for, where the plan does not know the types.
pub(crate) fn compose<'d>(
    definitions: &'d Definitions<'d>,
    parts: &[Part<'d>],
    given: &[Part<'d>],
    types: Option<&'d Comparison>,
) -> Result<Plan> {
    let mut builder = Builder::new(definitions);
    builder.give(given)?;
    builder.composition = Some(Composition::new(definitions, parts, types));
    let exports = builder.instantiate_part(0);
    if builder.plan.needs.is_empty() {
        builder.all_parts_are_needed()?;
    }
    builder.finish(exports)
}

/// Everything that is known while planning.
struct Builder<'d> {
    definitions: &'d Definitions<'d>,
    plan: Plan,
    budget: Budget,
    /// The index spaces of every component instance and of every evaluated type.
    scopes: Vec<Scope<'d>>,
    /// Core functions made by canonical definitions; only those in use become trampolines.
    canons: Vec<CanonItem<'d>>,
    modules: HashMap<ModuleNumber, ModuleIndex>,
    /// The module of each core instance.
    core_modules: Vec<ModuleNumber>,
    slots: Slots,
    /// What was given for imports of core modules and components, by the import's name.
    given: HashMap<&'d str, Item<'d>>,
    /// Whether planning came to what only somebody who gives a definition knows.
    stopped: bool,
    /// The components that are linked with each other, if there are several.
    composition: Option<Composition<'d>>,
}

impl<'d> Builder<'d> {
    fn new(definitions: &'d Definitions<'d>) -> Self {
        let plan = Plan {
            rules: definitions.rules,
            modules: Vec::new(),
            instances: Vec::new(),
            resources: Vec::new(),
            needs: Vec::new(),
            imports: IndexMap::new(),
            implements: IndexMap::new(),
            plugged: Vec::new(),
            imported_funcs: Vec::new(),
            trampolines: Vec::new(),
            lifts: Vec::new(),
            options: Vec::new(),
            steps: Vec::new(),
            exports: IndexMap::new(),
            memories: Vec::new(),
            funcs: 0,
            tables: 0,
            core_instances: 0,
        };
        Builder {
            definitions,
            plan,
            budget: Budget::default(),
            scopes: Vec::new(),
            canons: Vec::new(),
            modules: HashMap::new(),
            core_modules: Vec::new(),
            slots: Slots::default(),
            given: HashMap::new(),
            stopped: false,
            composition: None,
        }
    }

    /// The plan of a component with these exports.
    fn finish(mut self, exports: Result<InstanceItem<'d>>) -> Result<Plan> {
        if !self.plan.needs.is_empty() {
            return self.only_imports(exports);
        }
        self.plan.exports = self.exports(&exports?)?;
        (self.plan.memories, self.plan.funcs, self.plan.tables) = self.slots.counts()?;
        Ok(self.plan)
    }

    /// A component instance that exists at run time. Spec: `ComponentInstance`.
    fn new_instance(&mut self, parent: Option<InstanceIndex>, name: Option<&str>) -> Result<InstanceIndex> {
        let number = self.budget.instance(self.plan.instances.len())?;
        let name = match (name, parent) {
            (Some(name), _) => name.to_owned(),
            (None, None) => "root".to_owned(),
            (None, Some(_)) => number.to_string(),
        };
        self.plan.instances.push(PlannedInstance { parent, name });
        Ok(InstanceIndex(number))
    }

    fn new_scope(
        &mut self,
        outer: Option<ScopeIndex>,
        instance: InstanceIndex,
        component: Option<ComponentNumber>,
    ) -> ScopeIndex {
        self.scopes.push(Scope::new(outer, instance, component));
        ScopeIndex(self.scopes.len() - 1)
    }
}
