//! Imports of core modules and components: what is given for them is followed like a definition of the component's own.
//!
//! While nothing is given, they are gaps that can be passed on. Where one is looked into, planning stops: its imports
//! are known by then, mostly all, for they come first.

use super::item::{Closure, InstanceItem, Item};
use super::{Builder, Part};
use crate::component::{ComponentNumber, Definition, ModuleNumber};
use crate::error::bug;
use crate::plan::{NeededDefinition, Plan};
use crate::{Error, Result};

/// What nobody has given yet.
const NO_MODULE: ModuleNumber = ModuleNumber(usize::MAX);
const NO_COMPONENT: ComponentNumber = ComponentNumber(usize::MAX);

impl<'d> Builder<'d> {
    /// Remembers the only definition in each of the components `given` under its name.
    pub fn give(&mut self, given: &[Part<'d>]) -> Result<()> {
        for part in given {
            let component = self.definitions.components.get(part.component.0);
            let item = match component.and_then(|component| component.definitions.first()) {
                Some(Definition::Module(module)) => Item::Module(*module),
                Some(Definition::Component(component)) => {
                    Item::Component(Closure { component: *component, scope: None })
                }
                _ => return Err(bug!("`{}` is given, but there is nothing in it", part.name)),
            };
            self.given.insert(part.name, item);
        }
        Ok(())
    }

    /// What is given for `name` of `interface`; a gap if that is nothing.
    pub fn declared_definition(&mut self, interface: &str, name: &str, is_module: bool) -> Item<'d> {
        let given = match interface {
            "" => self.given.get(name),
            _ => self.given.get(format!("{interface}#{name}").as_str()),
        };
        if let Some(given) = given {
            return given.clone();
        }
        let need = NeededDefinition { interface: interface.into(), name: name.into(), is_module };
        if !self.plan.needs.contains(&need) {
            self.plan.needs.push(need);
        }
        if is_module {
            Item::Module(NO_MODULE)
        } else {
            Item::Component(Closure { component: NO_COMPONENT, scope: None })
        }
    }

    /// Whether `module` is a gap.
    pub fn is_missing_module(&self, module: ModuleNumber) -> bool {
        module == NO_MODULE
    }

    /// Whether `component` is a gap.
    pub fn is_missing_component(&self, component: ComponentNumber) -> bool {
        component == NO_COMPONENT
    }

    /// Stops if `module` is a gap.
    pub fn look_into_module(&mut self, module: ModuleNumber) -> Result<()> {
        self.stop_if(module == NO_MODULE)
    }

    /// Stops if `component` is a gap.
    pub fn look_into_component(&mut self, component: ComponentNumber) -> Result<()> {
        self.stop_if(component == NO_COMPONENT)
    }

    fn stop_if(&mut self, gap: bool) -> Result<()> {
        self.stopped |= gap;
        match self.plan.needs.first() {
            Some(need) if gap => Err(Error::link(format!("nobody has given `{}`", need.name))),
            _ => Ok(()),
        }
    }

    /// The plan of a component that needs definitions: what it imports, as far as planning came.
    pub fn only_imports(mut self, exports: Result<InstanceItem<'d>>) -> Result<Plan> {
        if !self.stopped {
            exports?;
        }
        let resources = std::mem::take(&mut self.plan.resources);
        Ok(Plan {
            needs: self.plan.needs,
            imports: self.plan.imports,
            implements: self.plan.implements,
            imported_funcs: self.plan.imported_funcs,
            resources,
            rules: self.plan.rules,
            modules: Vec::new(),
            instances: Vec::new(),
            plugged: Vec::new(),
            trampolines: Vec::new(),
            lifts: Vec::new(),
            options: Vec::new(),
            steps: Vec::new(),
            exports: indexmap::IndexMap::new(),
            memories: Vec::new(),
            funcs: 0,
            tables: 0,
            core_instances: 0,
        })
    }
}
