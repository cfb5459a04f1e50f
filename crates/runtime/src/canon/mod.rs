//! The canonical built-ins: one function for each `canon` definition of the standard.
//!
//! A built-in answers at once or parks its thread. Those that can park are reached through generated core wasm
//! ([`Glue`]), because only wasm can wait on a guest's stack.

mod august_2026;
mod backpressure;
mod builtin;
mod context;
mod copy_end;
mod direct;
mod dispatch;
mod error_context;
mod finish;
mod forward;
mod glue;
mod glue_code;
mod lower;
mod noted;
mod resource;
mod shared;
mod signature;
mod stream;
mod subtask;
mod task;
mod thread;
mod waitable;
mod window;

pub(crate) use august_2026::check_of;
pub(crate) use direct::DirectCalls;
pub(crate) use glue::{Glue, GlueCode};
pub(crate) use glue_code::{encode_glue, has_glue};
pub(crate) use lower::{Lowered, LoweredGuest, after_start, core_callee, lift_args, lift_numbers};
pub(crate) use resource::destroy;
pub(crate) use shared::{Kept, SharedFuncs, SharedFuncsOf};
pub(crate) use signature::{Signature, signature};
pub(crate) use window::encode_copier;

use lower::LoweredImport;

use crate::Result;
use crate::Trap;
use crate::component::Code;
use crate::engine::{CoreExtern, StoreMut, host_func_of};
use crate::error::bug;
use crate::instance::{InstanceId, MAY_LEAVE, RootId, may};
use crate::plan::{Canon, Trampoline, TrampolineIndex};
use crate::store::State;
use crate::task::{Resumption, ThreadId, WaitFor};

/// What a built-in came to.
pub(crate) enum Outcome {
    /// It answers.
    Done(u64),
    /// Its thread waits; what it answers is computed when the thread goes on.
    Park,
}

/// Who called a built-in.
#[derive(Clone, Copy)]
pub(crate) struct Site {
    /// The instantiated component.
    pub(crate) root: RootId,
    /// The component instance. Spec: `current_instance`.
    pub(crate) instance: InstanceId,
}

/// The core function of a trampoline.
pub(crate) fn make(
    store: &mut StoreMut<'_>,
    root: RootId,
    code: &Code,
    glue: &mut Glue,
    shared: Option<&SharedFuncsOf>,
    index: TrampolineIndex,
) -> Result<CoreExtern> {
    if let Some(made) = glue.trampoline(store, root, (index, code), shared)? {
        return Ok(made);
    }
    let body = checked_body(store, root, index)?;
    let body = move |mut store: StoreMut<'_>, args: &[u64]| body(&mut store, args)?.bits();
    Ok(host_func_of(store, code.trampoline(index)?, body).into())
}

/// What a trampoline does.
type Body = Box<dyn Fn(&mut StoreMut<'_>, &[u64]) -> Result<Outcome> + Send + Sync>;

/// What trampoline `index` does, after what older rules check before it.
fn checked_body(store: &StoreMut<'_>, root: RootId, index: TrampolineIndex) -> Result<Body> {
    let (site, trampoline) = find(store.state(), root, index)?;
    let check = check_of(store.state().roots.get(root)?.component.plan(), &trampoline);
    let body = body(site, trampoline);
    if check.is_none() {
        return Ok(body);
    }
    Ok(Box::new(move |store, args| {
        august_2026::pass(check, store, site)?;
        body(store, args)
    }))
}

fn body(site: Site, trampoline: Trampoline) -> Body {
    match trampoline.canon {
        Canon::Lower { callee, ty, options } => {
            let import = LoweredImport::new(site, callee, ty, options);
            Box::new(move |store, args| lower::lower(store, &import, args))
        }
        Canon::Copy { kind, end, payload, options } => {
            let copy = stream::Copy::new(kind, end, payload, options);
            Box::new(move |store, args| stream::copy(store, site, &copy, stream::copy_args(kind, args)))
        }
        canon => Box::new(move |store, args| dispatch::call(store, site, &canon, args)),
    }
}

fn find(state: &State, root: RootId, index: TrampolineIndex) -> Result<(Site, Trampoline)> {
    let this = state.roots.get(root)?;
    let trampoline =
        this.component.plan().trampolines.get(index.at()).ok_or_else(|| bug!("no trampoline {}", index.0))?;
    Ok((Site { root, instance: this.instance(trampoline.instance)? }, trampoline.clone()))
}

/// Spec: `trap_if(not inst.may_leave)`.
#[inline]
fn check_may_leave(store: &mut StoreMut<'_>, instance: InstanceId) -> Result<()> {
    if may(store, instance, MAY_LEAVE)? { Ok(()) } else { Err(Trap::CannotLeave.into()) }
}

/// Lets the current thread wait; `resumption` computes what the built-in answers then.
fn park(store: &mut StoreMut<'_>, wait_for: Option<WaitFor>, resumption: Resumption) -> Result<Outcome> {
    let state = store.state_mut();
    let thread = state.current_thread()?;
    let this = state.threads.get_mut(thread)?;
    (this.wait_for, this.resumption) = (wait_for, resumption);
    if !this.has_stack || !store.can_park() {
        // A start function runs on the stack of whoever instantiates.
        return Err(Trap::CannotBlockSyncTask.into());
    }
    Ok(Outcome::Park)
}

/// Spec: `deliver_pending_cancel` of the current task, by a built-in that is `cancellable`.
fn deliver_pending_cancel(store: &mut StoreMut<'_>) -> Result<bool> {
    let state = store.state_mut();
    let task = state.current_task()?;
    crate::task::deliver_pending_cancel(state, task)
}

/// The current thread.
#[inline]
fn current(store: &mut StoreMut<'_>) -> Result<ThreadId> {
    store.state_mut().current_thread()
}
