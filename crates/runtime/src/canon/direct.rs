//! Lowered calls of guests that glue makes itself when the callee cannot block.

use super::lower::{LoweredImport, after_start, lower_guest};
use super::noted::{NotedCalls, note_calls};
use super::{Outcome, Site, check_may_leave};
use crate::Result;
use crate::abi::Flat;
use crate::engine::{CoreFunc, CoreInstance, CoreMemory, CoreTable, StoreMut};
use crate::error::bug;
use crate::stream::window::WindowPlaces;
use crate::task::light::{self, Ended};
use crate::task::{Resumption, Subtask, direct, noted, stay};

/// Where glue finds a callee and its arguments.
pub(crate) struct DirectCalls {
    /// The glue.
    pub(super) instance: CoreInstance,
    /// Arguments, 8 bytes each.
    pub(super) scratch: CoreMemory,
    /// Callees, by the glue's numbers.
    pub(super) callees: CoreTable,
    /// Which places of `callees` are filled.
    pub(super) filled: Vec<bool>,
    /// Where windows are, if there can be any.
    pub(crate) windows: Option<WindowPlaces>,
    /// Calls that generated code makes by itself.
    pub(super) noted: NotedCalls,
}

impl DirectCalls {
    /// The glue.
    pub(crate) fn instance(&self) -> CoreInstance {
        self.instance
    }

    /// Its memory.
    pub(crate) fn scratch(&self) -> CoreMemory {
        self.scratch
    }
}

/// What glue does after `begin` or `end`. They answer it in the upper half of 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Asks for the answer.
    Finish = 0,
    /// Parks, then asks for the answer.
    Park = 1,
    /// Calls the callee, then says so.
    Call = 2,
    /// Answers with the lower half.
    Done = 3,
}

impl Next {
    #[inline]
    fn bits(self) -> u64 {
        (self as u64) << 32
    }
}

/// A lowered call of a lifted function.
pub(super) struct DirectCall {
    /// Who calls.
    pub(super) site: Site,
    /// Whom.
    pub(super) import: LoweredImport,
    /// The callee's place among the glue's callees.
    pub(super) slot: u32,
}

/// Spec: `canon_lower`, up to the core call.
pub(super) fn begin(store: &mut StoreMut<'_>, call: &DirectCall, args: &[u64]) -> Result<u64> {
    check_may_leave(store, call.site.instance)?;
    let lowered = call.import.lowered(store)?;
    let guest = lowered.guest()?;
    let mut flat = Flat::new();
    if let Some(func) = light::begin(store, lowered, guest, args, &mut flat)? {
        return hand_over(store, call, func, &flat);
    }
    if guest.callee.may_block || !store.state_mut().short_way() {
        let outcome = lower_guest(store, lowered, guest, args)?;
        return next(store, outcome, lowered.is_wide);
    }
    let subtask = store.state_mut().subtasks.insert(Subtask::new(lowered, args));
    match direct::begin(store, guest, subtask, &mut flat)? {
        Some(func) => hand_over(store, call, func, &flat),
        None => {
            let outcome = after_start(store, subtask, lowered.options.async_)?;
            next(store, outcome, lowered.is_wide)
        }
    }
}

/// Leaves the callee and its arguments where glue finds them.
#[inline]
fn hand_over(store: &mut StoreMut<'_>, call: &DirectCall, func: CoreFunc, args: &Flat) -> Result<u64> {
    let calls = store.state_mut().roots.get_mut(call.site.root)?.direct.as_mut();
    let calls = calls.ok_or_else(|| bug!("a direct call without glue"))?;
    let (scratch, callees) = (calls.scratch, calls.callees);
    let often = calls.noted.count();
    let filled = calls.filled.get_mut(call.slot as usize).ok_or_else(|| bug!("glue has no place {}", call.slot))?;
    if !std::mem::replace(filled, true) {
        callees.set(store, call.slot, func)?;
    }
    if often {
        note_calls(store, call.site.root)?;
    }
    if !args.is_empty() {
        let places = store.memory_mut(scratch).chunks_exact_mut(8);
        for (place, bits) in places.zip(args.values()) {
            place.copy_from_slice(&bits.to_le_bytes());
        }
    }
    Ok(Next::Call.bits())
}

/// Spec: `canon_lower`, from the core call on. What is noted has not been carried out yet.
pub(super) fn end(store: &mut StoreMut<'_>, bits: u64) -> Result<u64> {
    store.host_runs_soon()?;
    let subtask = match noted::wait(store, bits)? {
        Some(subtask) => subtask,
        None => {
            store.host_runs()?;
            let ended = if store.state().current.light { light::end(store, bits)? } else { Ended::GoesOn };
            match ended {
                Ended::Answer { bits, wide } => return next(store, Outcome::Done(bits), wide),
                Ended::Waits(subtask) => subtask,
                Ended::GoesOn => direct::end(store, bits)?,
            }
        }
    };
    let lowered = store.state().subtasks.get(subtask)?.lowered(store.state())?;
    let (async_, wide) = (lowered.options.async_, lowered.is_wide);
    let outcome = after_start(store, subtask, async_)?;
    next(store, outcome, wide)
}

/// The answer, or where `finish` finds it. `wide`: it may need 64 bits.
#[inline]
pub(super) fn next(store: &mut StoreMut<'_>, outcome: Outcome, wide: bool) -> Result<u64> {
    let Outcome::Done(bits) = outcome else {
        return Ok(if stay(store)? { Next::Finish.bits() } else { Next::Park.bits() });
    };
    if !wide {
        return Ok(Next::Done.bits() | u64::from(bits as u32));
    }
    let state = store.state_mut();
    let thread = state.current_thread()?;
    state.threads.get_mut(thread)?.resumption = Resumption::Ready(bits);
    Ok(Next::Finish.bits())
}
