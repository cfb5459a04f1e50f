//! Generated core wasm around built-ins that can wait, and around calls from guest to guest: its code.
//!
//! For each such trampoline: `begin` with the arguments says what comes next ([`Next`]), in the upper half of its answer.
//! `Call`: the callee cannot block, so glue calls it on this stack (arguments are in the scratch memory, the callee in a
//! table) and tells `end`, which says what comes next. `Park`: `park` suspends the stack. `Finish`, and after a park:
//! `finish` gives the result. `Done`: it is in the lower half.
//!
//! A component without such trampolines has no glue and no suspending import.

use std::collections::HashSet;

use wasm_encoder::{
    BlockType, Catch, CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection,
    Function, FunctionSection, GlobalType, ImportSection, InstructionSink, MemArg, MemArgTarget, MemorySection,
    MemoryType, Module, NameSection, RefType, TableSection, TableType, TypeSection, ValType,
};

use super::direct::Next;
use super::signature::{self, Signature};
use super::window::{Outside, WindowCode, copier_signature, has_windows};
use crate::adapter::NotedPlan;
use crate::engine::GENERATED;
use crate::plan::{Canon, FuncDef, Plan, TrampolineIndex};
use crate::stream::COPIERS;
use crate::types::FlatType;

/// The results that `finish` can give, in the order of the glue's imports.
pub(super) const FINISHES: [Option<FlatType>; 5] =
    [None, Some(FlatType::I32), Some(FlatType::I64), Some(FlatType::F32), Some(FlatType::F64)];
/// Imports before the `begin`s: `park`, the `finish`es, `end`, `uncaught`, `run`.
const FIRST_BEGIN: u32 = RUN + 1;
/// The import `end`.
const END: u32 = 1 + FINISHES.len() as u32;
/// The import `uncaught`.
const UNCAUGHT: u32 = END + 1;
/// The import `run`.
const RUN: u32 = UNCAUGHT + 1;
/// The table of functions that note calls.
const NOTED: u32 = 2;

/// A trampoline that glue stands for.
pub(super) struct Glued {
    pub(super) index: TrampolineIndex,
    pub(super) signature: Signature,
    /// The callee's place in the table and its core type, when it is a guest.
    pub(super) callee: Option<(u32, Signature)>,
    /// When it is a copy that has windows.
    pub(super) window: Option<WindowCode>,
    /// Its place in the table of functions that note calls, if there can be one.
    pub(super) noted: Option<u32>,
    /// Whether it is a built-in that never waits, and here only to be noted.
    pub(super) built_in: bool,
}

