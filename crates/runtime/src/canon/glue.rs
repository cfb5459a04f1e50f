//! Generated core wasm around built-ins that can wait, and around calls from guest to guest.
//!
//! For each such trampoline: `begin` with the arguments says what comes next ([`Next`]), in the upper half of its answer.
//! `Call`: the callee cannot block, so glue calls it on this stack (arguments are in the scratch memory, the callee in a
//! table) and tells `end`, which says what comes next. `Park`: `park` suspends the stack. `Finish`, and after a park:
//! `finish` gives the result. `Done`: it is in the lower half.
//!
//! A component without such trampolines has no glue and no suspending import.

use std::collections::HashMap;
use std::sync::Arc;

use wasm_encoder::{
    BlockType, Catch, CodeSection, ConstExpr, EntityType, ExportKind, ExportSection, Function, FunctionSection,
    GlobalType, ImportSection, InstructionSink, MemArg, MemArgTarget, MemorySection, MemoryType, Module, NameSection,
    RefType, TableSection, TableType, TypeSection, ValType,
};

use super::direct::{DirectCall, DirectCalls, Next};
use super::lower::LoweredImport;
use super::shared::SharedFuncsOf;
use super::signature::{self, Signature};
use super::stream::{self, Copy};
use super::window::{Outside, WindowCode, copier_signature, has_windows};
use super::{Body, check_of, checked_body, direct, find, finish};
use crate::component::Code;
use crate::engine::{
    CoreEngine, CoreExport, CoreExtern, CoreExterns, CoreFuncType, CoreInstance, CoreModule, CorePrepared, GENERATED,
    HostFuncs, StoreMut, host_func, park_func, run_func, set_runner,
};
use crate::error::bug;
use crate::instance::{RootId, flags_global};
use crate::plan::{Blocking, Canon, FuncDef, Plan, TrampolineIndex};
use crate::stream::COPIERS;
use crate::stream::window::WindowPlaces;
use crate::types::FlatType;
use crate::{Result, Trap};

/// The results that `finish` can give, in the order of the glue's imports.
const FINISHES: [Option<FlatType>; 5] =
    [None, Some(FlatType::I32), Some(FlatType::I64), Some(FlatType::F32), Some(FlatType::F64)];
/// Imports before the `begin`s: `park`, the `finish`es, `end`, `uncaught`, `run`.
const FIRST_BEGIN: u32 = RUN + 1;
/// The import `end`.
const END: u32 = 1 + FINISHES.len() as u32;
/// The import `uncaught`.
const UNCAUGHT: u32 = END + 1;
/// The import `run`.
const RUN: u32 = UNCAUGHT + 1;

/// A trampoline that glue stands for.
struct Glued {
    index: TrampolineIndex,
    signature: Signature,
    /// The callee's place in the table and its core type, when it is a guest.
    callee: Option<(u32, Signature)>,
    /// When it is a copy that has windows.
    window: Option<WindowCode>,
}

fn glued(plan: &Plan) -> Vec<Glued> {
    let mut all = Vec::new();
    let (mut slots, has_windows) = (0, has_windows(plan));
    for (index, trampoline) in plan.trampolines.iter().enumerate() {
        let window = WindowCode::of(&trampoline.canon, plan, index as u32 + 1).filter(|_| has_windows);
        if window.is_none() && !is_glued(&trampoline.canon, plan) {
            continue;
        }
        let callee = match &trampoline.canon {
            Canon::Lower { callee: FuncDef::Lift(lift), .. } => plan.lifts.get(lift.at()),
            _ => None,
        };
        let callee = callee.map(|lift| {
            slots += 1;
            (slots - 1, signature::lifted(lift, plan))
        });
        let signature = signature::signature(trampoline, plan);
        all.push(Glued { index: TrampolineIndex(index as u32), signature, callee, window });
    }
    all
}

fn is_glued(canon: &Canon, plan: &Plan) -> bool {
    matches!(canon, Canon::Lower { callee: FuncDef::Lift(_), .. }) || canon.may_block(plan)
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
    !glued(plan).is_empty()
}

/// The glue module of a plan; none when nothing needs it.
pub(crate) fn encode_glue(plan: &Plan) -> Option<Vec<u8>> {
    let glued = glued(plan);
    if glued.is_empty() {
        return None;
    }
    let mut parts = Parts::new();
    for (i, this) in glued.iter().enumerate() {
        parts.add(i as u32, glued.len() as u32, this);
    }
    parts.add_runner(glued.len() as u32);
    Some(parts.finish())
}

