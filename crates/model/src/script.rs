//! Scripts: steps that the host takes, each a call of a driver's function, and how bytes become one.

use std::fmt;

use crate::world::{CopyState, Handle, SET, Side, What, World};

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// One turn of the store's loop.
    Tick,
    /// Calls the job of another instance: callee, mode.
    Call,
    /// `subtask.cancel`
    SubtaskCancel,
    /// `subtask.drop`
    SubtaskDrop,
    /// `stream.new`, `future.new`
    New {
        /// A stream, or a future.
        stream: bool,
    },
    /// `stream.read` and so on: end, pointer, length.
    Copy {
        /// A stream's, or a future's.
        stream: bool,
        /// Whose end.
        side: Side,
    },
    /// `stream.cancel-read` and so on.
    CancelCopy {
        /// A stream's, or a future's.
        stream: bool,
        /// Whose end.
        side: Side,
    },
    /// `stream.drop-readable` and so on.
    Drop {
        /// A stream's, or a future's.
        stream: bool,
        /// Whose end.
        side: Side,
    },
    /// Hands a readable end to another instance: end, instance.
    Pass {
        /// A stream, or a future.
        stream: bool,
    },
    /// `stream.forward` and so on: readable end, writable end.
    Forward {
        /// Streams, or futures.
        stream: bool,
    },
    /// `waitable-set.new`
    SetNew,
    /// `waitable-set.drop`
    SetDrop,
    /// `waitable.join`: waitable, set or 0.
    Join,
    /// `waitable-set.poll`
    Poll,
    /// `waitable-set.wait` in a function that is not async.
    Wait,
    /// `backpressure.inc`
    Inc,
    /// `backpressure.dec`
    Dec,
    /// What the jobs of an instance were told, and what is in its memory.
    Hash,
}

const fn copy(stream: bool, side: Side) -> Word {
    Word::Copy { stream, side }
}

const fn cancel(stream: bool, side: Side) -> Word {
    Word::CancelCopy { stream, side }
}

const fn drop_end(stream: bool, side: Side) -> Word {
    Word::Drop { stream, side }
}

/// Every word: its name, how many numbers follow the instance, how often it is drawn.
const WORDS: [(Word, &str, usize, usize); 32] = [
    (Word::New { stream: true }, "stream.new", 0, 3),
    (Word::New { stream: false }, "future.new", 0, 2),
    (copy(true, Side::Readable), "stream.read", 3, 6),
    (copy(true, Side::Writable), "stream.write", 3, 6),
    (copy(false, Side::Readable), "future.read", 2, 3),
    (copy(false, Side::Writable), "future.write", 2, 3),
    (cancel(true, Side::Readable), "stream.cancel-read", 1, 2),
    (cancel(true, Side::Writable), "stream.cancel-write", 1, 2),
    (cancel(false, Side::Readable), "future.cancel-read", 1, 2),
    (cancel(false, Side::Writable), "future.cancel-write", 1, 2),
    (drop_end(true, Side::Readable), "stream.drop-readable", 1, 2),
    (drop_end(true, Side::Writable), "stream.drop-writable", 1, 2),
    (drop_end(false, Side::Readable), "future.drop-readable", 1, 2),
    (drop_end(false, Side::Writable), "future.drop-writable", 1, 2),
    (Word::Join, "join", 2, 6),
    (Word::Poll, "poll", 1, 6),
    (Word::Wait, "wait", 1, 2),
    (Word::Pass { stream: true }, "pass-stream", 2, 4),
    (Word::Pass { stream: false }, "pass-future", 2, 2),
    (Word::Forward { stream: true }, "stream.forward", 2, 3),
    (Word::Forward { stream: false }, "future.forward", 2, 2),
    (Word::SetNew, "set.new", 0, 1),
    (Word::SetDrop, "set.drop", 1, 1),
    (Word::Call, "call", 2, 8),
    (Word::SubtaskCancel, "subtask.cancel", 1, 3),
    (Word::SubtaskDrop, "subtask.drop", 1, 2),
    (Word::Tick, "tick", 0, 9),
    (Word::Inc, "inc", 0, 1),
    (Word::Dec, "dec", 0, 2),
    (Word::Hash, "hash", 0, 2),
    // Again, so that a byte reaches everything that makes others wait.
    (Word::Call, "call", 2, 2),
    (Word::Tick, "tick", 0, 1),
];

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What is done.
    pub word: Word,
    /// By which instance.
    pub instance: u32,
    /// With what; what a word does not need is 0.
    pub args: [u32; 3],
}

