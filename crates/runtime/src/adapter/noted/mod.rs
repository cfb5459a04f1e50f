//! Generated code that makes async calls from one component to another by itself; see `task/noted.rs`.
//!
//! It is a module of its own, which is instantiated when such calls are made often. Its functions stand for three kinds of
//! trampolines: calls, `task.return` of the callees, and the `context` built-ins of these. Each does what the host
//! would, as long as the running call is noted and nothing unusual happens; else it calls the function of the glue that
//! goes the plain way.

mod plan;
mod values;

use wasm_encoder::{
    BlockType, Catch, CodeSection, ConstExpr, ElementSection, Elements, ExportKind, ExportSection, FunctionSection,
    Instruction, Module, NameSection, RefType, TableSection, TableType,
};

pub(crate) use self::plan::NotedPlan;
use self::plan::{Call, Context, Return};
use super::call::{lifted, trap_import};
use super::code::Code;
use super::import::{CoreType, Import, Imports};
use super::place::{Slot, mem_arg, new_i32, new_slots};
use super::utf8::check_utf8;
use crate::canon::signature;
use crate::engine::GENERATED;
use crate::error::bug;
use crate::instance::MAY_LEAVE;
use crate::plan::{InstanceIndex, MemoryIndex, Plan, Reached, TrampolineIndex};
use crate::task::noted::{
    ARGS, CLASS, CLOSED, DEPTH, GATES, MAX_NOTES, MAY_NOT_LEAVE, NOTE_SHIFT, NOTES, RESULT, RETURNED, STORAGE, TAKES,
    TRAMPOLINE,
};
use crate::task::{SubtaskState, callback_code};
use crate::types::{FlatType, PtrType};
use crate::{Result, Trap};

/// The module for a plan, whose code reaches what was `reached`; none when it has no such calls. `flags`: its instances have
/// their flags in globals.
pub(crate) fn encode_noted(plan: &Plan, flags: bool, reached: Option<&Reached>) -> Result<Option<Vec<u8>>> {
    let noted = NotedPlan::new(plan);
    if noted.calls.is_empty() {
        return Ok(None);
    }
    let mut imports = Imports::default();
    let trap = trap_import(&mut imports);
    let board = imports.memory_of(Import::Board);
    let mut writer = Writer { plan, reached, imports, trap, board, flags, checks: Vec::new(), first: 0 };
    // Once to find out what is imported, for functions that are defined here come after that.
    writer.functions(&noted)?;
    writer.first = writer.imports.func_count();
    let functions = writer.functions(&noted)?;
    Ok(Some(writer.module(functions, noted.calls.len() as u32)))
}

struct Writer<'p> {
    plan: &'p Plan,
    reached: Option<&'p Reached>,
    imports: Imports,
    trap: u32,
    /// The memory with the notes.
    board: u32,
    flags: bool,
    /// The memories in which strings are checked. Functions that do it come first, in this order.
    checks: Vec<MemoryIndex>,
    /// The number of the first function that is defined here.
    first: u32,
}

/// A function: its type, its code, and what it stands for.
type Written = (CoreType, Code, Option<TrampolineIndex>);

