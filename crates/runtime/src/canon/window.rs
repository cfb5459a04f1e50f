//! The code of a copy that glue does by itself while a window is open for it; see `stream/window.rs`.

use wasm_encoder::{
    BlockType, CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection,
    InstructionSink, MemArg, MemArgTarget, MemoryType, Module, NameSection, TypeSection, ValType,
};

use super::signature::Signature;
use crate::engine::GENERATED;
use crate::instance::MAY_LEAVE;
use crate::plan::{Canon, End, Kind, Plan, Trampoline};
use crate::stream::{MAX_LENGTH, window};
use crate::task::noted::{DEPTH, LEAF_SHIFT};
use crate::types::{FlatType, PtrType};

/// The type of what copies bytes from memory to memory: where in the own one, where in the other one, how many.
pub(super) fn copier_signature() -> Signature {
    (vec![FlatType::I32; 3], None)
}

/// Bytes of an item and its alignment, if the copy is one for which there may be windows: of numbers, in a memory of 32
/// bits, and one that answers BLOCKED instead of waiting.
fn windowed(canon: &Canon, plan: &Plan) -> Option<(u32, u32)> {
    let Canon::Copy { kind: Kind::Stream, payload: Some(payload), options, .. } = canon else { return None };
    let options = plan.options.get(options.at())?;
    // A window's words have room for addresses of 32 bits.
    let narrow = options.memory.is_some() && options.ptr_type == PtrType::I32;
    let fits = payload.is_number() && options.async_ && narrow;
    fits.then(|| (payload.size(PtrType::I32), payload.align(PtrType::I32)))
}

/// Whether there are windows in a plan: only where one of its components may read what another one writes.
pub(super) fn has_windows(plan: &Plan) -> bool {
    let of = |side: End| {
        let of_side = move |this: &&Trampoline| matches!(this.canon, Canon::Copy { end, .. } if end == side);
        plan.trampolines.iter().filter(of_side).filter(|this| windowed(&this.canon, plan).is_some())
    };
    of(End::Readable).any(|reads| of(End::Writable).any(|writes| writes.instance != reads.instance))
}

/// What the code of a window needs of its module.
pub(super) struct Outside {
    /// The type of the functions in table 1.
    pub(super) copier: u32,
    /// The global with the flags of the instance.
    pub(super) flags: u32,
}

/// A copy for which there may be windows.
pub(super) struct WindowCode {
    /// What tells it from the others of the same glue; not 0.
    pub(super) number: u32,
    size: u32,
    align: u32,
}

impl WindowCode {
    /// That of a built-in of a plan that [has windows](has_windows).
    pub(super) fn of(canon: &Canon, plan: &Plan, number: u32) -> Option<Self> {
        windowed(canon, plan).map(|(size, align)| WindowCode { number, size, align })
    }

    /// Writes the code, which returns, or goes on behind itself when the host has to do the copy. The parameters are the
    /// first three locals, `place` and `n` two others of `i32`.
    pub(super) fn encode(&self, code: &mut InstructionSink<'_>, [place, n]: [u32; 2], outside: Outside) {
        let (handle, ptr, length) = (0, 1, 2);
        code.block(BlockType::Empty);
        code.global_get(outside.flags).i32_const(MAY_LEAVE.cast_signed()).i32_and().i32_eqz().br_if(0);
        // While a `realloc` runs in a call that is noted, its instance may not be left either.
        code.i32_const(0).i32_load(field(DEPTH, 2)).i32_const(LEAF_SHIFT.cast_signed()).i32_shr_u().br_if(0);
        self.is_closed(code, handle, place, window::PLACES[0]);
        code.if_(BlockType::Empty);
        self.is_closed(code, handle, place, window::PLACES[1]);
        code.br_if(1).end();
        // A length of 0 is the host's, and so is everything that traps.
        code.local_get(length).i32_const(1).i32_sub().i32_const(MAX_LENGTH.cast_signed()).i32_ge_u().br_if(0);
        if self.align > 1 {
            code.local_get(ptr).i32_const((self.align - 1).cast_signed()).i32_and().br_if(0);
        }
        code.local_get(ptr).i64_extend_i32_u().local_get(length).i64_extend_i32_u();
        code.i64_const(i64::from(self.size)).i64_mul().i64_add();
        code.local_get(place).i64_load(field(window::MEMORY_SIZE, 3)).i64_gt_u().if_(BlockType::Empty);
        store(code, place, window::MEMORY_SIZE, |code| _ = code.i32_const(0));
        code.br(1).end();
        load(code, place, window::LEFT).local_tee(n).i32_eqz().if_(BlockType::Empty);
        load(code, place, window::LENGTH).br_if(1);
        store(code, place, window::PTR, |code| _ = code.local_get(ptr));
        store(code, place, window::LENGTH, |code| _ = code.local_get(length));
        used(code, place);
        code.i32_const(-1).return_().end();
        code.local_get(n).local_get(length).local_get(n).local_get(length).i32_lt_u().select().local_set(n);
        load(code.local_get(ptr), place, window::OTHER);
        self.bytes(code, n);
        load(code, place, window::COPIER).call_indirect(1, outside.copier);
        store(code, place, window::LEFT, |code| _ = load(code, place, window::LEFT).local_get(n).i32_sub());
        store(code, place, window::OTHER, |code| {
            load(code, place, window::OTHER);
            self.bytes(code, n);
            code.i32_add();
        });
        store(code, place, window::COPIED, |code| _ = load(code, place, window::COPIED).local_get(n).i32_add());
        used(code, place);
        code.local_get(n).i32_const(4).i32_shl().return_().end();
    }

