//! Calls that generated code makes without the host, and notes.
//!
//! A call of numbers whose callee returns at once comes to nothing that the host has to know of: it is over before anybody can
//! ask. So generated code (`adapter/noted/`) makes such a call by itself: it notes it in memory, calls, takes the result that
//! `task.return` gives, and strikes the note out. Whenever the host is entered meanwhile, it first carries out what is noted
//! ([`carry_out`]): each note becomes an entry of [`State::light`], which is also the twin. The call goes on as that then.
//!
//! The callback of a call that was noted and waits is noted in the same way, as a [`Turn`]: its task, thread and subtask exist,
//! and what is late is only that it has returned, and what it keeps in its thread's storage.
//!
//! Generated code sees by a word of each instance whether it can be entered and left: see [`Gate`].

use std::sync::atomic::{AtomicU32, Ordering};

use super::TaskState;
use super::light::{self, Side};
use crate::Result;
use crate::abi::{Args, CAPACITY};
use crate::engine::{CoreMemory, SharedWord, StoreMut};
use crate::error::bug;
use crate::instance::{Flags, MAY_LEAVE, RootId, enter_leaf};
use crate::plan::InstanceIndex;
use crate::store::State;

/// How many calls are noted, at this address in the scratch memory of the glue; above [`LEAF_SHIFT`] bits, the number of the
/// instance whose `realloc` runs, from 1 on.
pub(crate) const DEPTH: u32 = 8192;
/// The word of each component instance, by the plan's numbers.
pub(crate) const GATES: u32 = 12_288;
/// How many component instances have one.
pub(crate) const MAX_INSTANCES: usize = 1024;
/// The notes.
pub(crate) const NOTES: u32 = 16_384;
/// Bytes of a note, as a power of 2.
pub(crate) const NOTE_SHIFT: u32 = 8;
/// How many calls can be noted at the same time; deeper ones go the plain way, and so does what a `realloc` calls.
pub(crate) const MAX_NOTES: u32 = 32;
/// Where in the word at [`DEPTH`] the `realloc` is that runs.
pub(crate) const LEAF_SHIFT: u32 = 8;

/// A note: the trampoline, or [`TURN`].
pub(crate) const TRAMPOLINE: u32 = 0;
/// A note: which `task.return` is right for the callee, as a number that is not 0.
pub(crate) const CLASS: u32 = 4;
/// A note: whether there was a `task.return`.
pub(crate) const RETURNED: u32 = 8;
/// A note: what takes the result, as a place in the table of the generated module.
pub(crate) const TAKES: u32 = 12;
/// A note: `Thread.storage`, twice 8 bytes.
pub(crate) const STORAGE: u32 = 16;
/// A note: the flat result, 8 bytes.
pub(crate) const RESULT: u32 = 32;
/// A note: the flat arguments, 8 bytes each.
pub(crate) const ARGS: u32 = 40;

/// What stands in the place of the trampoline when it is a callback that runs, not a call.
const TURN: u32 = u32::MAX;

const _: () = assert!(MAX_NOTES < 1 << LEAF_SHIFT);
const _: () = assert!(ARGS as usize + 8 * CAPACITY <= 1 << NOTE_SHIFT);

/// The bit of an instance's word that says that calls cannot enter it at once.
pub(crate) const CLOSED: u32 = 1;
/// The bit of an instance's word that says that it may not be left.
pub(crate) const MAY_NOT_LEAVE: u32 = 2;

/// What generated code sees of an instance. The host keeps it true when it changes what it depends on.
#[derive(Clone, Copy, Default)]
pub(crate) struct Gate(Option<SharedWord>);

impl Gate {
    /// Whether generated code looks at it.
    #[inline]
    pub(crate) fn is_seen(self) -> bool {
        self.0.is_some()
    }

    /// Shows whether an instance can be entered by an async call at once, and left.
    #[inline]
    pub(crate) fn show(self, closed: bool, flags: Flags) {
        let Gate(Some(word)) = self else { return };
        // Flags in a global are looked at there.
        let may_not_leave = matches!(flags, Flags::Plain(bits) if bits & MAY_LEAVE == 0);
        word.set(if closed { CLOSED } else { 0 } | if may_not_leave { MAY_NOT_LEAVE } else { 0 });
    }
}

