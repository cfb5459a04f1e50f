//! Moving elements from one guest's buffer into another's.

use super::{Buffer, CopyEndId};
use crate::Result;
use crate::abi::{LiftCx, LowerCx, Val, WitType};
use crate::engine::{StoreMut, copy_memory};
use crate::error::bug;
use crate::plan::End;
use crate::types::ValType;

/// Moves `n` elements between the buffers of two ends, one readable and one writable.
pub(super) fn transfer(store: &mut StoreMut<'_>, a: CopyEndId, b: CopyEndId, n: u32) -> Result<()> {
    let state = store.state_mut();
    let first = state.ends.get(a)?;
    let (readable, writable) = if first.end == End::Readable { (a, b) } else { (b, a) };
    let payload = state.shared.get(first.shared)?.payload.clone();
    let buffer_of = |id| state.ends.get(id).map(|end| end.buffer.clone());
    let (Some(src), Some(dst)) = (buffer_of(writable)?, buffer_of(readable)?) else {
        return Err(bug!("a copy without a buffer"));
    };
    if let Some(payload) = &payload {
        if payload.is_number() {
            copy_numbers(store, &src, &dst, n)?;
        } else {
            copy_values(store, payload, &src, &dst, n)?;
        }
    }
    for id in [readable, writable] {
        if let Some(buffer) = &mut store.state_mut().ends.get_mut(id)?.buffer {
            buffer.advance(n);
        }
    }
    Ok(())
}

/// Numbers are their bytes: one copy from memory to memory.
fn copy_numbers(store: &mut StoreMut<'_>, src: &Buffer, dst: &Buffer, n: u32) -> Result<()> {
    let (Some(from), Some(to)) = (src.memory, dst.memory) else {
        return Err(bug!("elements in memory without the memory option"));
    };
    copy_memory(store, (from, src.ptr), (to, dst.ptr), n * src.element_size)
}

/// Anything else is lifted and lowered: handles move, strings are transcoded. Spec: `dst.write(src.read(n))`.
fn copy_values(store: &mut StoreMut<'_>, payload: &ValType, src: &Buffer, dst: &Buffer, n: u32) -> Result<()> {
    let budget = store.state().limits.max_hostcall_bytes;
    let mut lift = LiftCx {
        store: store.reborrow(),
        instance: src.instance,
        memory: src.memory,
        string_encoding: src.string_encoding,
        borrow_scope: None,
        between_guests: true,
        budget,
    };
    let values = Val::load_list(&mut lift, payload, src.ptr, n)?;
    let mut lower = LowerCx {
        store: store.reborrow(),
        instance: dst.instance,
        memory: dst.memory,
        realloc: dst.realloc,
        string_encoding: dst.string_encoding,
        string_source: src.string_encoding,
        borrow_scope: None,
    };
    Val::store_list(values, &mut lower, payload, dst.ptr)
}
