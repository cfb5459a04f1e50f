//! Generated core wasm around the built-ins that can wait.
//!
//! For each such trampoline: `begin` with the arguments; when it answers 1, `park` (which suspends the stack); then
//! `finish` gives the result. A component without such trampolines has no glue and no suspending import.

use std::sync::Arc;

use wasm_encoder::{
    BlockType, CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection, Module,
    TypeSection, ValType,
};

use super::{Outcome, dispatch, find, finish, signature};
use crate::Result;
use crate::engine::{CoreExtern, CoreInstance, StoreMut, host_func, park_func};
use crate::error::bug;
use crate::instance::RootId;
use crate::plan::{Plan, TrampolineIndex};
use crate::task::Resumption;
use crate::types::FlatType;

/// The results that `finish` can give, in the order of the glue's imports.
const FINISHES: [Option<FlatType>; 5] =
    [None, Some(FlatType::I32), Some(FlatType::I64), Some(FlatType::F32), Some(FlatType::F64)];

fn waiting(plan: &Plan) -> impl Iterator<Item = TrampolineIndex> + '_ {
    let all = plan.trampolines.iter().enumerate();
    all.filter(|(_, trampoline)| trampoline.canon.may_block(plan)).map(|(index, _)| TrampolineIndex(index as u32))
}

fn val_type(ty: FlatType) -> ValType {
    match ty {
        FlatType::I32 => ValType::I32,
        FlatType::I64 => ValType::I64,
        FlatType::F32 => ValType::F32,
        FlatType::F64 => ValType::F64,
    }
}

/// Whether a plan has a glue module.
pub(crate) fn has_glue(plan: &Plan) -> bool {
    waiting(plan).next().is_some()
}

/// The glue module of a plan; none when nothing can wait.
pub(crate) fn encode_glue(plan: &Plan) -> Option<Vec<u8>> {
    let trampolines: Vec<_> =
        waiting(plan).filter_map(|index| Some((index, signature(plan.trampolines.get(index.at())?, plan)))).collect();
    if trampolines.is_empty() {
        return None;
    }
    let (mut types, mut imports) = (TypeSection::new(), ImportSection::new());
    let (mut functions, mut exports, mut code) = (FunctionSection::new(), ExportSection::new(), CodeSection::new());
    types.ty().function([], []);
    imports.import("rt", "park", EntityType::Function(0));
    for (i, result) in FINISHES.iter().enumerate() {
        types.ty().function([], result.map(val_type));
        imports.import("rt", &format!("finish{i}"), EntityType::Function(1 + i as u32));
    }
    let first_begin = 1 + FINISHES.len() as u32;
    for (i, (index, (params, result))) in trampolines.iter().enumerate() {
        let i = i as u32;
        let params: Vec<_> = params.iter().copied().map(val_type).collect();
        types.ty().function(params.iter().copied(), [ValType::I32]);
        types.ty().function(params.iter().copied(), result.map(val_type));
        imports.import("begin", &index.0.to_string(), EntityType::Function(first_begin + 2 * i));
        functions.function(first_begin + 2 * i + 1);
        exports.export(&index.0.to_string(), ExportKind::Func, first_begin + trampolines.len() as u32 + i);
        let finish = 1 + FINISHES.iter().position(|finish| finish == result).unwrap_or(0) as u32;
        code.function(&body(params.len() as u32, first_begin + i, finish));
    }
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&exports).section(&code);
    Some(module.finish())
}

fn body(params: u32, begin: u32, finish: u32) -> Function {
    let mut function = Function::new([]);
    let mut code = function.instructions();
    for param in 0..params {
        code.local_get(param);
    }
    code.call(begin).if_(BlockType::Empty).call(0).end().call(finish).end();
    function
}

/// The instantiated glue of a component.
pub(crate) struct Glue(Option<CoreInstance>);

impl Glue {
    /// Instantiates the glue of `root`, if it has any.
    pub(crate) fn instantiate(store: &mut StoreMut<'_>, root: RootId) -> Result<Glue> {
        let component = store.state().roots.get(root)?.component.clone();
        let Some(module) = component.glue()? else { return Ok(Glue(None)) };
        let mut externs: Vec<CoreExtern> = vec![park_func(store).into()];
        for result in FINISHES {
            externs.push(host_func(store, &[], result, Arc::new(|mut store, _args| finish::finish(&mut store))).into());
        }
        for index in waiting(component.plan()) {
            externs.push(begin(store, root, index)?);
        }
        CoreInstance::new(store, module, &externs).map(|instance| Glue(Some(instance)))
    }

    /// The function that stands for trampoline `index`, if it can wait.
    pub(crate) fn trampoline(&self, store: &mut StoreMut<'_>, index: TrampolineIndex) -> Result<Option<CoreExtern>> {
        let Some(instance) = self.0 else { return Ok(None) };
        let this = instance.export(store, &index.0.to_string());
        if let Some(this) = &this {
            this.func().ok_or_else(|| bug!("glue exports something else than a function"))?;
        }
        Ok(this)
    }
}

fn begin(store: &mut StoreMut<'_>, root: RootId, index: TrampolineIndex) -> Result<CoreExtern> {
    let (site, trampoline) = find(store.state(), root, index)?;
    let (params, _) = signature(&trampoline, store.state().roots.get(root)?.component.plan());
    let body =
        move |mut store: StoreMut<'_>, args: &[u64]| match dispatch::call(&mut store, site, &trampoline.canon, args)? {
            Outcome::Done(bits) => {
                let state = store.state_mut();
                let thread = state.current_thread()?;
                state.threads.get_mut(thread)?.resumption = Resumption::Ready(bits);
                Ok(0)
            }
            Outcome::Park => Ok(1),
        };
    Ok(host_func(store, &params, Some(FlatType::I32), Arc::new(body)).into())
}
