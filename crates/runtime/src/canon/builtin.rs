//! The functions of built-ins that answer at once and take nothing but numbers of 32 bits. What one does is decided
//! when it is made; [`dispatch`](super::dispatch), which finds it out in each call, is the twin, and does what is left.

use super::{Site, context, copy_end, stream, subtask, waitable};
use crate::Result;
use crate::engine::HostFuncs;
use crate::plan::Canon;
use crate::stream::Item;
use crate::types::PtrType;

/// Adds the function of `canon`, if it is one of these; says whether it is.
pub(super) fn define(funcs: &mut HostFuncs, names: [&str; 2], site: Site, canon: &Canon) -> Result<bool> {
    match canon.clone() {
        Canon::New { kind, payload } => {
            let item = Item::of(payload.as_ref());
            funcs.define_0(names, move |store| stream::new(store, site, kind, (item, payload.as_ref())))
        }
        Canon::DropEnd { kind, end, payload } => {
            let item = Item::of(payload.as_ref());
            funcs.define_1(names, move |store, index| {
                copy_end::drop(store, site, (kind, end), (item, payload.as_ref()), index)
            })
        }
        Canon::WaitableJoin => funcs.define_2(names, move |store, index, set| waitable::join(store, site, index, set)),
        Canon::WaitableSetNew => funcs.define_0(names, move |store| waitable::set_new(store, site)),
        Canon::WaitableSetPoll { memory, ptr: PtrType::I32, cancellable } => {
            funcs.define_2(names, move |store, index, ptr| {
                waitable::set_poll(store, site, (memory, cancellable), index, ptr.into()).map(|bits| bits as u32)
            })
        }
        Canon::WaitableSetDrop => funcs.define_1(names, move |store, index| waitable::set_drop(store, site, index)),
        Canon::SubtaskDrop => funcs.define_1(names, move |store, index| subtask::drop(store, site, index)),
        Canon::ContextGet { slot, i64: false } => {
            funcs.define_0(names, move |store| context::get(store, slot).map(|bits| bits as u32))
        }
        Canon::ContextSet { slot, i64: false } => {
            funcs.define_1(names, move |store, value| context::set(store, slot, u64::from(value)))
        }
        _ => return Ok(false),
    }?;
    Ok(true)
}