impl Writer<'_> {
    /// All functions but those that check strings. Those that take results come first, in the order of the calls; they
    /// are in the table.
    fn functions(&mut self, noted: &NotedPlan<'_>) -> Result<Vec<Written>> {
        let mut functions: Vec<Written> = Vec::new();
        for call in &noted.calls {
            let (ty, code) = self.takes(call)?;
            functions.push((ty, code, None));
        }
        for (number, call) in noted.calls.iter().enumerate() {
            let (ty, code) = self.call(call, number as u32)?;
            functions.push((ty, code, Some(call.index)));
        }
        for this in &noted.returns {
            let (ty, code) = self.returns(this)?;
            functions.push((ty, code, Some(this.index)));
        }
        for (index, context) in &noted.contexts {
            let (ty, code) = self.context(*index, *context)?;
            functions.push((ty, code, Some(*index)));
        }
        Ok(functions)
    }

    fn module(mut self, all: Vec<Written>, in_table: u32) -> Vec<u8> {
        let (mut functions, mut exports, mut code) = (FunctionSection::new(), ExportSection::new(), CodeSection::new());
        let range = CoreType { params: vec![FlatType::I32; 2], result: None };
        for memory in std::mem::take(&mut self.checks) {
            let host = self.check_in_host(memory);
            functions.function(self.imports.ty(range.clone()));
            let ptr = PtrType::I32;
            let memory = self.imports.memory(memory, ptr);
            code.function(&check_utf8((memory, ptr), host, self.trap).finish());
        }
        let first = self.first + functions.len();
        for (number, (ty, body, index)) in (first..).zip(all) {
            functions.function(self.imports.ty(ty));
            code.function(&body.finish());
            if let Some(index) = index {
                exports.export(&index.0.to_string(), ExportKind::Func, number);
            }
        }
        let (mut tables, mut elements) = (TableSection::new(), ElementSection::new());
        let (minimum, maximum) = (u64::from(in_table), Some(u64::from(in_table)));
        let element_type = RefType::FUNCREF;
        tables.table(TableType { element_type, table64: false, minimum, maximum, shared: false });
        let takes: Vec<u32> = (first..first + in_table).collect();
        elements.active(None, &ConstExpr::i32_const(0), Elements::Functions(takes.into()));
        let (types, imports) = self.imports.sections();
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions).section(&tables);
        module.section(&exports).section(&elements).section(&code);
        let mut names = NameSection::new();
        names.module(GENERATED);
        module.section(&names);
        module.finish()
    }

    fn signature(&self, index: TrampolineIndex) -> Result<CoreType> {
        let trampoline = self.plan.trampolines.get(index.at()).ok_or_else(|| bug!("no trampoline {}", index.0))?;
        let (params, result) = signature(trampoline, self.plan);
        Ok(CoreType { params, result })
    }

    /// A load or store of `size` bytes in a note, or at an address.
    fn at(&self, offset: u32, size: u32) -> wasm_encoder::MemArg {
        mem_arg(self.board, offset, size)
    }

    /// Puts a word of the board on the stack.
    fn load(&self, code: &mut Code, at: u32) {
        code.i32(0).op(Instruction::I32Load(self.at(at, 4)));
    }

    /// Leaves the block around unless `instance` may be left.
    fn check_may_leave(&mut self, code: &mut Code, instance: InstanceIndex) {
        if self.flags {
            let flags = self.imports.flags(instance, false);
            code.op(Instruction::GlobalGet(flags)).i32(MAY_LEAVE);
            code.ops([Instruction::I32And, Instruction::I32Eqz, Instruction::BrIf(0)]);
        }
        self.load(code, gate(instance));
        code.i32(MAY_NOT_LEAVE).ops([Instruction::I32And, Instruction::BrIf(0)]);
    }

    /// Sets `note` to the last note, and leaves the block around if there is none, or if a `realloc` runs.
    fn last_note(&self, code: &mut Code, note: u32) {
        self.load(code, DEPTH);
        code.i32(1).op(Instruction::I32Sub).tee(note);
        code.i32(MAX_NOTES).ops([Instruction::I32GeU, Instruction::BrIf(0)]);
        address(code.get(note));
        code.set(note);
    }

    /// Calls the function of the glue that goes the plain way, with the parameters.
    fn plain(&mut self, code: &mut Code, index: TrampolineIndex, ty: &CoreType) {
        let func = self.imports.func(Import::Plain(index), &ty.params, ty.result);
        for param in 0..ty.params.len() {
            code.get(param as u32);
        }
        code.call(func);
    }

    /// A call.
    fn call(&mut self, call: &Call<'_>, number: u32) -> Result<(CoreType, Code)> {
        let ty = self.signature(call.index)?;
        let mut code = Code::new(ty.params.len() as u32, self.trap);
        let [depth, note, inside] = [(); 3].map(|()| new_i32(&mut code));
        let callee = gate(call.callee.instance);
        code.op(Instruction::Block(BlockType::Empty));
        self.check_may_leave(&mut code, call.caller.instance);
        self.load(&mut code, callee);
        code.i32(CLOSED).ops([Instruction::I32And, Instruction::BrIf(0)]);
        self.load(&mut code, DEPTH);
        code.tee(depth).i32(MAX_NOTES).ops([Instruction::I32GeU, Instruction::BrIf(0)]);
        address(code.get(depth));
        code.set(note);
        self.note(&mut code, note, (call, number), &ty.params);
        code.i32(0).get(depth).i32(1).op(Instruction::I32Add).tee(inside).op(Instruction::I32Store(self.at(DEPTH, 4)));
        code.i32(0);
        self.load(&mut code, callee);
        code.i32(CLOSED).ops([Instruction::I32Or, Instruction::I32Store(self.at(callee, 4))]);
        let answer = self.core_call(&mut code, call, inside)?;
        self.leave(&mut code, (call, &ty), [depth, note, inside], answer)?;
        code.op(Instruction::End);
        self.plain(&mut code, call.index, &ty);
        Ok((ty, code))
    }

    /// The core call, with its arguments; gives its result. `inside`: the local with the number of notes.
    fn core_call(&mut self, code: &mut Code, call: &Call<'_>, inside: u32) -> Result<Option<Slot>> {
        let result =
            if call.callee.async_ { Some(FlatType::I32) } else { lifted(&call.lift.ty, call.callee.ptr_type).result };
        let answer = new_slots(code, result.as_slice()).first().copied();
        // Of the arguments, too, where they need an allocator.
        begin_catch(code);
        let args = self.args(code, call, inside)?;
        let flat: Vec<_> = args.iter().map(|arg| arg.ty).collect();
        let func = self.imports.func(Import::Func(call.lift.callee), &flat, result);
        for arg in args {
            code.get(arg.local);
        }
        code.call(func);
        if let Some(answer) = answer {
            code.set(answer.local);
        }
        end_catch(code);
        Ok(answer)
    }

    /// The core call has returned: strikes the note out and returns from the function, or lets the host end the call.
    fn leave(
        &mut self,
        code: &mut Code,
        (call, ty): (&Call<'_>, &CoreType),
        [depth, note, inside]: [u32; 3],
        answer: Option<Slot>,
    ) -> Result<()> {
        let callee = gate(call.callee.instance);
        // Not noted any more, goes on, or gave no result: the host knows what to do.
        self.load(code, DEPTH);
        code.get(inside).op(Instruction::I32Ne);
        if let (true, Some(packed)) = (call.callee.async_, answer) {
            code.get(packed.local).i32(callback_code::MASK).ops([Instruction::I32And, Instruction::I32Or]);
            code.get(note).ops([Instruction::I32Load(self.at(RETURNED, 4)), Instruction::I32Eqz, Instruction::I32Or]);
        }
        code.op(Instruction::If(BlockType::Empty));
        let end = self.imports.func(Import::End(call.index), &[FlatType::I64], ty.result);
        long_or_zero(code, answer);
        code.call(end).ops([Instruction::Return, Instruction::End]);
        let out = (ty.params.len() as u32).saturating_sub(1);
        let returned = if call.callee.async_ { None } else { self.result(code, call, answer, out)? };
        code.i32(0).get(depth).op(Instruction::I32Store(self.at(DEPTH, 4)));
        code.i32(0);
        self.load(code, callee);
        code.i32(!CLOSED).ops([Instruction::I32And, Instruction::I32Store(self.at(callee, 4))]);
        if call.caller.async_ {
            code.i32(SubtaskState::Returned as u32);
        } else if let Some(returned) = returned {
            code.get(returned.local);
        } else if let Some(result) = ty.result {
            code.get(note).op(match result {
                FlatType::I32 => Instruction::I32Load(self.at(RESULT, 4)),
                FlatType::I64 => Instruction::I64Load(self.at(RESULT, 8)),
                FlatType::F32 => Instruction::F32Load(self.at(RESULT, 4)),
                FlatType::F64 => Instruction::F64Load(self.at(RESULT, 8)),
            });
        }
        code.op(Instruction::Return);
        Ok(())
    }

    /// Writes the note of a call.
    fn note(&self, code: &mut Code, note: u32, (call, number): (&Call<'_>, u32), params: &[FlatType]) {
        const { assert!(CLASS == TRAMPOLINE + 4 && TAKES == RETURNED + 4) };
        let both = |low: u32, high: u32| (u64::from(low) | u64::from(high) << 32).cast_signed();
        let head = both(call.index.0, call.class.unwrap_or(0));
        let words = [(TRAMPOLINE, head), (RETURNED, both(0, number)), (STORAGE, 0), (STORAGE + 8, 0)];
        for (at, word) in words {
            code.get(note).ops([Instruction::I64Const(word), Instruction::I64Store(self.at(at, 8))]);
        }
        for ((param, ty), at) in (0..).zip(params).zip((ARGS..).step_by(8)) {
            code.get(note).get(param);
            self.store_long(code, *ty, at);
        }
    }

    /// Takes a core value from the stack, and the address below it, and keeps its bits.
    fn store_long(&self, code: &mut Code, ty: FlatType, at: u32) {
        long(code, ty);
        code.op(Instruction::I64Store(self.at(at, 8)));
    }

    /// `task.return`, of the call that is noted last.
    fn returns(&mut self, this: &Return) -> Result<(CoreType, Code)> {
        let ty = self.signature(this.index)?;
        let mut code = Code::new(ty.params.len() as u32, self.trap);
        let note = new_i32(&mut code);
        code.op(Instruction::Block(BlockType::Empty));
        self.check_may_leave(&mut code, this.instance);
        self.last_note(&mut code, note);
        code.get(note).op(Instruction::I32Load(self.at(CLASS, 4)));
        code.i32(this.class).op(Instruction::I32Ne);
        // A second result is the host's to refuse.
        code.get(note).op(Instruction::I32Load(self.at(RETURNED, 4)));
        code.ops([Instruction::I32Or, Instruction::BrIf(0)]);
        for param in 0..ty.params.len() {
            code.get(param as u32);
        }
        let type_index = self.imports.ty(ty.clone());
        code.get(note).op(Instruction::I32Load(self.at(TAKES, 4)));
        code.ops([Instruction::CallIndirect { type_index, table_index: 0 }, Instruction::Return, Instruction::End]);
        self.plain(&mut code, this.index, &ty);
        Ok((ty, code))
    }

    /// `context.get` or `context.set`, of the call that is noted last.
    fn context(&mut self, index: TrampolineIndex, context: Context) -> Result<(CoreType, Code)> {
        let ty = self.signature(index)?;
        let mut code = Code::new(ty.params.len() as u32, self.trap);
        let (note, at) = (new_i32(&mut code), STORAGE + 8 * context.slot);
        code.op(Instruction::Block(BlockType::Empty));
        self.last_note(&mut code, note);
        code.get(note);
        if context.sets {
            code.get(0);
            self.store_long(&mut code, if context.i64 { FlatType::I64 } else { FlatType::I32 }, at);
        } else {
            let load = if context.i64 { Instruction::I64Load } else { Instruction::I32Load };
            code.op(load(self.at(at, if context.i64 { 8 } else { 4 })));
        }
        code.ops([Instruction::Return, Instruction::End]);
        self.plain(&mut code, index, &ty);
        Ok((ty, code))
    }
}

/// What comes between this and [`end_catch`] may not throw. Spec: `call_and_trap_on_throw`.
fn begin_catch(code: &mut Code) {
    code.op(Instruction::Block(BlockType::Empty));
    code.op(Instruction::Block(BlockType::Empty));
    code.op(Instruction::TryTable(BlockType::Empty, vec![Catch::All { label: 0 }].into()));
}

fn end_catch(code: &mut Code) {
    code.ops([Instruction::Br(2), Instruction::End, Instruction::End]);
    code.trap(Trap::UncaughtException).op(Instruction::End);
}

/// Makes 64 bits of the core value on the stack.
fn long(code: &mut Code, ty: FlatType) {
    match ty {
        FlatType::I32 => _ = code.op(Instruction::I64ExtendI32U),
        FlatType::F32 => _ = code.ops([Instruction::I32ReinterpretF32, Instruction::I64ExtendI32U]),
        FlatType::F64 => _ = code.op(Instruction::I64ReinterpretF64),
        FlatType::I64 => {}
    }
}

/// 64 bits of what a core function has returned, or 0.
fn long_or_zero(code: &mut Code, answer: Option<Slot>) {
    match answer {
        Some(answer) => long(code.get(answer.local), answer.ty),
        None => _ = code.op(Instruction::I64Const(0)),
    }
}

/// Where the word of an instance is.
fn gate(instance: InstanceIndex) -> u32 {
    GATES + 4 * instance.0
}

/// Makes the address of a note of its number, which is on the stack.
fn address(code: &mut Code) {
    code.i32(NOTE_SHIFT).op(Instruction::I32Shl).i32(NOTES).op(Instruction::I32Add);
}
