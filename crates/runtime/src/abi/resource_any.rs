//! A resource of any type as a value. What a guest defines and the host owns is remembered in the store, so that it is
//! passed on or dropped once.

use std::fmt;

use super::{Flat, FlatIter, LiftCx, LowerCx, WitType, as_one_handle, handles, mismatch};
use crate::error::bug;
use crate::linker::HostTypes;
use crate::store::{Id, ResourceTypeId, State};
use crate::task::{SubtaskId, TaskId, is_over};
use crate::types::ValType;
use crate::{Error, Result};

/// A resource that crosses: which type it is of, and its representation.
///
/// An owned resource that a guest defines can be lent to calls any number of times, and passed on or
/// [dropped](crate::Store::drop_resource) once; the host that does neither keeps it. A borrowed one is the host's until
/// the call is over that brought it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ResourceAny {
    /// The type, unique in its store.
    pub(crate) ty: ResourceTypeId,
    /// The number by which the definer knows it.
    pub(crate) rep: u64,
    /// The number of its store.
    store: u32,
    hold: Hold,
}

/// How whoever has a resource holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    /// `own`: between guests, or of a type that the host defines and keeps account of.
    Own,
    /// `borrow`, as above.
    Borrow,
    /// `own` of a guest's, held by the host.
    Held(HeldId),
    /// `borrow` of a guest's, lent to the host for a call that waits.
    Lent(SubtaskId),
    /// The same for a call that answers at once: nothing can be done with it that takes longer.
    LentBriefly,
}

/// A resource of a guest that the host owns.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// Whom the host has lent it to; some may be over.
    borrowers: Vec<TaskId>,
}

/// Its number.
pub(crate) type HeldId = Id<Held>;

/// A place for a resource that the host owns from now on.
fn hold(state: &mut State) -> Result<HeldId> {
    let held = state.held.len();
    if held >= state.limits.max_handles {
        return Err(state.limits.reached("max-handles", format!("the host owns {held} resources of guests")));
    }
    Ok(state.held.insert(Held::default()))
}

impl fmt::Debug for ResourceAny {
    /// Without what only tells one store from another.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ResourceAny { ty, rep, hold, .. } = self;
        f.debug_struct("ResourceAny").field("ty", ty).field("rep", rep).field("hold", hold).finish_non_exhaustive()
    }
}

impl ResourceAny {
    /// What was lifted out of an owned handle of a guest.
    pub(super) fn lifted_own(cx: &mut LiftCx<'_>, ty: ResourceTypeId, rep: u64) -> Result<Self> {
        let between_guests = cx.between_guests;
        let state = cx.store.state_mut();
        let of_a_guest = state.resource_type(ty)?.definer().is_some();
        let hold = if between_guests || !of_a_guest { Hold::Own } else { Hold::Held(hold(state)?) };
        Ok(ResourceAny { ty, rep, store: state.number, hold })
    }

    /// What was lifted out of any handle of a guest, for the time of a call.
    pub(super) fn lifted_borrow(cx: &LiftCx<'_>, ty: ResourceTypeId, rep: u64) -> Result<Self> {
        let state = cx.store.state();
        let of_a_guest = state.resource_type(ty)?.definer().is_some();
        let hold = match cx.borrow_scope {
            _ if cx.between_guests || !of_a_guest => Hold::Borrow,
            Some(subtask) => Hold::Lent(subtask),
            None => Hold::LentBriefly,
        };
        Ok(ResourceAny { ty, rep, store: state.number, hold })
    }

    /// A resource that the host defines, by its own number, for `state`.
    pub(super) fn of_host(state: &State, ty: ResourceTypeId, rep: u64, own: bool) -> Self {
        ResourceAny { ty, rep, store: state.number, hold: if own { Hold::Own } else { Hold::Borrow } }
    }

    /// The number by which the resource's definer knows it.
    #[must_use]
    pub fn rep(&self) -> u64 {
        self.rep
    }

    /// Whether it is owned, not borrowed.
    #[must_use]
    pub fn is_owned(&self) -> bool {
        matches!(self.hold, Hold::Own | Hold::Held(_))
    }

    /// Checks that it is of the store `state`.
    pub(crate) fn check_store(&self, state: &State) -> Result<()> {
        if self.store == state.number { Ok(()) } else { Err(Error::host("a resource of another store")) }
    }

    /// Checks that it is of the store `state`, and still there for the host.
    pub(crate) fn check_there(&self, state: &State) -> Result<()> {
        self.check_store(state)?;
        let there = match self.hold {
            Hold::Own | Hold::Borrow => true,
            Hold::Held(held) if state.held.find(held).is_none() => {
                return Err(Error::host("a resource that was passed on or dropped before"));
            }
            Hold::Held(_) => true,
            Hold::Lent(subtask) => state.subtasks.find(subtask).is_some_and(|subtask| subtask.lenders.is_some()),
            Hold::LentBriefly => false,
        };
        if there {
            return Ok(());
        }
        Err(Error::host("a resource that was borrowed for a call that is over"))
    }

    /// Checks that the host may pass it on or drop it.
    pub(crate) fn check_owned(&self, state: &State) -> Result<()> {
        self.check_there(state)?;
        if !self.is_owned() {
            return Err(Error::host("a borrowed resource can't be passed on as owned, nor dropped"));
        }
        let Hold::Held(held) = self.hold else { return Ok(()) };
        if state.held.get(held)?.borrowers.iter().any(|task| !is_over(&state.tasks, *task)) {
            return Err(Error::host(
                "a resource that is lent to a call can't be passed on or dropped before that returns",
            ));
        }
        Ok(())
    }

    /// The host owns it no more.
    pub(crate) fn give_up(&self, state: &mut State) {
        if let Hold::Held(held) = self.hold {
            state.held.remove(held);
        }
    }

    /// It is lent to `task`.
    pub(super) fn lend(&self, state: &mut State, task: TaskId) -> Result<()> {
        let Hold::Held(held) = self.hold else { return Ok(()) };
        let tasks = &state.tasks;
        let held = state.held.find_mut(held).ok_or_else(|| bug!("a resource that is lent is gone"))?;
        held.borrowers.retain(|task| !is_over(tasks, *task));
        held.borrowers.push(task);
        Ok(())
    }

    fn lift(cx: &mut LiftCx<'_>, ty: &ValType, index: u32) -> Result<Self> {
        match *ty {
            ValType::Own(resource) => handles::lift_own(cx, index, resource),
            ValType::Borrow(resource) => handles::lift_borrow(cx, index, resource),
            _ => Err(bug!("a resource where the type is {ty}")),
        }
    }

    fn lower(self, cx: &mut LowerCx<'_>, ty: &ValType) -> Result<u32> {
        match *ty {
            ValType::Own(resource) => handles::lower_own(cx, self, resource),
            ValType::Borrow(resource) => handles::lower_borrow(cx, self, resource),
            _ => Err(bug!("a resource where the type is {ty}")),
        }
    }
}

impl WitType for ResourceAny {
    fn wit_name() -> String {
        "any resource".into()
    }

    fn check(ty: &ValType, _host: &HostTypes) -> Result<()> {
        match ty {
            ValType::Own(_) | ValType::Borrow(_) => Ok(()),
            _ => Err(mismatch::mismatch(ty, &Self::wit_name())),
        }
    }

    as_one_handle!();
}
