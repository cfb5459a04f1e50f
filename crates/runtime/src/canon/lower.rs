//! Spec: `canon lower`.

use std::sync::{Arc, OnceLock};

use super::{Outcome, Site, check_may_leave, park};
use crate::Result;
use crate::abi::{Flat, FlatIter, LiftCx, Params, Val};
use crate::engine::StoreMut;
use crate::error::bug;
use crate::host::{HostCall, HostFunc};
use crate::instance::{Handle, Options, RootId, options};
use crate::plan::{FuncDef, LiftIndex, OptionsIndex};
use crate::task::{Caller, CoreCallee, Resumption, Subtask, SubtaskId, SubtaskState, WaitFor, start_task, subtask};
use crate::types::{FlatType, FuncType, MAX_FLAT_ASYNC_PARAMS, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS};

/// A lowered function: what all calls of one import have in common. Spec: the arguments of `canon_lower`.
pub(crate) struct Lowered {
    /// Its place in [`State::lowered`](crate::store::State::lowered).
    pub(crate) number: u32,
    /// Its type, as the caller sees it.
    pub(crate) ty: Arc<FuncType>,
    /// The caller's options.
    pub(crate) options: Arc<Options>,
    /// Whether a call may lend handles of the caller.
    pub(crate) lends: bool,
    /// Whether the core function gives 64 bits.
    pub(crate) is_wide: bool,
    callee: LoweredCallee,
}

/// Who is called.
enum LoweredCallee {
    Guest(LoweredGuest),
    Host(HostFunc),
}

/// A guest that is called.
pub(crate) struct LoweredGuest {
    /// What all its tasks have in common.
    pub(crate) callee: Arc<CoreCallee>,
    /// Whether both sides mean the same types.
    pub(crate) same_types: bool,
    /// Whether a call of it needs no task as long as nobody asks for one: it can't block and borrows nothing.
    pub(crate) light: bool,
}

impl Lowered {
    /// The guest that is called.
    #[inline]
    pub(crate) fn guest(&self) -> Result<&LoweredGuest> {
        match &self.callee {
            LoweredCallee::Guest(guest) => Ok(guest),
            LoweredCallee::Host(_) => Err(bug!("a function of the host is called as a guest's")),
        }
    }

    /// The result, if it goes from guest to guest and is nothing but numbers.
    #[inline]
    pub(crate) fn plain_result(&self) -> Option<&crate::abi::Plain> {
        match &self.callee {
            LoweredCallee::Guest(guest) if guest.same_types => guest.callee.plain_result.as_ref(),
            _ => None,
        }
    }

    /// How many parameters travel flat.
    #[inline]
    pub(crate) fn max_flat_params(&self) -> usize {
        if self.options.async_ { MAX_FLAT_ASYNC_PARAMS } else { MAX_FLAT_PARAMS }
    }

    /// How many results travel flat.
    #[inline]
    pub(crate) fn max_flat_results(&self) -> usize {
        if self.options.async_ { 0 } else { MAX_FLAT_RESULTS }
    }
}

/// An import that lowers a function. What it stands for is found at its first call, when the slots of the plan are filled.
pub(super) struct LoweredImport {
    site: Site,
    callee: FuncDef,
    ty: Arc<FuncType>,
    options: OptionsIndex,
    found: OnceLock<Arc<Lowered>>,
}

impl LoweredImport {
    /// Of the function `callee`, for `site`.
    pub(super) fn new(site: Site, callee: FuncDef, ty: Arc<FuncType>, options: OptionsIndex) -> Self {
        LoweredImport { site, callee, ty, options, found: OnceLock::new() }
    }

    /// What it stands for.
    #[inline]
    pub(super) fn lowered(&self, store: &mut StoreMut<'_>) -> Result<&Arc<Lowered>> {
        match self.found.get() {
            Some(found) => Ok(found),
            None => {
                let found = self.find(store)?;
                store.state_mut().lowered.push(found.clone());
                Ok(self.found.get_or_init(|| found))
            }
        }
    }

    fn find(&self, store: &mut StoreMut<'_>) -> Result<Arc<Lowered>> {
        let root = self.site.root;
        let options = options(store.state_mut(), root, self.options)?.clone();
        let callee = match self.callee {
            FuncDef::Lift(lift) => {
                let callee = core_callee(store, root, lift)?;
                let same_types = self.ty.params == callee.ty.params && self.ty.result == callee.ty.result;
                let light = !callee.may_block && !self.ty.borrows();
                LoweredCallee::Guest(LoweredGuest { callee, same_types, light })
            }
            FuncDef::Imported(import) => {
                let func = store.state().roots.get(root)?.imports.get(import.at()).cloned();
                LoweredCallee::Host(func.ok_or_else(|| bug!("no imported function {}", import.0))?)
            }
        };
        let lends = self.ty.borrows();
        let flat = self.ty.result.as_ref().and_then(|result| result.layout(options.ptr_type).flat.as_deref());
        let is_wide = !options.async_ && matches!(flat, Some([FlatType::I64 | FlatType::F64]));
        let number = store.state().lowered.len() as u32;
        Ok(Arc::new(Lowered { number, ty: self.ty.clone(), options, lends, is_wide, callee }))
    }
}

