//! What crosses in a noted call: arguments and results, moved from memory to memory.

use wasm_encoder::{BlockType, Instruction};

use super::plan::Call;
use super::{Writer, address, begin_catch, end_catch, long_or_zero};
use crate::adapter::allocate::allocate;
use crate::adapter::call::whole;
use crate::adapter::code::Code;
use crate::adapter::convert::RANGE;
use crate::adapter::import::{CoreType, Import};
use crate::adapter::leaf::{Leaf, NotedLeaf};
use crate::adapter::place::{Place, Side, Slot, Way, new_i32, new_slots};
use crate::adapter::supports::Crossing;
use crate::adapter::value::{translate, translate_tuple};
use crate::plan::{CanonicalOptions, InstanceIndex, MemoryIndex, OptionsIndex};
use crate::task::noted::{ARGS, DEPTH, LEAF_SHIFT, RESULT, RETURNED};
use crate::types::{FlatType, MAX_FLAT_ASYNC_PARAMS, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, ValType};
use crate::{Result, Trap};

impl Writer<'_> {
    /// What the host does of the check of a string.
    pub(super) fn check_in_host(&mut self, memory: MemoryIndex) -> u32 {
        self.imports.func(Import::CheckUtf8(memory), &RANGE, None)
    }

    /// The function that checks strings in a memory.
    fn check(&mut self, memory: MemoryIndex) -> u32 {
        self.check_in_host(memory);
        let found = self.checks.iter().position(|other| *other == memory);
        let number = found.unwrap_or_else(|| {
            self.checks.push(memory);
            self.checks.len() - 1
        });
        self.first + number as u32
    }

    /// From where to where values go. `more`: what crosses that is more than numbers, with the local that has the
    /// number of notes.
    fn way(
        &mut self,
        [from, to]: [(OptionsIndex, &CanonicalOptions); 2],
        (more, depth): (Option<&Crossing>, u32),
    ) -> Way<'static> {
        let strings = from.1.memory.filter(|_| more.is_some_and(|more| more.strings));
        Way {
            from: self.side(from, None),
            to: self.side(to, more.map(|_| depth)),
            strings: strings.map(|memory| self.check(memory)),
            handles: &[],
        }
    }

    fn side(&mut self, (index, options): (OptionsIndex, &CanonicalOptions), allocates: Option<u32>) -> Side {
        let realloc = options.realloc.filter(|_| allocates.is_some());
        Side {
            ptr: options.ptr_type,
            memory: options.memory.map(|memory| self.imports.memory(memory, options.ptr_type)),
            realloc: realloc
                .map(|func| self.imports.func(Import::Func(func), &[FlatType::I32; 4], Some(FlatType::I32))),
            flags: 0,
            storage: None,
            leaf: allocates.map_or(Leaf::Unseen, |depth| self.leaf(index, options.instance, depth)),
            encoding: options.string_encoding,
        }
    }

    fn leaf(&mut self, index: OptionsIndex, instance: InstanceIndex, depth: u32) -> Leaf {
        if self.reached.is_some_and(|reached| reached.by_options(index).next().is_none()) {
            return Leaf::Unseen;
        }
        let enter = self.imports.func(Import::EnterLeaf(instance), &[], None);
        let tells = (enter, self.imports.func(Import::LeaveLeaf(instance), &[], None));
        let flags = self.flags.then(|| self.imports.flags(instance, false));
        Leaf::Noted(NotedLeaf { board: self.board, depth, mark: (instance.0 + 1) << LEAF_SHIFT, tells, flags })
    }

    /// Spec: `lift_flat_values` in the caller, `lower_flat_values` in the callee.
    pub(super) fn args(&mut self, code: &mut Code, call: &Call<'_>, inside: u32) -> Result<Vec<Slot>> {
        let tuple = &call.lift.ty.params;
        let (caller, callee) = ((call.options, call.caller), (call.lift.options, call.callee));
        let way = self.way([caller, callee], (call.more.0.as_ref(), inside));
        // Calls are noted between memories of one kind, so both sides have one layout.
        let layout = tuple.layout.of(call.caller.ptr_type);
        let flat = |max| layout.flat.as_deref().filter(|flat| flat.len() <= max);
        let given: Vec<Slot>;
        let source = match flat(if call.caller.async_ { MAX_FLAT_ASYNC_PARAMS } else { MAX_FLAT_PARAMS }) {
            Some(flat) => {
                given = (0..).zip(flat).map(|(local, &ty)| Slot { local, ty }).collect();
                Place::Flat(&given)
            }
            None => {
                way.from.check_pointer(code, 0, layout.size, layout.align)?;
                whole(0)
            }
        };
        let (args, target) = match flat(MAX_FLAT_PARAMS) {
            Some(flat) => (new_slots(code, flat), None),
            None => {
                let size = new_i32(code);
                code.i32(layout.size).set(size);
                let copy = allocate(code, &way.to, layout.align, size, Trap::ReallocOutOfBounds)?;
                (vec![Slot { local: copy, ty: FlatType::I32 }], Some(copy))
            }
        };
        let target = match target {
            Some(copy) => whole(copy),
            None => Place::Flat(&args),
        };
        translate_tuple(code, &way, tuple, (source, target))?;
        Ok(args)
    }

    /// What takes the result of a call: `lift_flat_values` in the callee, `lower_flat_values` in the caller.
    pub(super) fn takes(&mut self, call: &Call<'_>) -> Result<(CoreType, Code)> {
        let result = call.lift.ty.result.as_ref();
        let flat = result.map_or(Some(&[][..]), |result| result.layout(call.callee.ptr_type).flat.as_deref());
        let flat = flat.filter(|flat| flat.len() <= MAX_FLAT_PARAMS).unwrap_or(&[FlatType::I32]).to_vec();
        let mut code = Code::new(flat.len() as u32, self.trap);
        let (note, inside) = (new_i32(&mut code), new_i32(&mut code));
        self.load(&mut code, DEPTH);
        address(code.tee(inside).i32(1).op(Instruction::I32Sub));
        code.set(note);
        let more = call.more.1.as_ref();
        let mut slot = None;
        if let Some(ty) = result {
            let (callee, caller) = ((call.lift.options, call.callee), (call.options, call.caller));
            let way = self.way([callee, caller], (more, inside));
            let given: Vec<_> = (0..).zip(&flat).map(|(local, &ty)| Slot { local, ty }).collect();
            let layout = ty.layout(call.callee.ptr_type);
            let source = match &layout.flat {
                Some(flat) if flat.len() <= MAX_FLAT_PARAMS => Place::Flat(&given),
                _ => {
                    way.from.check_pointer(&mut code, 0, layout.size, layout.align)?;
                    whole(0)
                }
            };
            let out = new_i32(&mut code);
            let last = (self.signature(call.index)?.params.len() as u32).saturating_sub(1);
            code.get(note).op(Instruction::I32Load(self.at(ARGS + 8 * last, 4))).set(out);
            if more.is_some() {
                begin_catch(&mut code);
            }
            slot = lower_result(&mut code, &way, (call, ty), (source, out))?;
            if more.is_some() {
                end_catch(&mut code);
            }
        }
        if more.is_some() {
            self.tell_if_late(&mut code, inside, slot);
        }
        if let Some(slot) = slot {
            code.get(note).get(slot.local);
            self.store_long(&mut code, slot.ty, RESULT);
        }
        code.get(note).i32(1).op(Instruction::I32Store(self.at(RETURNED, 4)));
        Ok((CoreType { params: flat, result: None }, code))
    }

    /// Tells the host that there is a result, and returns, if the call is not noted any more: the host was entered
    /// meanwhile.
    fn tell_if_late(&mut self, code: &mut Code, inside: u32, slot: Option<Slot>) {
        let returned = self.imports.func(Import::Returned, &[FlatType::I64], None);
        self.load(code, DEPTH);
        code.get(inside).ops([Instruction::I32Ne, Instruction::If(BlockType::Empty)]);
        long_or_zero(code, slot);
        code.call(returned).ops([Instruction::Return, Instruction::End]);
    }

    /// The result that a core function has returned, for the caller; gives it if it is flat. `out`: where else it goes.
    pub(super) fn result(
        &mut self,
        code: &mut Code,
        call: &Call<'_>,
        answer: Option<Slot>,
        out: u32,
    ) -> Result<Option<Slot>> {
        let (Some(ty), Some(answer)) = (&call.lift.ty.result, answer) else { return Ok(None) };
        let (callee, caller) = ((call.lift.options, call.callee), (call.options, call.caller));
        let way = self.way([callee, caller], (None, 0));
        let layout = ty.layout(call.callee.ptr_type);
        if layout.flat.as_deref().is_some_and(|flat| flat.len() <= MAX_FLAT_RESULTS) {
            return lower_result(code, &way, (call, ty), (Place::Flat(&[answer]), out));
        }
        way.from.check_pointer(code, answer.local, layout.size, layout.align)?;
        lower_result(code, &way, (call, ty), (whole(answer.local), out))
    }
}

/// Moves a result to the caller: to the place at which the local `out` points, or to the slot that it gives.
fn lower_result(
    code: &mut Code,
    way: &Way<'_>,
    (call, ty): (&Call<'_>, &ValType),
    (source, out): (Place<'_>, u32),
) -> Result<Option<Slot>> {
    let layout = ty.layout(call.caller.ptr_type);
    let flat = layout.flat.as_deref().filter(|flat| !call.caller.async_ && flat.len() <= MAX_FLAT_RESULTS);
    if let Some(flat) = flat {
        let result = new_slots(code, flat);
        translate(code, way, ty, (source, Place::Flat(&result)))?;
        return Ok(result.first().copied());
    }
    way.to.check_pointer(code, out, layout.size, layout.align)?;
    translate(code, way, ty, (source, whole(out)))?;
    Ok(None)
}
