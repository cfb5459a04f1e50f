//! One call: the whole of `canon_lower` around the whole of `canon_lift`, for a function that cannot wait.

use std::sync::Arc;

use wasm_encoder::{BlockType, Catch, Function, Instruction};

use super::allocate::allocate;
use super::code::Code;
use super::import::{CoreType, Imports};
use super::place::{Place, Pointer, Side, Slot, Way, new_i32, new_slots};
use super::value::{translate, translate_tuple};
use crate::error::bug;
use crate::instance::MAY_LEAVE;
use crate::types::{FlatType, FuncType, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, PtrType, ValType};
use crate::{Result, Trap};

/// The function that moves handles of each type.
pub(super) type Handles = Vec<(ValType, u32)>;

/// What an adapter calls and whom it joins, by the module's numbers.
pub(super) struct Call {
    /// The component-level type.
    pub(super) ty: Arc<FuncType>,
    /// The core type that the caller sees.
    pub(super) signature: CoreType,
    /// Who calls.
    pub(super) caller: Side,
    /// Who is called.
    pub(super) callee: Side,
    /// The core function.
    pub(super) func: u32,
    /// What is called with its result in the end.
    pub(super) post_return: Option<u32>,
    /// What moves strings, in the parameters and in the result. See [`Way`].
    pub(super) strings: (Option<u32>, Option<u32>),
    /// What moves handles of each type, in the parameters and in the result.
    pub(super) handles: (Handles, Handles),
    /// What is called before the core function and after `post-return`: an entry of the call is made and taken away, if
    /// they may ask for their task; or they have empty thread-local storage, if they use that.
    pub(super) thread: Option<(u32, u32)>,
    /// What is called before arguments are lifted and after the callee returned, if borrows are counted.
    pub(super) borrows: Option<(u32, u32)>,
}

/// How parameters and the result of a lifted function are core values. Spec: `flatten_functype`.
pub(super) fn lifted(ty: &FuncType, ptr: PtrType) -> CoreType {
    let params = flat_params(ty, ptr).unwrap_or_else(|| vec![ptr.flat()]);
    let result = ty.result.as_ref().map(|ty| match &ty.layout(ptr).flat {
        Some(flat) if flat.len() <= MAX_FLAT_RESULTS => flat.first().copied(),
        _ => Some(ptr.flat()),
    });
    CoreType { params, result: result.flatten() }
}

/// The flat types of the parameters, unless they go through memory.
fn flat_params(ty: &FuncType, ptr: PtrType) -> Option<Vec<FlatType>> {
    let flat = ty.params.layout.of(ptr).flat.as_deref()?;
    (flat.len() <= MAX_FLAT_PARAMS).then(|| flat.to_vec())
}

impl Call {
    /// The adapter's code.
    pub(super) fn encode(&self, trap: u32) -> Result<Function> {
        let mut code = Code::new(self.signature.params.len() as u32, trap);
        // Spec: `call_and_trap_on_throw`, for everything that the adapter calls.
        code.op(Instruction::Block(BlockType::Empty));
        code.op(Instruction::TryTable(BlockType::Empty, vec![Catch::All { label: 0 }].into()));
        self.enter(&mut code);
        if let Some((begin, _)) = self.borrows {
            code.call(begin);
        }
        let args = self.args(&mut code)?;
        let answer = self.call(&mut code, &args);
        if let Some((_, end)) = self.borrows {
            code.call(end);
        }
        let result = self.result(&mut code, answer)?;
        self.leave(&mut code, answer);
        if let Some(result) = result {
            code.get(result.local);
        }
        code.ops([Instruction::Return, Instruction::End, Instruction::End]);
        code.trap(Trap::UncaughtException);
        Ok(code.finish())
    }

    /// Spec: `trap_if(not inst.may_leave)`.
    fn enter(&self, code: &mut Code) {
        code.op(Instruction::GlobalGet(self.caller.flags)).i32(MAY_LEAVE);
        code.ops([Instruction::I32And, Instruction::I32Eqz]).trap_if(Trap::CannotLeave);
    }

