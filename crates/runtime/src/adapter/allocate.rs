//! Allocating in the instance that values are lowered into. Spec: `LiftLowerContext.allocate`.

use wasm_encoder::Instruction;

use super::code::Code;
use super::leaf::Leaf;
use super::place::Side;
use crate::error::bug;
use crate::instance::MAY_LEAVE;
use crate::{Result, Trap};

/// Calls `realloc` for as many bytes as the local `size` says; gives the local of the pointer. `beyond` is the trap
/// of a pointer to what is not inside of the memory.
pub(super) fn allocate(code: &mut Code, side: &Side, align: u32, size: u32, beyond: Trap) -> Result<u32> {
    let pointer = code.address(side.ptr);
    reallocate(code, side, (pointer, None), align, size, beyond)?;
    Ok(pointer)
}

/// Calls `realloc` with the local `pointer`, which is what was allocated before if `old`, a local, says how much, and
/// puts the answer there.
///
/// An instance that runs has been entered and may leave: that is what its flags are again afterwards.
///
/// Spec: `LiftLowerContext.reallocate`.
pub(super) fn reallocate(
    code: &mut Code,
    side: &Side,
    (pointer, old): (u32, Option<u32>),
    align: u32,
    size: u32,
    beyond: Trap,
) -> Result<()> {
    let realloc = side.realloc.ok_or_else(|| bug!("an adapter needs a `realloc` that the options do not name"))?;
    match side.leaf {
        Leaf::Told => {
            if let Some((enter, _)) = side.storage {
                code.call(enter);
            }
            code.set_global(side.flags, 0);
        }
        Leaf::Noted(leaf) => leaf.enter(code),
        Leaf::Unseen => {}
    }
    match old {
        None => code.ptr_const(side.ptr, 0).ptr_const(side.ptr, 0),
        Some(old) => code.get(pointer).get(old).widen(side.ptr),
    };
    code.ptr_const(side.ptr, align).get(size).widen(side.ptr).call(realloc).set(pointer);
    match side.leaf {
        Leaf::Told => {
            code.set_global(side.flags, MAY_LEAVE);
            if let Some((_, leave)) = side.storage {
                code.call(leave);
            }
        }
        Leaf::Noted(leaf) => leaf.leave(code),
        Leaf::Unseen => {}
    }
    side.check_aligned(code, pointer, align, Trap::ReallocUnaligned);
    code.get(size).op(Instruction::I64ExtendI32U);
    side.check_end(code, pointer, beyond)
}
