//! Core modules and core instances.

use std::collections::HashMap;
use std::rc::Rc;

use wasmparser::{ExternalKind, Instance, InstantiationArg};

use super::Builder;
use super::item::{CoreInstanceItem, CoreItem};
use super::scope::{ScopeIndex, at};
use crate::Result;
use crate::component::ModuleNumber;
use crate::error::bug;
use crate::plan::{CoreDef, CoreInstanceIndex, ModuleIndex, PlannedModule, Step};
use crate::types::PtrType;

impl<'d> Builder<'d> {
    pub fn core_instance(&mut self, scope: ScopeIndex, instance: &'d Instance<'d>) -> Result<()> {
        let item = match instance {
            Instance::Instantiate { module_index, args } => self.instantiate_module(scope, *module_index, args)?,
            Instance::FromExports(exports) => {
                self.budget.work(exports.len())?;
                let core = &mut self.scope_mut(scope)?.core;
                let bundle = exports
                    .iter()
                    .map(|export| Ok((export.name, *at(core.of(export.kind), export.index, "core definition")?)));
                CoreInstanceItem::Bundle(Rc::new(bundle.collect::<Result<_>>()?))
            }
        };
        self.scope_mut(scope)?.core_instances.push(item);
        Ok(())
    }

    fn instantiate_module(
        &mut self,
        scope: ScopeIndex,
        module: u32,
        args: &[InstantiationArg<'d>],
    ) -> Result<CoreInstanceItem<'d>> {
        self.budget.work(args.len())?;
        let current = self.scope(scope)?;
        let instance = current.instance;
        let number = *at(&current.modules, module, "core module")?;
        let given =
            args.iter().map(|arg| Ok((arg.name, at(&current.core_instances, arg.index, "core instance")?.clone())));
        let given: HashMap<&str, CoreInstanceItem<'d>> = given.collect::<Result<_>>()?;
        let module = self.module(number)?;
        let definition = self.definitions.modules.get(number.0).ok_or_else(|| bug!("module {}", number.0))?;
        let mut args = Vec::new();
        for (from, name) in &definition.imports {
            let from = given.get(from).ok_or_else(|| bug!("no argument `{from}`"))?;
            args.push(self.core_def(core_export(from, name)?)?);
        }
        let index = CoreInstanceIndex(self.plan.core_instances);
        self.step(Step::Instantiate { module, args, instance })?;
        self.plan.core_instances += 1;
        self.core_modules.push(number);
        Ok(CoreInstanceItem::Instantiated(index))
    }

    /// The module's place in the plan, which it gets when it is first used.
    pub fn module(&mut self, number: ModuleNumber) -> Result<ModuleIndex> {
        if let Some(index) = self.modules.get(&number) {
            return Ok(*index);
        }
        self.look_into_module(number)?;
        let definition = self.definitions.modules.get(number.0).ok_or_else(|| bug!("module {}", number.0))?;
        let mut imports = Vec::new();
        for (from, name) in &definition.imports {
            self.budget.name(from)?;
            self.budget.name(name)?;
            imports.push(((*from).to_owned(), (*name).to_owned()));
        }
        let index = ModuleIndex(self.budget.entry(self.plan.modules.len(), "core modules")?);
        self.plan.modules.push(PlannedModule { range: definition.range.clone(), imports, starts: definition.starts });
        self.modules.insert(number, index);
        Ok(index)
    }

    pub fn core_alias(&mut self, scope: ScopeIndex, kind: ExternalKind, instance: u32, name: &'d str) -> Result<()> {
        let scope = self.scope_mut(scope)?;
        let item = core_export(at(&scope.core_instances, instance, "core instance")?, name)?;
        scope.core.of(kind).push(item);
        Ok(())
    }

    /// A core definition as the plan refers to it. From here on a canonical definition is in use.
    pub fn core_def(&mut self, item: CoreItem<'d>) -> Result<CoreDef> {
        Ok(match item {
            CoreItem::Export { instance, name } => {
                self.budget.name(name)?;
                CoreDef::Export { instance, name: name.to_owned() }
            }
            CoreItem::Canon(number) => CoreDef::Trampoline(self.trampoline(number)?),
        })
    }

    /// The type of addresses of a memory or a table.
    pub fn ptr_type(&self, item: CoreItem<'d>) -> Result<PtrType> {
        let CoreItem::Export { instance, name } = item else {
            return Err(bug!("a built-in is no memory and no table"));
        };
        let module = self.core_modules.get(instance.at()).and_then(|module| self.definitions.modules.get(module.0));
        let module = module.ok_or_else(|| bug!("core instance {} has no module", instance.0))?;
        Ok(PtrType::of_memory(module.wide.exports.contains(&name)))
    }

    pub fn step(&mut self, step: Step) -> Result<()> {
        self.budget.entry(self.plan.steps.len(), "steps")?;
        self.plan.steps.push(step);
        Ok(())
    }
}

fn core_export<'d>(instance: &CoreInstanceItem<'d>, name: &'d str) -> Result<CoreItem<'d>> {
    match instance {
        CoreInstanceItem::Instantiated(instance) => Ok(CoreItem::Export { instance: *instance, name }),
        CoreInstanceItem::Bundle(items) => items.get(name).copied().ok_or_else(|| bug!("no core export `{name}`")),
    }
}
