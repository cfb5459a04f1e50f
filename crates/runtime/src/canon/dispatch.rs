//! From a trampoline to the function that does it.

use super::{
    Outcome, Site, backpressure, context, copy_end, error_context, forward, resource, stream, subtask, task, thread,
    waitable,
};
use crate::Result;
use crate::engine::StoreMut;
use crate::error::bug;
use crate::plan::Canon;
use crate::stream::Item;
use crate::types::PtrType;

/// Arguments that a signature promises; a missing one reads as 0.
#[inline]
pub(super) fn arg(args: &[u64], n: usize) -> u32 {
    args.get(n).map_or(0, |&bits| bits as u32)
}

/// [`arg`] of the type of addresses `ptr`.
#[inline]
pub(super) fn address(args: &[u64], n: usize, ptr: PtrType) -> u64 {
    args.get(n).map_or(0, |&bits| ptr.of_bits(bits))
}

/// Does what `canon` says; those that an event loop calls in each of its turns are told apart first.
#[inline]
pub(super) fn call(store: &mut StoreMut<'_>, site: Site, canon: &Canon, args: &[u64]) -> Result<Outcome> {
    match canon {
        Canon::ContextGet { slot, .. } => Ok(Outcome::Done(context::get(store, *slot)?)),
        Canon::ContextSet { slot, .. } => nothing(context::set(store, *slot, address(args, 0, PtrType::I64))),
        Canon::TaskReturn { result, options } => task::return_(store, site, result.as_ref(), *options, args),
        Canon::SubtaskDrop => nothing(subtask::drop(store, site, arg(args, 0))),
        Canon::WaitableJoin => nothing(waitable::join(store, site, arg(args, 0), arg(args, 1))),
        _ => call_any(store, site, canon, args),
    }
}

/// The outcome of what answers nothing.
#[inline]
fn nothing(result: Result<()>) -> Result<Outcome> {
    result.map(|()| Outcome::Done(0))
}

/// [`call`] of the others.
fn call_any(store: &mut StoreMut<'_>, site: Site, canon: &Canon, args: &[u64]) -> Result<Outcome> {
    let at = |n| arg(args, n);
    let done = |bits: u32| Ok(Outcome::Done(u64::from(bits)));
    match canon {
        Canon::Lower { .. }
        | Canon::Copy { .. }
        | Canon::ContextGet { .. }
        | Canon::ContextSet { .. }
        | Canon::TaskReturn { .. }
        | Canon::SubtaskDrop
        | Canon::WaitableJoin => Err(bug!("it has a body of its own")),
        Canon::ResourceNew { resource, rep } => done(resource::new(store, site, *resource, address(args, 0, *rep))?),
        Canon::ResourceRep { resource, .. } => resource::rep(store, site, *resource, at(0)).map(Outcome::Done),
        Canon::ResourceDrop { resource } => resource::drop(store, site, *resource, at(0)),
        Canon::TaskCancel => task::cancel(store, site),
        Canon::BackpressureInc => backpressure::inc(store, site),
        Canon::BackpressureDec => backpressure::dec(store, site),
        Canon::SubtaskCancel { async_ } => subtask::cancel(store, site, *async_, at(0)),
        Canon::WaitableSetNew => done(waitable::set_new(store, site)?),
        Canon::WaitableSetWait { memory, ptr, cancellable } => {
            waitable::set_wait(store, site, (*memory, *cancellable), at(0), address(args, 1, *ptr))
        }
        Canon::WaitableSetPoll { memory, ptr, cancellable } => {
            waitable::set_poll(store, site, (*memory, *cancellable), at(0), address(args, 1, *ptr)).map(Outcome::Done)
        }
        Canon::WaitableSetDrop => nothing(waitable::set_drop(store, site, at(0))),
        Canon::New { kind, payload } => {
            stream::new(store, site, *kind, (Item::of(payload.as_ref()), payload.as_ref())).map(Outcome::Done)
        }
        Canon::CancelCopy { kind, end, payload, async_ } => {
            copy_end::cancel(store, site, (*kind, *end), payload.as_ref(), *async_, at(0))
        }
        Canon::DropEnd { kind, end, payload } => {
            nothing(copy_end::drop(store, site, (*kind, *end), (Item::of(payload.as_ref()), payload.as_ref()), at(0)))
        }
        Canon::Forward { kind, payload } => forward::forward(store, site, *kind, payload.as_ref(), [at(0), at(1)]),
        Canon::ErrorContextNew { options } => error_context::new(store, site, *options, args),
        Canon::ErrorContextDebugMessage { options } => error_context::debug_message(store, site, *options, args),
        Canon::ErrorContextDrop => error_context::drop(store, site, at(0)),
        Canon::ThreadYield { .. }
        | Canon::ThreadIndex
        | Canon::ThreadNewIndirect { .. }
        | Canon::ThreadResumeLater
        | Canon::ThreadSuspend { .. }
        | Canon::ThreadSuspendThenResume { .. }
        | Canon::ThreadYieldThenResume { .. }
        | Canon::ThreadSuspendThenPromote { .. }
        | Canon::ThreadYieldThenPromote { .. } => thread::call(store, site, canon, args),
    }
}