/// The sections of the module in the making.
struct Parts {
    types: TypeSection,
    imports: ImportSection,
    functions: FunctionSection,
    exports: ExportSection,
    code: CodeSection,
    callees: u32,
    /// The type of the functions of the second table, if there are windows.
    copier: Option<u32>,
    /// Imported globals so far: the flags of an instance for each window.
    globals: u32,
}

impl Parts {
    fn new() -> Self {
        let (mut types, mut imports) = (TypeSection::new(), ImportSection::new());
        types.ty().function([], []);
        imports.import("rt", "park", EntityType::Function(0));
        for (i, result) in FINISHES.iter().enumerate() {
            let ty = types.len();
            types.ty().function([], result.map(val_type));
            imports.import("rt", &format!("finish{i}"), EntityType::Function(ty));
        }
        let ty = types.len();
        types.ty().function([ValType::I64], [ValType::I64]);
        imports.import("rt", "end", EntityType::Function(ty));
        imports.import("rt", "uncaught", EntityType::Function(0));
        imports.import("rt", "run", EntityType::Function(0));
        let (functions, exports) = (FunctionSection::new(), ExportSection::new());
        Parts { types, imports, functions, exports, code: CodeSection::new(), callees: 0, copier: None, globals: 0 }
    }

    fn function_type(&mut self, (params, result): &Signature) -> u32 {
        let ty = self.types.len();
        self.types.ty().function(params.iter().copied().map(val_type), result.map(val_type));
        ty
    }

    /// Adds the `i`th of `count` glued trampolines.
    fn add(&mut self, i: u32, count: u32, this: &Glued) {
        let (params, result) = &this.signature;
        let begin = self.function_type(&(params.clone(), Some(FlatType::I64)));
        let own = self.function_type(&this.signature);
        let name = this.index.0.to_string();
        self.imports.import("begin", &name, EntityType::Function(begin));
        self.functions.function(own);
        self.exports.export(&name, ExportKind::Func, FIRST_BEGIN + count + i);
        let finish = 1 + FINISHES.iter().position(|finish| finish == result).unwrap_or(0) as u32;
        let callee = this.callee.as_ref().map(|(slot, signature)| {
            self.callees += 1;
            (*slot, self.function_type(signature), signature)
        });
        let window = this.window.as_ref().map(|window| {
            let copier = self.copier.unwrap_or_else(|| self.function_type(&copier_signature()));
            self.copier = Some(copier);
            let flags = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
            self.imports.import("flags", &name, EntityType::Global(flags));
            self.globals += 1;
            (window, Outside { copier, flags: self.globals - 1 })
        });
        self.code.function(&body(&this.signature, FIRST_BEGIN + i, finish, callee, window));
    }

    /// Adds the function that stacks begin with, behind the `count` glued trampolines.
    fn add_runner(&mut self, count: u32) {
        self.functions.function(0);
        self.exports.export("run", ExportKind::Func, FIRST_BEGIN + 2 * count);
        let mut function = Function::new([]);
        function.instructions().call(RUN).end();
        self.code.function(&function);
    }

    fn finish(mut self) -> Vec<u8> {
        let mut module = Module::new();
        module.section(&self.types).section(&self.imports).section(&self.functions);
        if self.callees > 0 || self.copier.is_some() {
            self.places(&mut module);
        }
        module.section(&self.exports).section(&self.code);
        let mut names = NameSection::new();
        names.module(GENERATED);
        module.section(&names);
        module.finish()
    }