/// What generated code knows a call by: of a note, [`CLASS`] and [`TAKES`]. The class is 0 if the call was never noted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NotedAs {
    class: u32,
    takes: u32,
}

impl NotedAs {
    /// Whether callbacks of the call can be noted.
    #[inline]
    pub(super) fn is_known(self) -> bool {
        self.class != 0
    }
}

/// A callback that is noted while it runs.
pub(super) struct Turn {
    /// What its call was noted as.
    pub(super) noted_as: NotedAs,
    /// Whether there was a result before.
    pub(super) returned: bool,
    /// Spec: `Thread.storage`.
    pub(super) storage: [u64; 2],
    /// The last flat argument of the call, and its place among them.
    pub(super) last_arg: (u64, usize),
}

/// How often the callbacks of a callee, one after the other, had no result when what was noted was carried out: they waited
/// again, or entered the host for something else first. Some always do.
#[derive(Debug, Default)]
pub(crate) struct InVain(AtomicU32);

impl InVain {
    const TOO_OFTEN: u32 = 8;

    /// Whether that was not too often.
    #[inline]
    pub(super) fn is_seldom(&self) -> bool {
        self.0.load(Ordering::Relaxed) < InVain::TOO_OFTEN
    }

    /// Once more.
    #[inline]
    fn count(&self, in_vain: bool) {
        // Stores in several threads may lose a number of another.
        let before = self.0.load(Ordering::Relaxed);
        if in_vain || before > 0 {
            self.0.store(if in_vain { before.saturating_add(1) } else { 0 }, Ordering::Relaxed);
        }
    }
}

/// What the host needs to carry out what is noted.
pub(crate) struct Noted {
    root: RootId,
    depth: SharedWord,
    memory: CoreMemory,
    /// For each trampoline of which calls are noted, its place in [`State::lowered`] and the number of its arguments.
    pub(crate) lowered: Vec<Option<(u32, usize)>>,
}

/// Lets calls of the component `root` be noted in `memory`; says whether they can be. Of each store, one component has that.
pub(crate) fn open(store: &mut StoreMut<'_>, root: RootId, memory: CoreMemory) -> Result<bool> {
    let this = store.state().roots.get(root)?;
    let (instances, trampolines) = (this.instances.clone(), this.trampolines.len());
    let Some(depth) = SharedWord::of(store, memory, DEPTH) else { return Ok(false) };
    if store.state().noted.is_some() || instances.len() > MAX_INSTANCES {
        return Ok(false);
    }
    for (at, &instance) in (GATES..).step_by(4).zip(&instances) {
        let gate = Gate(SharedWord::of(store, memory, at));
        let instance = store.state_mut().instances.get_mut(instance)?;
        instance.gate = gate;
        instance.show();
    }
    store.state_mut().noted = Some(Noted { root, depth, memory, lowered: vec![None; trampolines] });
    store.while_not_zero(depth, carry_out);
    Ok(true)
}

/// Notes the callback that is called next. Nothing is noted while the host runs.
#[inline]
pub(super) fn begin_turn(store: &mut StoreMut<'_>, turn: &Turn) -> Result<()> {
    let Some(Noted { depth, memory, .. }) = store.state().noted else { return Ok(()) };
    let note = store.memory_mut(memory).get_mut(NOTES as usize..).and_then(|rest| rest.first_chunk_mut());
    let note: &mut Note = note.ok_or_else(|| bug!("a callback is noted nowhere"))?;
    let both = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
    let Turn { noted_as, returned, storage, last_arg: (last_arg, place) } = *turn;
    let head = [
        (TRAMPOLINE, both(TURN, noted_as.class)),
        (RETURNED, both(u32::from(returned), noted_as.takes)),
        (STORAGE, storage[0]),
        (STORAGE + 8, storage[1]),
        (ARGS + 8 * place as u32, last_arg),
    ];
    for (at, word) in head {
        if let Some(field) = note.get_mut(at as usize..).and_then(|rest| rest.first_chunk_mut()) {
            *field = word.to_le_bytes();
        }
    }
    depth.set(1);
    Ok(())
}