/// Spec: `canon_lower`.
#[inline]
pub(super) fn lower(store: &mut StoreMut<'_>, import: &LoweredImport, args: &[u64]) -> Result<Outcome> {
    check_may_leave(store, import.site.instance)?;
    let lowered = import.lowered(store)?;
    match &lowered.callee {
        LoweredCallee::Guest(guest) => lower_guest(store, lowered, guest, args),
        LoweredCallee::Host(func) => func.call(HostCall { store: store.reborrow(), lowered, args }),
    }
}

/// A call of a guest on a stack of its own.
pub(super) fn lower_guest(
    store: &mut StoreMut<'_>,
    lowered: &Arc<Lowered>,
    guest: &LoweredGuest,
    args: &[u64],
) -> Result<Outcome> {
    let id = store.state_mut().subtasks.insert(Subtask::new(lowered, args));
    start_task(store, guest.callee.clone(), Caller::Guest(id))?;
    after_start(store, id, lowered.options.async_)
}

/// A lifted function; made once for each instance.
pub(crate) fn core_callee(store: &mut StoreMut<'_>, root: RootId, index: LiftIndex) -> Result<Arc<CoreCallee>> {
    let state = store.state_mut();
    if let Some(Some(known)) = state.roots.get(root)?.callees.get(index.at()) {
        return Ok(known.clone());
    }
    let component = state.roots.get(root)?.component.clone();
    let lift = component.plan().lifts.get(index.at()).ok_or_else(|| bug!("no lifted function {}", index.0))?;
    let options = options(state, root, lift.options)?.clone();
    let this = state.roots.get_mut(root)?;
    let func = this.func(lift.callee)?;
    let found = Arc::new(CoreCallee::lifted(
        func,
        lift,
        options,
        (this.blocking.lift(index), this.blocking.enters_others(index)),
    ));
    if let Some(place) = this.callees.get_mut(index.at()) {
        *place = Some(found.clone());
    }
    Ok(found)
}

/// Spec: the end of `canon_lower`: the result, a handle, or a wait.
#[inline]
pub(crate) fn after_start(store: &mut StoreMut<'_>, id: SubtaskId, async_: bool) -> Result<Outcome> {
    let state = store.state_mut();
    let subtask = state.subtasks.get(id)?;
    let instance = subtask.instance();
    if subtask.resolved() {
        let subtask = state.subtasks.remove(id).ok_or_else(|| bug!("a subtask is gone"))?;
        subtask::give_back(state, instance, subtask.lenders.unwrap_or_default())?;
        return Ok(Outcome::Done(if async_ { subtask.state as u64 } else { subtask.flat_result }));
    }
    if async_ {
        let index = state.instances.get_mut(instance)?.handles.add(Handle::Subtask(id))?;
        let subtask = state.subtasks.get_mut(id)?;
        subtask.index = Some(index);
        return Ok(Outcome::Done(u64::from(subtask.state as u32 | index << 4)));
    }
    let thread = state.current_thread()?;
    state.subtasks.get_mut(id)?.waiter = Some(thread);
    park(store, Some(WaitFor::Subtask(id)), Resumption::SubtaskResult(id))
}

/// Spec: `subtask.state = STARTED` of `on_start`.
#[inline]
fn started(store: &mut StoreMut<'_>, id: SubtaskId) -> Result<()> {
    let state = store.state_mut();
    state.subtasks.get_mut(id)?.state = SubtaskState::Started;
    subtask::on_progress(state, id)
}

/// Spec: `on_start`: lifts the arguments out of the caller.
pub(crate) fn lift_args(store: &mut StoreMut<'_>, id: SubtaskId) -> Result<Vec<Val>> {
    started(store, id)?;
    let subtask = store.state().subtasks.get(id)?;
    let (lowered, flat) = (subtask.lowered(store.state())?.clone(), subtask.flat_args.clone());
    let mut cx = LiftCx::new(store.reborrow(), &lowered.options, Some(id));
    cx.between_guests = true;
    let max = lowered.max_flat_params();
    Vec::<Val>::lift(&mut cx, &lowered.ty.params, max, &mut FlatIter::new(flat.values()))
}

/// [`lift_args`] of arguments that are nothing but numbers on both sides, as the callee takes them; says whether they were.
pub(crate) fn lift_numbers(store: &mut StoreMut<'_>, id: SubtaskId, numbers: &mut Flat) -> Result<bool> {
    match store.state().subtasks.get(id)?.lowered(store.state())?.guest()? {
        LoweredGuest { same_types: true, callee, .. } if callee.plain_params.is_some() => {}
        _ => return Ok(false),
    }
    started(store, id)?;
    let subtask = store.state().subtasks.get(id)?;
    let lowered = subtask.lowered(store.state())?;
    let Some(plain) = &lowered.guest()?.callee.plain_params else { return Ok(false) };
    let flat = subtask.flat_args.values();
    if plain.len() <= lowered.max_flat_params() {
        plain.lift_flat(flat, numbers)?;
    } else {
        let memory = lowered.options.memory.ok_or_else(|| bug!("parameters in memory without the memory option"))?;
        plain.load(store.memory(memory), lowered.options.address(flat.first()), numbers)?;
    }
    Ok(true)
}