    /// Adds where callees and their arguments are found.
    fn places(&mut self, module: &mut Module) {
        let mut tables = TableSection::new();
        let count = u64::from(self.callees);
        let element_type = RefType::FUNCREF;
        let ty = TableType { element_type, table64: false, minimum: count, maximum: Some(count), shared: false };
        tables.table_with_init(ty, &ConstExpr::ref_null(wasm_encoder::HeapType::FUNC));
        if self.copier.is_some() {
            let count = u64::from(COPIERS);
            let ty = TableType { element_type, table64: false, minimum: count, maximum: Some(count), shared: false };
            tables.table(ty);
            self.exports.export("copiers", ExportKind::Table, 1);
        }
        let mut memories = MemorySection::new();
        memories.memory(MemoryType {
            minimum: 1,
            maximum: Some(1),
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        self.exports.export("callees", ExportKind::Table, 0).export("scratch", ExportKind::Memory, 0);
        module.section(&tables).section(&memories);
    }
}

/// The code of one glued trampoline.
fn body(
    (params, result): &Signature,
    begin: u32,
    finish: u32,
    callee: Option<(u32, u32, &Signature)>,
    window: Option<(&WindowCode, Outside)>,
) -> Function {
    let params = params.len() as u32;
    let mut function = Function::new([(1, ValType::I64), (2, ValType::I32)]);
    let (answer, next) = (params, params + 1);
    let mut code = function.instructions();
    if let Some((window, outside)) = window {
        window.encode(&mut code, [next, next + 1], outside);
    }
    for param in 0..params {
        code.local_get(param);
    }
    let split = |code: &mut InstructionSink<'_>| {
        code.local_tee(answer).i64_const(32).i64_shr_u().i32_wrap_i64().local_set(next);
    };
    split(code.call(begin));
    if let Some((slot, ty, signature)) = callee {
        code.local_get(next).i32_const(Next::Call as i32).i32_eq().if_(BlockType::Empty);
        call(&mut code, slot, ty, signature);
        split(code.call(END));
        code.end();
    }
    if !matches!(result, Some(FlatType::I64 | FlatType::F64)) {
        code.local_get(next).i32_const(Next::Done as i32).i32_eq().if_(BlockType::Empty);
        match result {
            Some(FlatType::F32) => code.local_get(answer).i32_wrap_i64().f32_reinterpret_i32(),
            Some(_) => code.local_get(answer).i32_wrap_i64(),
            None => &mut code,
        };
        code.return_().end();
    }
    code.local_get(next).if_(BlockType::Empty).call(0).end().call(finish).end();
    function
}

/// Calls the callee with the arguments in the scratch memory; leaves the bits of its result as an `i64`.
///
/// An exception of it ends here. Spec: `call_and_trap_on_throw`.
fn call(code: &mut InstructionSink<'_>, slot: u32, ty: u32, (params, result): &Signature) {
    let bits = BlockType::Result(ValType::I64);
    code.block(bits).block(BlockType::Empty).try_table(bits, [Catch::All { label: 0 }]);
    for (i, param) in params.iter().enumerate() {
        let arg = MemArg { offset: 8 * i as u64, align: 2, target: MemArgTarget::Memory(0), ordering: None };
        code.i32_const(0);
        match param {
            FlatType::I32 => code.i32_load(arg),
            FlatType::I64 => code.i64_load(arg),
            FlatType::F32 => code.f32_load(arg),
            FlatType::F64 => code.f64_load(arg),
        };
    }
    code.i32_const(slot as i32).call_indirect(0, ty);
    match result {
        None => code.i64_const(0),
        Some(FlatType::I32) => code.i64_extend_i32_u(),
        Some(FlatType::I64) => code,
        Some(FlatType::F32) => code.i32_reinterpret_f32().i64_extend_i32_u(),
        Some(FlatType::F64) => code.i64_reinterpret_f64(),
    };
    code.end().br(1).end().call(UNCAUGHT).unreachable().end();
}

/// The compiled glue of a component, and where in it everything is.
pub(crate) struct GlueCode {
    module: CoreModule,
    run: CoreExport,
    /// Arguments and callees, where a guest is called.
    places: Option<(CoreExport, CoreExport)>,
    /// Functions that copy, where there are windows.
    copiers: Option<CoreExport>,
    /// How many trampolines there are.
    count: usize,
    trampolines: HashMap<TrampolineIndex, CoreExport>,
}

impl GlueCode {
    /// Of the module that [`encode_glue`] wrote for the plan.
    pub(crate) fn new(plan: &Plan, module: CoreModule) -> Result<GlueCode> {
        let find = |name: &str| module.find_export(name).ok_or_else(|| bug!("glue exports no `{name}`"));
        let glued = glued(plan);
        let copiers = module.find_export("copiers");
        let needed = copiers.is_some() || glued.iter().any(|this| this.callee.is_some());
        let places = if needed { Some((find("scratch")?, find("callees")?)) } else { None };
        let trampolines = glued.iter().map(|this| Ok((this.index, find(&this.index.0.to_string())?)));
        let trampolines = trampolines.collect::<Result<_>>()?;
        Ok(GlueCode { run: find("run")?, places, copiers, count: glued.len(), trampolines, module })
    }

