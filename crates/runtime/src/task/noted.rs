//! Calls that generated code makes without the host, and notes.
//!
//! A call of numbers whose callee returns at once comes to nothing that the host has to know of: it is over before
//! anybody can ask. So generated code (`adapter/noted/`) makes such a call by itself: it notes it in memory, calls,
//! takes the result that `task.return` gives, and strikes the note out. Whenever the host is entered meanwhile, it
//! first carries out what is noted ([`carry_out`]): each note becomes an entry of [`State::light`], which is also the
//! twin. The call goes on as that then.
//!
//! The callback of a call that was noted and waits is noted in the same way, as a [`Turn`]: its task, thread and
//! subtask exist, and what is late is only that it has returned, and what it keeps in its thread's storage.
//!
//! Generated code sees by a word of each instance whether it can be entered and left: see [`Gate`].

use std::sync::atomic::{AtomicU32, Ordering};

use super::light::{self, Kept, Side};
use super::{SubtaskId, TaskState};
use crate::Result;
use crate::abi::{Args, CAPACITY};
use crate::engine::{CoreMemory, SharedWord, SharedWords, StoreMut};
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
    /// The first note, which is mostly the only one.
    first: First,
    /// For each trampoline of which calls are noted, its place in [`State::lowered`] and the number of its arguments.
    pub(crate) lowered: Vec<Option<(u32, usize)>>,
}

/// Lets calls of the component `root` be noted in `memory`; says whether they can be. Of each store, one component has that.
pub(crate) fn open(store: &mut StoreMut<'_>, root: RootId, memory: CoreMemory) -> Result<bool> {
    let this = store.state().roots.get(root)?;
    let (instances, trampolines) = (this.instances.clone(), this.trampolines.len());
    let Some(depth) = SharedWord::of(store, memory, DEPTH) else { return Ok(false) };
    let Some(first) = First::of(store, memory, NOTES) else { return Ok(false) };
    if store.state().noted.is_some() || instances.len() > MAX_INSTANCES {
        return Ok(false);
    }
    for (at, &instance) in (GATES..).step_by(4).zip(&instances) {
        let gate = Gate(SharedWord::of(store, memory, at));
        let instance = store.state_mut().instances.get_mut(instance)?;
        instance.gate = gate;
        instance.show();
    }
    store.state_mut().noted = Some(Noted { root, depth, memory, first, lowered: vec![None; trampolines] });
    store.while_not_zero(depth, carry_out);
    Ok(true)
}

/// Notes the callback that is called next. Nothing is noted while the host runs.
#[inline]
pub(super) fn begin_turn(store: &mut StoreMut<'_>, turn: &Turn) {
    let Some(Noted { depth, first, .. }) = store.state().noted else { return };
    let Turn { noted_as, returned, storage, last_arg: (last_arg, place) } = *turn;
    let head = [(TRAMPOLINE, TURN), (CLASS, noted_as.class), (RETURNED, u32::from(returned)), (TAKES, noted_as.takes)];
    for (at, word) in head {
        first.set(at as usize / 4, word);
    }
    for (at, long) in
        [(STORAGE, storage[0]), (STORAGE + 8, storage[1]), (ARGS + 8 * place.min(CAPACITY - 1) as u32, last_arg)]
    {
        first.set(at as usize / 4, long as u32);
        first.set(at as usize / 4 + 1, (long >> 32) as u32);
    }
    depth.set(1);
}

