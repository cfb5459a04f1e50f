//! One step of a script in the model.

use super::{Answer, Pick, Side, Trap, World, trap_if};
use crate::script::{Step, Word};

/// Spec: the counter of `backpressure.inc` is a 16-bit one.
const BACKPRESSURE: u32 = 1 << 16;

impl World {
    /// Does what `step` says; gives what it answers.
    pub fn step(&mut self, step: &Step, pick: &mut dyn Pick) -> Answer<u32> {
        let instance = step.instance as usize;
        let args = step.args;
        let at = args[0];
        let done = |answer: Answer<()>| answer.map(|()| 0);
        match step.word {
            Word::Tick => self.tick(pick).map(u32::from),
            Word::Call => self.call(instance, at as usize, args[1], pick),
            Word::SubtaskCancel => self.cancel_subtask(instance, at, pick),
            Word::SubtaskDrop => done(self.drop_subtask(instance, at)),
            Word::New { stream } => Ok(self.new_channel(instance, stream)),
            Word::Copy { stream, side } => {
                let length = if stream { args[2] } else { 1 };
                self.copy(instance, stream, side, [at, args[1], length])
            }
            Word::CancelCopy { stream, side } => self.cancel_copy(instance, stream, side, at),
            Word::Drop { stream, side } => done(self.drop_end(instance, stream, side, at)),
            Word::Pass { stream } => self.pass(instance, stream, at, args[1] as usize),
            Word::Forward { stream } => done(self.forward(instance, stream, [at, args[1]])),
            Word::SetNew => Ok(self.new_set(instance)),
            Word::SetDrop => done(self.drop_set(instance, at)),
            Word::Join => done(self.join(instance, at, args[1])),
            Word::Poll => self.poll(instance, at, pick),
            Word::Wait => self.wait_on_set(instance, at, pick),
            Word::Inc => done(self.inc(instance)),
            Word::Dec => done(self.dec(instance)),
            Word::Hash => Ok(self.hash(instance)),
        }
    }

    fn inc(&mut self, instance: usize) -> Answer<()> {
        self.instances[instance].backpressure += 1;
        trap_if(self.instances[instance].backpressure == BACKPRESSURE)
    }

    fn dec(&mut self, instance: usize) -> Answer<()> {
        let lower = self.instances[instance].backpressure.checked_sub(1).ok_or(Trap)?;
        self.instances[instance].backpressure = lower;
        Ok(())
    }

    /// Spec: `canon_waitable_set_new`.
    fn new_set(&mut self, instance: usize) -> u32 {
        self.sets.push(super::Set::default());
        self.instances[instance].handles.add(super::Handle::Set(self.sets.len() - 1))
    }

    /// Spec: `canon_waitable_set_poll`.
    fn poll(&mut self, instance: usize, index: u32, pick: &mut dyn Pick) -> Answer<u32> {
        let set = self.set(instance, index)?;
        let event = if self.has_event(set) { self.take_event(set, pick)? } else { super::waitable::NONE };
        Ok(self.answer_event(instance, event))
    }

    /// What jobs were told, and what copies and calls wrote.
    fn hash(&self, instance: usize) -> u32 {
        let this = &self.instances[instance];
        this.memory[64..128].iter().fold(this.hash, |hash, &byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte)))
    }
}

impl Side {
    /// Both.
    pub const BOTH: [Side; 2] = [Side::Readable, Side::Writable];
}