/// Makes entries of [`State::light`] of all calls that are noted, and closes the instance whose `realloc` runs.
#[cold]
fn carry_out(store: &mut StoreMut<'_>) -> Result<()> {
    let Some(Noted { root, depth, memory, .. }) = store.state().noted else { return Ok(()) };
    let noted = depth.get();
    depth.set(0);
    let (calls, leaf) = (noted & ((1 << LEAF_SHIFT) - 1), noted >> LEAF_SHIFT);
    for number in 0..calls.min(MAX_NOTES) {
        let at = (NOTES + (number << NOTE_SHIFT)) as usize;
        let note = store.memory(memory).get(at..).and_then(|rest| rest.first_chunk());
        let note: &Note = note.ok_or_else(|| bug!("a call is noted nowhere"))?;
        if word(note, TRAMPOLINE) == TURN {
            let (returned, result) = (word(note, RETURNED) != 0, long(note, RESULT));
            let storage = [long(note, STORAGE), long(note, STORAGE + 8)];
            carry_out_turn(store.state_mut(), returned.then_some(result), storage)?;
            continue;
        }
        let note = *note;
        enter(store.state_mut(), &note)?;
    }
    match leaf.checked_sub(1) {
        None => Ok(()),
        Some(number) => {
            let instance = store.state().roots.get(root)?.instance(InstanceIndex(number))?;
            enter_leaf(store, instance)
        }
    }
}

/// The callback of the current thread has done this so far.
fn carry_out_turn(state: &mut State, result: Option<u64>, storage: [u64; 2]) -> Result<()> {
    let thread = state.current.thread.ok_or_else(|| bug!("nobody's callback is noted"))?;
    let this = state.threads.get_mut(thread)?;
    this.storage = storage;
    let task = this.task;
    let this = state.tasks.get(task)?;
    let result = result.filter(|_| this.state != TaskState::Resolved);
    this.callee.in_vain.count(result.is_none());
    match result {
        Some(bits) => light::returned(state, bits),
        None => Ok(()),
    }
}

/// The part of a note that is used: what is before the arguments, and as many of them as there can be.
type Note = [u8; ARGS as usize + 8 * CAPACITY];

#[inline(always)]
fn word(note: &Note, at: u32) -> u32 {
    long(note, at) as u32
}

#[inline(always)]
fn long(note: &Note, at: u32) -> u64 {
    note.get(at as usize..).and_then(|rest| rest.first_chunk()).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

fn enter(state: &mut State, note: &Note) -> Result<()> {
    let trampoline = word(note, TRAMPOLINE) as usize;
    let known = state.noted.as_ref().and_then(|noted| *noted.lowered.get(trampoline)?);
    let (number, count) = known.ok_or_else(|| bug!("calls of trampoline {trampoline} are not noted"))?;
    let lowered = state.lowered.get(number as usize).ok_or_else(|| bug!("no lowered function {number}"))?;
    let locked = light::locked_by(&lowered.guest()?.callee);
    state.check_room_for_task()?;
    let mut args = [0; CAPACITY];
    let args = args.get_mut(..count).ok_or_else(|| bug!("a noted call of {count} arguments"))?;
    for (at, arg) in (ARGS..).step_by(8).zip(args.iter_mut()) {
        *arg = long(note, at);
    }
    light::lock(state, locked)?;
    light::push(state, Side::Guest(number, Args::new(args)));
    let call = state.light.last_mut().ok_or_else(|| bug!("no light call runs"))?;
    call.storage = [long(note, STORAGE), long(note, STORAGE + 8)];
    call.noted_as = NotedAs { class: word(note, CLASS), takes: word(note, TAKES) };
    call.result = (word(note, RETURNED) != 0).then(|| long(note, RESULT));
    Ok(())
}