    /// The module.
    pub(crate) fn module(&self) -> &CoreModule {
        &self.module
    }

    /// Whether glue stands for a trampoline.
    pub(super) fn stands_for(&self, plan: &Plan, blocking: &Blocking, index: TrampolineIndex) -> bool {
        plan.trampolines.get(index.at()).is_some_and(|trampoline| {
            // What turned out to answer at once needs none: a function of the host, a copy or call that is cancelled.
            let calls_guest = matches!(trampoline.canon, Canon::Lower { callee: FuncDef::Lift(_), .. });
            let has_window =
                || self.copiers.is_some() && WindowCode::of(&trampoline.canon, plan, index.0 + 1).is_some();
            is_glued(&trampoline.canon, plan) && (calls_guest || blocking.trampoline(index)) || has_window()
        })
    }

    /// Whether its imports can be the same in all stores. Windows import the flags of instances.
    pub(super) fn is_shared(&self) -> bool {
        self.copiers.is_none()
    }

    /// The module with all that it imports, for any number of stores. `begin` defines what is to be called under these names
    /// for a trampoline.
    pub(super) fn prepare(
        &self,
        engine: &CoreEngine,
        plan: &Plan,
        begin: impl Fn(&mut HostFuncs, [&str; 2], &Begin<'_>) -> Result<()>,
    ) -> Result<CorePrepared> {
        let mut funcs = HostFuncs::new(engine);
        funcs.define_park(["rt", "park"])?;
        for (i, result) in FINISHES.into_iter().enumerate() {
            let ty = CoreFuncType::new(engine, &[], result);
            funcs.define(["rt", &format!("finish{i}")], &ty, |mut store, _args| finish::finish(&mut store))?;
        }
        funcs.define(["rt", "end"], &CoreFuncType::new(engine, &[FlatType::I64], Some(FlatType::I64)), end)?;
        funcs.define(["rt", "uncaught"], &CoreFuncType::new(engine, &[], None), uncaught)?;
        funcs.define_run(["rt", "run"])?;
        for this in &glued(plan) {
            let ty = CoreFuncType::new(engine, &this.signature.0, Some(FlatType::I64));
            let begun = Begin { index: this.index, ty: &ty, slot: this.slot(), wide: this.is_wide() };
            begin(&mut funcs, ["begin", &this.index.0.to_string()], &begun)?;
        }
        funcs.prepare(&self.module)
    }
}

/// What a `begin` of glue that stores share is about.
pub(super) struct Begin<'b> {
    pub(super) index: TrampolineIndex,
    pub(super) ty: &'b CoreFuncType,
    /// The callee's place, when it is a guest.
    pub(super) slot: Option<u32>,
    /// Whether the answer may need 64 bits.
    pub(super) wide: bool,
}

impl Glued {
    fn slot(&self) -> Option<u32> {
        self.callee.as_ref().map(|(slot, _)| *slot)
    }

    fn is_wide(&self) -> bool {
        matches!(self.signature.1, Some(FlatType::I64 | FlatType::F64))
    }
}

fn end(mut store: StoreMut<'_>, args: &[u64]) -> Result<u64> {
    direct::end(&mut store, args.first().copied().unwrap_or(0))
}

fn uncaught(_store: StoreMut<'_>, _args: &[u64]) -> Result<u64> {
    Err(Trap::UncaughtException.into())
}

/// The glue of a component that is being instantiated. It comes to be when something first needs it: where all calls
/// from guest to guest have adapters and nothing waits, never.
#[derive(Default)]
pub(crate) struct Glue(Option<CoreInstance>);

impl Glue {
    fn instantiate(
        store: &mut StoreMut<'_>,
        root: RootId,
        code: &GlueCode,
        shared: Option<&SharedFuncsOf>,
    ) -> Result<CoreInstance> {
        let instance = match shared.and_then(SharedFuncsOf::glue) {
            Some(prepared) => prepared.instantiate(store)?,
            None => Glue::instantiate_alone(store, root, code)?,
        };
        if let Some(run) = instance.get_func(store, &code.run) {
            set_runner(store, run);
        }
        if let Some((scratch, callees)) = &code.places {
            let scratch = instance.get(store, scratch).and_then(|scratch| scratch.memory());
            let callees = instance.get(store, callees).and_then(|callees| callees.table());
            let (Some(scratch), Some(callees)) = (scratch, callees) else {
                return Err(bug!("glue without its places"));
            };
            let copiers = code.copiers.as_ref().and_then(|copiers| instance.get(store, copiers)?.table());
            let windows = copiers.map(|copiers| WindowPlaces { scratch, copiers, filled: 0 });
            let filled = vec![false; code.count];
            store.state_mut().roots.get_mut(root)?.direct = Some(DirectCalls { scratch, callees, filled, windows });
        }
        Ok(instance)
    }

