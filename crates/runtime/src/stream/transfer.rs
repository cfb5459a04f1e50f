//! Moving elements from one guest's buffer into another's.

use super::{Buffer, CopyEndId};
use crate::Result;
use crate::abi::{LiftCx, LowerCx, Val, WitType};
use crate::engine::{CoreMemory, StoreMut, copy_memory};
use crate::error::bug;
use crate::plan::End;
use crate::types::ValType;

/// Moves `n` elements between the buffers of two ends of one stream or future, one readable and one writable.
pub(super) fn transfer(store: &mut StoreMut<'_>, (a, b): (CopyEndId, CopyEndId), n: u32) -> Result<()> {
    let state = store.state_mut();
    let (first, second) = (state.ends.get(a)?, state.ends.get(b)?);
    let (readable, writable) = if first.end == End::Readable { (first, second) } else { (second, first) };
    let (Some(src), Some(dst)) = (&writable.buffer, &readable.buffer) else {
        return Err(bug!("a copy without a buffer"));
    };
    let (from_ty, to_ty) = (writable.payload(state)?, readable.payload(state)?);
    match from_ty {
        None => {}
        Some(payload) if payload.is_number() => {
            let (from, to) = ((src.memory, src.ptr), (dst.memory, dst.ptr));
            let bytes = n * src.element_size;
            copy_numbers(store, from, to, bytes)?;
        }
        Some(payload) => {
            let to_ty = to_ty.ok_or_else(|| bug!("a payload at one end only"))?.clone();
            let (payload, src, dst) = (payload.clone(), src.clone(), dst.clone());
            copy_values(store, (&payload, &src), (&to_ty, &dst), n)?;
        }
    }
    let state = store.state_mut();
    for id in [a, b] {
        if let Some(buffer) = &mut state.ends.get_mut(id)?.buffer {
            buffer.advance(n);
        }
    }
    Ok(())
}

/// Numbers are their bytes: one copy from memory to memory.
fn copy_numbers(
    store: &mut StoreMut<'_>,
    (from, from_ptr): (Option<CoreMemory>, u64),
    (to, to_ptr): (Option<CoreMemory>, u64),
    bytes: u32,
) -> Result<()> {
    let (Some(from), Some(to)) = (from, to) else {
        return Err(bug!("elements in memory without the memory option"));
    };
    copy_memory(store, (from, from_ptr), (to, to_ptr), bytes)
}

/// Anything else is lifted and lowered: handles move, strings are transcoded. Spec: `dst.write(src.read(n))`.
/// Each side has the type in its own words.
fn copy_values(
    store: &mut StoreMut<'_>,
    (from_ty, src): (&ValType, &Buffer),
    (to_ty, dst): (&ValType, &Buffer),
    n: u32,
) -> Result<()> {
    let budget = store.state().limits.max_hostcall_bytes;
    let mut lift = LiftCx {
        store: store.reborrow(),
        instance: src.instance,
        memory: src.memory,
        ptr_type: src.ptr_type,
        string_encoding: src.string_encoding,
        borrow_scope: None,
        between_guests: true,
        budget,
    };
    let values = Val::load_list(&mut lift, from_ty, src.ptr, n)?;
    let mut lower = LowerCx {
        store: store.reborrow(),
        instance: dst.instance,
        memory: dst.memory,
        ptr_type: dst.ptr_type,
        realloc: dst.realloc,
        string_encoding: dst.string_encoding,
        string_source: src.string_encoding,
        borrow_scope: None,
    };
    Val::store_list(values, &mut lower, to_ty, dst.ptr)
}