/// Makes entries of [`State::light`] of all calls that are noted, and closes the instance whose `realloc` runs.
#[cold]
fn carry_out(store: &mut StoreMut<'_>) -> Result<()> {
    let Some(Noted { root, depth, memory, first, .. }) = store.state().noted else { return Ok(()) };
    let noted = depth.get();
    depth.set(0);
    let (calls, leaf) = (noted & ((1 << LEAF_SHIFT) - 1), noted >> LEAF_SHIFT);
    let long_of_first = |at| long_of(first, at);
    let begin = match word(&long_of_first, TRAMPOLINE) {
        TURN if calls > 0 => {
            let returned = word(&long_of_first, RETURNED) != 0;
            let storage = storage_of(&long_of_first);
            carry_out_turn(store.state_mut(), returned.then(|| long_of_first(RESULT)), storage)?;
            1
        }
        _ => 0,
    };
    for number in begin..calls.min(MAX_NOTES) {
        let at = (NOTES + (number << NOTE_SHIFT)) as usize;
        let note = store.memory(memory).get(at..).and_then(|rest| rest.first_chunk());
        let note: &Note = note.ok_or_else(|| bug!("a call is noted nowhere"))?;
        let note = *note;
        enter(store.state_mut(), &|at| long(&note, at))?;
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

/// The first note, as words.
type First = SharedWords<{ size_of::<Note>() / 4 }>;

#[inline(always)]
fn long(note: &Note, at: u32) -> u64 {
    note.get(at as usize..).and_then(|rest| rest.first_chunk()).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// [`long`] of the first note.
#[inline(always)]
fn long_of(first: First, at: u32) -> u64 {
    let at = at as usize / 4;
    u64::from(first.get(at)) | u64::from(first.get(at + 1)) << 32
}

/// A word of the note that `long` reads.
#[inline(always)]
fn word(long: &impl Fn(u32) -> u64, at: u32) -> u32 {
    long(at) as u32
}

#[inline(always)]
fn storage_of(long: &impl Fn(u32) -> u64) -> [u64; 2] {
    [long(STORAGE), long(STORAGE + 8)]
}

/// What is kept of the call that is noted where `long` reads.
#[inline(always)]
fn kept(state: &State, long: &impl Fn(u32) -> u64) -> Result<Kept> {
    let trampoline = word(long, TRAMPOLINE) as usize;
    let known = state.noted.as_ref().and_then(|noted| *noted.lowered.get(trampoline)?);
    let (number, count) = known.ok_or_else(|| bug!("calls of trampoline {trampoline} are not noted"))?;
    if count > CAPACITY {
        return Err(bug!("a noted call of {count} arguments"));
    }
    Ok(Kept {
        number,
        args: Args::of(count, |n| long(ARGS + 8 * n as u32)),
        storage: storage_of(long),
        noted_as: NotedAs { class: word(long, CLASS), takes: word(long, TAKES) },
    })
}

/// The core function of a call has returned `packed`, before the host runs. If that call is all that is noted, has no result
/// and waits between callbacks: what comes of it, as [`light::wait`] would have it; its caller's side. [`carry_out`] is the
/// twin.
#[inline]
pub(crate) fn wait(store: &mut StoreMut<'_>, packed: u64) -> Result<Option<SubtaskId>> {
    let state = store.state_mut();
    let Some(Noted { depth, first, .. }) = state.noted else { return Ok(None) };
    if depth.get() != 1 || state.current.light || !state.has_room_for_task() || !state.short_way() {
        return Ok(None);
    }
    let long = |at| long_of(first, at);
    if word(&long, TRAMPOLINE) == TURN || word(&long, RETURNED) != 0 {
        return Ok(None);
    }
    let kept = kept(state, &long)?;
    let lowered = state.lowered.get(kept.number as usize).ok_or_else(|| bug!("no lowered function {}", kept.number))?;
    let set = light::first_wait(state, &lowered.guest()?.callee, packed as u32);
    let Some(set) = set else { return Ok(None) };
    depth.set(0);
    light::make_waiting(state, kept, set).map(Some)
}

/// Makes an entry of the call that is noted where `long` reads.
fn enter(state: &mut State, long: &impl Fn(u32) -> u64) -> Result<()> {
    let Kept { number, args, storage, noted_as } = kept(state, long)?;
    let lowered = state.lowered.get(number as usize).ok_or_else(|| bug!("no lowered function {number}"))?;
    let locked = light::locked_by(&lowered.guest()?.callee);
    state.check_room_for_task()?;
    light::lock(state, locked)?;
    light::push(state, Side::Guest(number, args));
    let call = state.light.last_mut().ok_or_else(|| bug!("no light call runs"))?;
    (call.storage, call.noted_as) = (storage, noted_as);
    call.result = (word(long, RETURNED) != 0).then(|| long(RESULT));
    Ok(())
}
