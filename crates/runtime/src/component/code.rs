//! The compiled code of a component, and what can be found in it once for all instances.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::Engine;
use crate::Result;
use crate::adapter::{Adapters, encode_adapters, encode_noted};
use crate::canon::{GlueCode, Signature, encode_copier, encode_glue, has_glue, signature};
use crate::engine::{CoreEngine, CoreExport, CoreFuncType, CoreModule};
use crate::error::bug;
use crate::plan::{CoreDef, CoreInstanceIndex, ModuleIndex, Plan, Reached, Step, Trampoline, TrampolineIndex};

/// A component's compiled code.
pub(crate) struct Code {
    /// The plan's core modules.
    modules: Vec<CoreModule>,
    /// See `canon::encode_glue`.
    pub(crate) glue: Option<GlueCode>,
    /// See `canon::encode_copier`; compiled when it is first needed.
    copier: OnceLock<CoreModule>,
    /// See `adapter::encode_noted`; compiled when it is first needed.
    noted: OnceLock<Option<CoreModule>>,
    /// What the code of the modules can reach, if that was found out.
    pub(crate) reached: Option<Reached>,
    /// See `adapter/`.
    pub(crate) adapters: Option<Adapters>,
    /// For each step of the plan, where what it names is.
    pub(crate) sources: Vec<Vec<Source>>,
    /// The core types of the plan's trampolines.
    trampolines: Vec<CoreFuncType>,
}

/// Where a [`CoreDef`] is, without names.
pub(crate) enum Source {
    /// A function that the runtime provides.
    Trampoline(TrampolineIndex),
    /// An export of a core instance.
    Export(CoreInstanceIndex, CoreExport),
}

impl Code {
    /// Code of the plan's modules, then of what was [`generated`]. Code without adapters is whole, for each has a twin;
    /// and they are left out unless `adapters`.
    pub(super) fn new(
        engine: &CoreEngine,
        plan: &Plan,
        mut modules: Vec<CoreModule>,
        reached: Option<Reached>,
        adapters: bool,
    ) -> Result<Code> {
        let (planned, found) = (plan.modules.len(), modules.len());
        let with_glue = planned + usize::from(has_glue(plan));
        if found < with_glue {
            return Err(bug!("{found} modules were compiled of {with_glue}"));
        }
        let mut rest = modules.split_off(with_glue);
        let glue = modules.split_off(planned).pop().map(|module| GlueCode::new(plan, module)).transpose()?;
        if !adapters {
            rest.clear();
        }
        let sources = sources(plan, &modules)?;
        // Most have one of a few types; to make one known to the engine costs more than to find it.
        let mut types = HashMap::new();
        let mut ty = |trampoline: &Trampoline| {
            let signature = signature(trampoline, plan);
            let new = |(params, result): &Signature| CoreFuncType::new(engine, params, *result);
            types.entry(signature).or_insert_with_key(new).clone()
        };
        let trampolines = plan.trampolines.iter().map(&mut ty).collect();
        let (copier, noted) = (OnceLock::new(), OnceLock::new());
        Ok(Code { modules, glue, copier, noted, reached, adapters: Adapters::new(engine, rest)?, sources, trampolines })
    }

    /// The module that copies between two memories.
    pub(crate) fn copier(&self, engine: &Engine) -> Result<&CoreModule> {
        if let Some(copier) = self.copier.get() {
            return Ok(copier);
        }
        let copier = engine.compile_late(&encode_copier())?;
        Ok(self.copier.get_or_init(|| copier))
    }

    /// The module that makes and notes calls, if the plan has such.
    pub(crate) fn noted(&self, engine: &Engine, plan: &Plan) -> Result<Option<&CoreModule>> {
        if let Some(noted) = self.noted.get() {
            return Ok(noted.as_ref());
        }
        let bytes = encode_noted(plan, self.adapters.is_some(), self.reached.as_ref())?;
        let noted = bytes.map(|bytes| engine.compile_late(&bytes)).transpose()?;
        Ok(self.noted.get_or_init(|| noted).as_ref())
    }

    /// All of its modules, in the order in which [`new`](Self::new) takes them.
    pub(super) fn modules(&self) -> impl Iterator<Item = &CoreModule> {
        let glue = self.glue.iter().map(GlueCode::module);
        self.modules.iter().chain(glue).chain(self.adapters.iter().flat_map(Adapters::modules))
    }

    /// A core module of the plan.
    pub(crate) fn module(&self, index: ModuleIndex) -> Result<&CoreModule> {
        self.modules.get(index.at()).ok_or_else(|| bug!("no core module {}", index.0))
    }

    /// The core type of a trampoline.
    pub(crate) fn trampoline(&self, index: TrampolineIndex) -> Result<&CoreFuncType> {
        self.trampolines.get(index.at()).ok_or_else(|| bug!("no trampoline {}", index.0))
    }
}

/// Finds what the plan's steps name.
fn sources(plan: &Plan, modules: &[CoreModule]) -> Result<Vec<Vec<Source>>> {
    // The module of each core instance.
    let mut of = Vec::new();
    let mut all = Vec::new();
    for step in &plan.steps {
        let handed_on = matches!(step, Step::Instantiate { .. });
        let find = |def: &CoreDef| match def {
            CoreDef::Trampoline(index) => Ok(Source::Trampoline(*index)),
            CoreDef::Export { instance, name } => {
                let module = of.get(instance.at()).and_then(|module: &ModuleIndex| modules.get(module.at()));
                let find = if handed_on { CoreModule::find_handed_on } else { CoreModule::find_export };
                let export = module.and_then(|module| find(module, name));
                Ok(Source::Export(*instance, export.ok_or_else(|| bug!("no core export `{name}`"))?))
            }
        };
        all.push(step.defs().iter().map(find).collect::<Result<_>>()?);
        if let Step::Instantiate { module, .. } = step {
            of.push(*module);
        }
    }
    Ok(all)
}

/// What is compiled besides the plan's modules: the glue if there is any, then the adapters.
pub(super) fn generated(plan: &Plan, reached: Option<&Reached>, adapters: bool) -> Result<Vec<Vec<u8>>> {
    let mut modules: Vec<_> = encode_glue(plan).into_iter().collect();
    if adapters {
        modules.extend(encode_adapters(plan, reached)?);
    }
    Ok(modules)
}