pub(super) fn glued(plan: &Plan) -> Vec<Glued> {
    let mut all = Vec::new();
    let (mut slots, has_windows) = (0, has_windows(plan));
    let noted = NotedPlan::new(plan);
    let (calls, built_ins): (HashSet<_>, HashSet<_>) = (noted.calls().collect(), noted.built_ins().collect());
    let mut places = 0..;
    for (index, trampoline) in plan.trampolines.iter().enumerate() {
        let window = WindowCode::of(&trampoline.canon, plan, index as u32 + 1).filter(|_| has_windows);
        let index = TrampolineIndex(index as u32);
        let built_in = built_ins.contains(&index);
        if window.is_none() && !built_in && !is_glued(&trampoline.canon, plan) {
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
        let noted = if built_in || calls.contains(&index) { places.next() } else { None };
        all.push(Glued { index, signature, callee, window, noted, built_in });
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
    // Noted built-ins come with calls of guests.
    has_windows(plan) || plan.trampolines.iter().any(|trampoline| is_glued(&trampoline.canon, plan))
}

/// The glue module of a plan; none when nothing needs it.
pub(crate) fn encode_glue(plan: &Plan) -> Option<Vec<u8>> {
    let glued = glued(plan);
    if glued.is_empty() {
        return None;
    }
    let mut parts = Parts::new(glued.len() as u32);
    for (i, this) in glued.iter().enumerate() {
        parts.add(FIRST_BEGIN + i as u32, this);
    }
    parts.add_runner();
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
    /// The number of the next function that is defined here.
    next: u32,
    /// What goes the plain way, for the table of functions that note calls.
    plain: Vec<u32>,
}

impl Parts {
    /// For `count` trampolines.
    fn new(count: u32) -> Self {
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
        Parts {
            types,
            imports,
            functions,
            exports,
            code: CodeSection::new(),
            callees: 0,
            copier: None,
            globals: 0,
            next: FIRST_BEGIN + count,
            plain: Vec::new(),
        }
    }

    fn function_type(&mut self, (params, result): &Signature) -> u32 {
        let ty = self.types.len();
        self.types.ty().function(params.iter().copied().map(val_type), result.map(val_type));
        ty
    }

    /// Adds a function; gives its number.
    fn function(&mut self, ty: u32, code: &Function) -> u32 {
        self.functions.function(ty);
        self.code.function(code);
        self.next += 1;
        self.next - 1
    }

    /// Adds a glued trampoline, whose `begin` has this number.
    fn add(&mut self, begin: u32, this: &Glued) {
        let own = self.function_type(&this.signature);
        let name = this.index.0.to_string();
        let plain = if this.built_in {
            self.imports.import("begin", &name, EntityType::Function(own));
            begin
        } else {
            self.add_body(begin, own, this)
        };
        let Some(place) = this.noted else {
            self.exports.export(&name, ExportKind::Func, plain);
            return;
        };
        self.plain.push(plain);
        self.exports.export(&format!("plain{name}"), ExportKind::Func, plain);
        let chosen = self.function(own, &through_table(&this.signature.0, place, own));
        self.exports.export(&name, ExportKind::Func, chosen);
        if !this.built_in {
            let ty = self.function_type(&(vec![FlatType::I64], this.signature.1));
            let end = self.function(ty, &end_body(this.signature.1));
            self.exports.export(&format!("end{name}"), ExportKind::Func, end);
        }
    }

    /// Adds what begins and ends a trampoline.
    fn add_body(&mut self, number: u32, own: u32, this: &Glued) -> u32 {
        let name = this.index.0.to_string();
        let begin = self.function_type(&(this.signature.0.clone(), Some(FlatType::I64)));
        self.imports.import("begin", &name, EntityType::Function(begin));
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
        self.function(own, &body(&this.signature, number, callee, window))
    }

    /// Adds the function that stacks begin with.
    fn add_runner(&mut self) {
        let mut function = Function::new([]);
        function.instructions().call(RUN).end();
        let run = self.function(0, &function);
        self.exports.export("run", ExportKind::Func, run);
    }

    fn finish(mut self) -> Vec<u8> {
        let mut module = Module::new();
        module.section(&self.types).section(&self.imports).section(&self.functions);
        if self.callees > 0 || self.copier.is_some() {
            self.places(&mut module);
        }
        module.section(&self.exports);
        if !self.plain.is_empty() {
            let mut elements = ElementSection::new();
            let plain = Elements::Functions(self.plain.as_slice().into());
            elements.active(Some(NOTED), &ConstExpr::i32_const(0), plain);
            module.section(&elements);
        }
        module.section(&self.code);
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
        let noted = self.plain.len() as u64;
        let copiers = if self.copier.is_some() { u64::from(COPIERS) } else { 0 };
        for (count, name) in [(copiers, "copiers"), (noted, "noted")] {
            let ty = TableType { element_type, table64: false, minimum: count, maximum: Some(count), shared: false };
            let number = tables.len();
            tables.table(ty);
            if count > 0 {
                self.exports.export(name, ExportKind::Table, number);
            }
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
    split(code.call(begin), [answer, next]);
    if let Some((slot, ty, signature)) = callee {
        code.local_get(next).i32_const(Next::Call as i32).i32_eq().if_(BlockType::Empty);
        call(&mut code, slot, ty, signature);
        split(code.call(END), [answer, next]);
        code.end();
    }
    answer_with(&mut code, [answer, next], *result);
    function
}

/// Takes what `begin` or `end` answered from the stack: the whole into `answer`, the upper half into `next`.
fn split(code: &mut InstructionSink<'_>, [answer, next]: [u32; 2]) {
    code.local_tee(answer).i64_const(32).i64_shr_u().i32_wrap_i64().local_set(next);
}

/// What ends a call whose core call has returned the bits that are its parameter.
fn end_body(result: Option<FlatType>) -> Function {
    let (answer, next) = (0, 1);
    let mut function = Function::new([(1, ValType::I32)]);
    let mut code = function.instructions();
    split(code.local_get(answer).call(END), [answer, next]);
    answer_with(&mut code, [answer, next], result);
    function
}

/// Calls the function at `place` of the table of those that note calls, which is of type `ty`.
fn through_table(params: &[FlatType], place: u32, ty: u32) -> Function {
    let mut function = Function::new([]);
    let mut code = function.instructions();
    for param in 0..params.len() as u32 {
        code.local_get(param);
    }
    code.i32_const(place as i32).call_indirect(NOTED, ty).end();
    function
}

/// Gives the answer in the lower half of `answer`, or parks if `next` says so and asks for it.
fn answer_with(code: &mut InstructionSink<'_>, [answer, next]: [u32; 2], result: Option<FlatType>) {
    let finish = 1 + FINISHES.iter().position(|finish| *finish == result).unwrap_or(0) as u32;
    if !matches!(result, Some(FlatType::I64 | FlatType::F64)) {
        code.local_get(next).i32_const(Next::Done as i32).i32_eq().if_(BlockType::Empty);
        match result {
            Some(FlatType::F32) => code.local_get(answer).i32_wrap_i64().f32_reinterpret_i32(),
            Some(_) => code.local_get(answer).i32_wrap_i64(),
            None => &mut *code,
        };
        code.return_().end();
    }
    code.local_get(next).if_(BlockType::Empty).call(0).end().call(finish).end();
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