    /// Spec: `lift_flat_values` in the caller, `lower_flat_values` in the callee.
    fn args(&self, code: &mut Code) -> Result<Vec<Slot>> {
        let way = Way { from: self.caller, to: self.callee, strings: self.strings.0, handles: &self.handles.0 };
        let tuple = &self.ty.params;
        if let (Some(from), Some(to)) = (flat_params(&self.ty, way.from.ptr), flat_params(&self.ty, way.to.ptr)) {
            let given: Vec<_> = (0..).zip(&from).map(|(local, &ty)| Slot { local, ty }).collect();
            let args = new_slots(code, &to);
            translate_tuple(code, &way, tuple, (Place::Flat(&given), Place::Flat(&args)))?;
            return Ok(args);
        }
        let layout = tuple.layout.of(way.from.ptr);
        self.caller.check_pointer(code, 0, layout.size, layout.align)?;
        let layout = tuple.layout.of(way.to.ptr);
        let size = new_i32(code);
        code.i32(layout.size).set(size);
        let copy = allocate(code, &self.callee, layout.align, size, Trap::ReallocOutOfBounds)?;
        translate_tuple(code, &way, tuple, (whole(0), whole(copy)))?;
        Ok(vec![Slot { local: copy, ty: way.to.ptr.flat() }])
    }

    /// The core call; gives its result.
    fn call(&self, code: &mut Code, args: &[Slot]) -> Option<Slot> {
        let answer = new_slots(code, lifted(&self.ty, self.callee.ptr).result.as_slice()).first().copied();
        if let Some((enter, _)) = self.thread {
            code.call(enter);
        }
        for arg in args {
            code.get(arg.local);
        }
        code.call(self.func);
        if let Some(answer) = answer {
            code.set(answer.local);
        }
        answer
    }

    /// Spec: `lift_flat_values` in the callee, `lower_flat_values` in the caller. Gives what the adapter returns.
    fn result(&self, code: &mut Code, answer: Option<Slot>) -> Result<Option<Slot>> {
        let (Some(ty), Some(answer)) = (&self.ty.result, answer) else { return Ok(None) };
        let way = Way { from: self.callee, to: self.caller, strings: self.strings.1, handles: &self.handles.1 };
        let layout = ty.layout(way.to.ptr);
        if let Some(flat) = layout.flat.as_deref().filter(|flat| flat.len() <= MAX_FLAT_RESULTS) {
            let result = new_slots(code, flat);
            translate(code, &way, ty, (Place::Flat(&[answer]), Place::Flat(&result)))?;
            return Ok(result.first().copied());
        }
        let out = self.signature.params.len().checked_sub(1).ok_or_else(|| bug!("a result has nowhere to go"))? as u32;
        let given = ty.layout(way.from.ptr);
        self.callee.check_pointer(code, answer.local, given.size, given.align)?;
        self.caller.check_pointer(code, out, layout.size, layout.align)?;
        translate(code, &way, ty, (whole(answer.local), whole(out)))?;
        Ok(None)
    }

    /// Spec: `post_return`.
    fn leave(&self, code: &mut Code, answer: Option<Slot>) {
        if let Some(post_return) = self.post_return {
            code.set_global(self.callee.flags, 0);
            if let Some(answer) = answer {
                code.get(answer.local);
            }
            code.call(post_return).set_global(self.callee.flags, MAY_LEAVE);
        }
        if let Some((_, leave)) = self.thread {
            code.call(leave);
        }
    }
}

/// What the pointer in `local` points at.
pub(super) fn whole(local: u32) -> Place<'static> {
    Place::Memory(Pointer { local, offset: 0 })
}

/// The function that traps.
pub(super) fn trap_import(imports: &mut Imports) -> u32 {
    imports.func(super::import::Import::Trap, &[FlatType::I32], None)
}