impl Step {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.row().1
    }

    /// The numbers that follow the instance.
    #[must_use]
    pub fn args(&self) -> &[u32] {
        &self.args[..self.row().2]
    }

    fn row(&self) -> &'static (Word, &'static str, usize, usize) {
        WORDS.iter().find(|(word, ..)| *word == self.word).unwrap_or(&WORDS[0])
    }

    /// Reads what [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let name = parts.next()?;
        let word = WORDS.iter().find(|(_, other, ..)| *other == name)?.0;
        let mut numbers = parts.map(|number| number.parse::<u32>());
        let instance = numbers.next()?.ok()?;
        let mut args = [0; 3];
        for (place, number) in args.iter_mut().zip(numbers) {
            *place = number.ok()?;
        }
        Some(Step { word, instance, args })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name(), self.instance)?;
        self.args().iter().try_for_each(|number| write!(f, " {number}"))
    }
}

/// Numbers out of bytes; zeros when they are used up.
pub struct Draw<'a> {
    bytes: &'a [u8],
}

impl<'a> Draw<'a> {
    /// Draws from `bytes`, front to back.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Draw { bytes }
    }

    /// Whether there is nothing left.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.bytes.is_empty()
    }

    /// A number below `count`, which is at most 256.
    pub fn below(&mut self, count: usize) -> usize {
        let Some((&first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        usize::from(first) % count.max(1)
    }

    fn word(&mut self, blocking: bool) -> Word {
        let weight = |row: &(Word, &str, usize, usize)| if row.0 == Word::Wait && !blocking { 0 } else { row.3 };
        let mut at = self.below(WORDS.iter().map(weight).sum());
        for row in &WORDS {
            match at.checked_sub(weight(row)) {
                Some(rest) => at = rest,
                None => return row.0,
            }
        }
        Word::Tick
    }
}

/// A handle of `instance` that `fits`, and now and then any number.
fn handle(draw: &mut Draw<'_>, world: &World, instance: usize, fits: impl Fn(&Handle) -> bool) -> u32 {
    let table = &world.instances[instance].handles;
    let fit: Vec<u32> = table.iter().filter(|(_, handle)| fits(handle)).map(|(index, _)| index).collect();
    let any = draw.below(64);
    match fit.len() {
        0 => 1 + any as u32 % (table.highest() + 1),
        _ if any == 63 => 1 + draw.below(table.highest() as usize + 1) as u32,
        count => fit[draw.below(count)],
    }
}

fn is_end(world: &World, handle: &Handle, stream: bool, side: Side) -> bool {
    let Handle::Waitable(id) = *handle else { return false };
    matches!(world.what(id), What::End(end) if (end.stream, end.side) == (stream, side))
}

/// The next step: what it is about exists in `world`, most of the time.
pub fn next(draw: &mut Draw<'_>, world: &World, blocking: bool) -> Step {
    let word = draw.word(blocking);
    let count = world.instances.len();
    let mut instance = draw.below(count);
    let mut args = [0; 3];
    let end =
        |draw: &mut Draw<'_>, stream, side| handle(draw, world, instance, |handle| is_end(world, handle, stream, side));
    let is_waitable = |handle: &Handle| matches!(handle, Handle::Waitable(_));
    let is_set = |handle: &Handle| matches!(handle, Handle::Set(_));
    let is_subtask = |handle: &Handle| match *handle {
        Handle::Waitable(id) => matches!(world.what(id), What::Subtask(_)),
        Handle::Set(_) => false,
    };
    match word {
        Word::Copy { stream, side } => {
            args[0] = end(draw, stream, side);
            args[1] = match side {
                Side::Readable => 64 + draw.below(32) as u32,
                Side::Writable => 256 + draw.below(128) as u32,
            };
            args[2] = if stream { [0, 0, 1, 2, 3, 4, 8][draw.below(7)] } else { 0 };
        }
        Word::CancelCopy { stream, side } | Word::Drop { stream, side } => args[0] = end(draw, stream, side),
        Word::Pass { stream } => {
            args[0] = end(draw, stream, Side::Readable);
            args[1] = draw.below(count) as u32;
        }
        Word::Forward { stream } => {
            args[0] = end(draw, stream, Side::Readable);
            args[1] = end(draw, stream, Side::Writable);
        }
        Word::SetDrop | Word::Poll | Word::Wait => args[0] = handle(draw, world, instance, is_set),
        Word::Join => {
            args[0] = handle(draw, world, instance, is_waitable);
            args[1] = match draw.below(4) {
                0 => 0,
                1 | 2 => SET,
                _ => handle(draw, world, instance, is_set),
            };
        }
        Word::SubtaskCancel | Word::SubtaskDrop => args[0] = handle(draw, world, instance, is_subtask),
        Word::Call => {
            instance = instance.max(1);
            args[0] = draw.below(instance) as u32;
            args[1] = draw.below(if blocking { 10 } else { 6 }) as u32;
        }
        Word::New { .. } | Word::SetNew | Word::Tick | Word::Inc | Word::Dec | Word::Hash => {}
    }
    Step { word, instance: instance as u32, args }
}

/// Whether `step` does not obviously trap: scripts would be short otherwise.
#[must_use]
pub fn is_sensible(step: &Step, world: &World) -> bool {
    let instance = step.instance as usize;
    let find = |index| world.instances[instance].handles.find(index);
    let what = match find(step.args[0]) {
        Some(Handle::Waitable(id)) => Some((id, world.what(id))),
        _ => None,
    };
    let set = match find(step.args[0]) {
        Some(Handle::Set(set)) => Some(set),
        _ => None,
    };
    let end = match what {
        Some((id, What::End(end))) => Some((id, end)),
        _ => None,
    };
    let fits = |stream, side| end.filter(|(_, end)| (end.stream, end.side) == (stream, side));
    let state = |stream, side| fits(stream, side).map(|(_, end)| end.state);
    match step.word {
        Word::Copy { stream, side } => state(stream, side) == Some(CopyState::Idle),
        Word::CancelCopy { stream, side } => state(stream, side) == Some(CopyState::Copying),
        Word::Drop { stream: false, side: Side::Writable } => state(false, Side::Writable) == Some(CopyState::Done),
        Word::Drop { stream, side } => state(stream, side).is_some_and(|state| state != CopyState::Copying),
        Word::Pass { stream } => {
            fits(stream, Side::Readable).is_some_and(|(id, end)| end.state == CopyState::Idle && !world.is_in_set(id))
        }
        Word::Forward { stream } => {
            let idle = |index, side| match find(index) {
                Some(Handle::Waitable(id)) => matches!(world.what(id), What::End(end)
                    if (end.stream, end.side, end.state) == (stream, side, CopyState::Idle) && !world.is_in_set(id)),
                _ => false,
            };
            idle(step.args[0], Side::Readable) && idle(step.args[1], Side::Writable)
        }
        Word::Dec => world.instances[instance].backpressure > 0,
        Word::SetDrop => step.args[0] != SET && set.is_some_and(|set| world.members(set) == 0),
        Word::Poll => set.is_some(),
        Word::Wait => set.is_some_and(|set| world.has_event(set) || world.someone_is_ready(instance)),
        Word::Join => what.is_some(),
        Word::SubtaskDrop => matches!(what, Some((_, What::Subtask(subtask))) if subtask.delivered),
        Word::SubtaskCancel => match what {
            Some((id, What::Subtask(subtask))) => {
                !subtask.delivered && !subtask.cancellation_requested && !world.is_in_set(id)
            }
            _ => false,
        },
        _ => true,
    }
}