    /// With functions of its own.
    fn instantiate_alone(store: &mut StoreMut<'_>, root: RootId, code: &GlueCode) -> Result<CoreInstance> {
        let mut externs = CoreExterns::default();
        externs.push(park_func(store));
        for result in FINISHES {
            externs.push(host_func(store, &[], result, Arc::new(|mut store, _args| finish::finish(&mut store))));
        }
        externs.push(host_func(store, &[FlatType::I64], Some(FlatType::I64), Arc::new(end)));
        externs.push(host_func(store, &[], None, Arc::new(uncaught)));
        externs.push(run_func(store));
        let component = store.state().roots.get(root)?.component.clone();
        for this in &glued(component.plan()) {
            externs.push(begin(store, root, this)?);
            if this.window.is_some() {
                let (site, _) = find(store.state(), root, this.index)?;
                externs.push(flags_global(store, site.instance)?);
            }
        }
        CoreInstance::new(store, &code.module, &externs)
    }

    /// The function that stands for trampoline `index`, if glue does.
    pub(crate) fn trampoline(
        &mut self,
        store: &mut StoreMut<'_>,
        root: RootId,
        (index, code): (TrampolineIndex, &Code),
        shared: Option<&SharedFuncsOf>,
    ) -> Result<Option<CoreExtern>> {
        let this = store.state().roots.get(root)?;
        let Some(code) = &code.glue else { return Ok(None) };
        if !code.stands_for(this.component.plan(), &this.blocking, index) {
            return Ok(None);
        }
        let instance = match self.0 {
            Some(instance) => instance,
            None => *self.0.insert(Glue::instantiate(store, root, code, shared)?),
        };
        let export = code.trampolines.get(&index).ok_or_else(|| bug!("glue has no trampoline {}", index.0))?;
        Ok(instance.get(store, export))
    }
}

fn begin(store: &mut StoreMut<'_>, root: RootId, this: &Glued) -> Result<CoreExtern> {
    let (site, trampoline) = find(store.state(), root, this.index)?;
    let params = &this.signature.0;
    if let (Canon::Lower { callee, ty, options }, Some((slot, _))) = (&trampoline.canon, &this.callee) {
        let import = LoweredImport::new(site, *callee, ty.clone(), *options);
        let call = DirectCall { site, import, slot: *slot };
        let check = check_of(store.state().roots.get(root)?.component.plan(), &trampoline);
        let body = move |mut store: StoreMut<'_>, args: &[u64]| direct::begin(&mut store, &call, args);
        let result = Some(FlatType::I64);
        let Some(check) = check else { return Ok(host_func(store, params, result, Arc::new(body)).into()) };
        let body = move |mut store: StoreMut<'_>, args: &[u64]| {
            check.pass(&mut store, site.instance)?;
            body(store, args)
        };
        return Ok(host_func(store, params, result, Arc::new(body)).into());
    }
    let wide = this.is_wide();
    let body: Body = match (&trampoline.canon, &this.window) {
        // No older rule is about copies that have windows, since they never wait.
        (Canon::Copy { kind, end, payload, options }, Some(window)) => {
            let kind = *kind;
            let copy = Copy::new(kind, *end, payload.clone(), *options).with_window(store, site, window.number);
            Box::new(move |store, args| stream::copy(store, site, &copy, stream::copy_args(kind, args)))
        }
        _ => checked_body(store, root, this.index)?,
    };
    let body = move |mut store: StoreMut<'_>, args: &[u64]| {
        let outcome = body(&mut store, args)?;
        direct::next(&mut store, outcome, wide)
    };
    Ok(host_func(store, params, Some(FlatType::I64), Arc::new(body)).into())
}