    /// Whether the window at `at` is for another copy, or for none; `place` is set to `at`.
    fn is_closed(&self, code: &mut InstructionSink<'_>, handle: u32, place: u32, at: u32) {
        code.i32_const(at.cast_signed()).local_tee(place).i64_load(field(window::KEY, 3));
        code.local_get(handle)
            .i64_extend_i32_u()
            .i64_const(window::key(self.number, 0).cast_signed())
            .i64_or()
            .i64_ne();
    }

    /// The bytes of `n` items.
    fn bytes(&self, code: &mut InstructionSink<'_>, n: u32) {
        code.local_get(n);
        if self.size > 1 {
            code.i32_const(self.size.cast_signed()).i32_mul();
        }
    }
}

/// Numbers the windows in the order in which they were first used.
fn used(code: &mut InstructionSink<'_>, place: u32) {
    load(code, place, window::ORDER).i32_eqz().if_(BlockType::Empty);
    let uses = field(window::USES, 2);
    code.i32_const(0).i32_const(0).i32_load(uses).i32_const(1).i32_add().i32_store(uses);
    store(code, place, window::ORDER, |code| _ = code.i32_const(0).i32_load(uses));
    code.end();
}

fn load<'c, 's>(code: &'c mut InstructionSink<'s>, place: u32, at: u32) -> &'c mut InstructionSink<'s> {
    code.local_get(place).i32_load(field(at, 2))
}

fn store(code: &mut InstructionSink<'_>, place: u32, at: u32, value: impl FnOnce(&mut InstructionSink<'_>)) {
    code.local_get(place);
    value(code);
    code.i32_store(field(at, 2));
}

fn field(at: u32, align: u32) -> MemArg {
    MemArg { offset: u64::from(at), align, target: MemArgTarget::Memory(0), ordering: None }
}

/// A module that copies between two memories: `read` from the other one to the own one, `write` back.
pub(crate) fn encode_copier() -> Vec<u8> {
    let (mut types, mut imports, mut functions) = (TypeSection::new(), ImportSection::new(), FunctionSection::new());
    let (mut exports, mut code) = (ExportSection::new(), CodeSection::new());
    types.ty().function([ValType::I32; 3], []);
    let any = MemoryType { minimum: 0, maximum: None, memory64: false, shared: false, page_size_log2: None };
    imports.import("", "own", EntityType::Memory(any)).import("", "other", EntityType::Memory(any));
    let (own, other) = ((0, 0), (1, 1));
    for (i, (name, from, to)) in [("read", other, own), ("write", own, other)].into_iter().enumerate() {
        functions.function(0);
        exports.export(name, ExportKind::Func, i as u32);
        let mut function = Function::new([]);
        let byte = |memory| MemArg { offset: 0, align: 0, target: MemArgTarget::Memory(memory), ordering: None };
        let mut sink = function.instructions();
        // The engine's own way costs more than a byte does.
        sink.local_get(2).i32_const(1).i32_eq().if_(BlockType::Empty);
        sink.local_get(to.1).local_get(from.1).i32_load8_u(byte(from.0)).i32_store8(byte(to.0)).return_().end();
        sink.local_get(to.1).local_get(from.1).local_get(2).memory_copy(to.0, from.0).end();
        code.function(&function);
    }
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&exports).section(&code);
    let mut names = NameSection::new();
    names.module(GENERATED);
    module.section(&names);
    module.finish()
}
