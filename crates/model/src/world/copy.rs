//! Streams and futures: a copy is a rendezvous of two buffers. Spec: "Stream State", "Future State".

use super::waitable::{Event, Pending, What};
use super::{Answer, Handle, Trap, World, trap_if};

/// What an answer is that has to wait. Spec: `BLOCKED`.
pub(super) const BLOCKED: u32 = u32::MAX;

/// Which end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// One reads from it.
    Readable,
    /// One writes to it.
    Writable,
}

/// Spec: `CopyState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CopyState {
    /// Nothing is under way.
    Idle,
    /// A copy is under way.
    Copying,
    /// Nothing more can happen.
    Done,
}

/// Spec: `CopyResult`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum CopyResult {
    Completed = 0,
    Dropped = 1,
    Cancelled = 2,
}

/// Spec: `BufferGuestImpl`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Buffer {
    ptr: u32,
    length: u32,
    progress: u32,
}

impl Buffer {
    fn remain(self) -> u32 {
        self.length - self.progress
    }
}

/// Spec: `CopyEnd`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct End {
    /// A stream's, or a future's.
    pub stream: bool,
    /// Which of the two.
    pub side: Side,
    /// What it does.
    pub state: CopyState,
    pub(super) channel: usize,
    instance: usize,
    index: u32,
    buffer: Option<Buffer>,
}

/// What both ends share.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Channel {
    dropped: bool,
    /// The end whose buffer waits for the other.
    pending: Option<usize>,
    /// Ends that are in a table.
    ends: [Option<usize>; 2],
}

impl World {
    /// Spec: `canon_stream_new`, `canon_future_new`; both handles in 32 bits.
    pub(super) fn new_channel(&mut self, instance: usize, stream: bool) -> u32 {
        self.channels.push(Channel::default());
        let channel = self.channels.len() - 1;
        let [readable, writable] =
            [Side::Readable, Side::Writable].map(|side| self.add_end(instance, channel, stream, side));
        readable | writable << 16
    }

    fn add_end(&mut self, instance: usize, channel: usize, stream: bool, side: Side) -> u32 {
        let end = End { stream, side, state: CopyState::Idle, channel, instance, index: 0, buffer: None };
        let id = self.add_waitable(What::End(end));
        let index = self.instances[instance].handles.add(Handle::Waitable(id));
        self.with_end(id, |end| end.index = index);
        self.channels[channel].ends[side as usize] = Some(id);
        index
    }

    fn find_end(&self, instance: usize, index: u32, stream: bool, side: Side) -> Answer<usize> {
        let id = self.waitable(instance, index)?;
        let end = self.end(id)?;
        trap_if((end.stream, end.side) != (stream, side))?;
        Ok(id)
    }

    /// Spec: `stream_copy`, `future_copy`, always async.
    pub(super) fn copy(&mut self, instance: usize, stream: bool, side: Side, args: [u32; 3]) -> Answer<u32> {
        let [index, ptr, length] = args;
        let id = self.find_end(instance, index, stream, side)?;
        trap_if(self.end(id)?.state != CopyState::Idle)?;
        let buffer = Buffer { ptr, length, progress: 0 };
        self.with_end(id, |end| (end.state, end.buffer) = (CopyState::Copying, Some(buffer)));
        self.meet(id)?;
        Ok(self.take_pending(id).map_or(BLOCKED, |[_, _, payload]| payload))
    }

    /// Spec: `read` and `write` of `SharedStreamImpl` and `SharedFutureImpl`.
    fn meet(&mut self, id: usize) -> Answer<()> {
        let end = self.end(id)?;
        let (stream, side, channel) = (end.stream, end.side, end.channel);
        if self.channels[channel].dropped {
            self.copied(id, CopyResult::Dropped);
            return Ok(());
        }
        let Some(other) = self.channels[channel].pending else {
            self.channels[channel].pending = Some(id);
            return Ok(());
        };
        let [mine, theirs] = [id, other].map(|id| self.end(id).ok().and_then(|end| end.buffer));
        let (mine, theirs) = (mine.ok_or(Trap)?, theirs.ok_or(Trap)?);
        if !stream {
            self.transfer(id, other, 1);
            self.end_pending(channel, CopyResult::Completed);
            self.copied(id, CopyResult::Completed);
        } else if theirs.remain() > 0 {
            let n = mine.remain().min(theirs.remain());
            if n > 0 {
                self.transfer(id, other, n);
                self.set_pending(other, Pending::Copied { result: CopyResult::Completed, reclaim: true });
            }
            self.copied(id, CopyResult::Completed);
        } else if side == Side::Writable && mine.length == 0 && theirs.length == 0 {
            self.copied(id, CopyResult::Completed);
        } else {
            self.end_pending(channel, CopyResult::Completed);
            self.channels[channel].pending = Some(id);
        }
        Ok(())
    }

    fn transfer(&mut self, a: usize, b: usize, n: u32) {
        let part = |id: usize| {
            let end = self.end(id).ok()?;
            let buffer = end.buffer?;
            Some((end.side, end.instance, (buffer.ptr + buffer.progress) as usize))
        };
        let (Some(a_part), Some(b_part)) = (part(a), part(b)) else { return };
        let (read, write) = if a_part.0 == Side::Readable { (a_part, b_part) } else { (b_part, a_part) };
        let n = n as usize;
        let bytes = self.instances[write.1].memory[write.2..write.2 + n].to_vec();
        self.instances[read.1].memory[read.2..read.2 + n].copy_from_slice(&bytes);
        for id in [a, b] {
            self.with_end(id, |end| {
                if let Some(buffer) = &mut end.buffer {
                    buffer.progress += n as u32;
                }
            });
        }
    }

    /// Spec: `on_copy_done`.
    fn copied(&mut self, id: usize, result: CopyResult) {
        self.set_pending(id, Pending::Copied { result, reclaim: false });
    }

    /// Spec: `reset_and_notify_pending`.
    fn end_pending(&mut self, channel: usize, result: CopyResult) {
        if let Some(pending) = self.channels[channel].pending.take() {
            self.copied(pending, result);
        }
    }

    /// Spec: `stream_event`, `future_event`.
    pub(super) fn copy_event(&mut self, id: usize, result: CopyResult, reclaim: bool) -> Event {
        let Ok(end) = self.end(id) else { return [0; 3] };
        let (stream, side, channel, index) = (end.stream, end.side, end.channel, end.index);
        let progress = end.buffer.map_or(0, |buffer| buffer.progress);
        let done = if stream { result == CopyResult::Dropped } else { result != CopyResult::Cancelled };
        let state = if done { CopyState::Done } else { CopyState::Idle };
        self.with_end(id, |end| (end.state, end.buffer) = (state, None));
        if reclaim && self.channels[channel].pending == Some(id) {
            self.channels[channel].pending = None;
        }
        let code = 2 + 2 * u32::from(!stream) + u32::from(side == Side::Writable);
        [code, index, result as u32 | if stream { progress << 4 } else { 0 }]
    }

    /// Spec: `cancel_copy`; CANCELLED wins over a COMPLETED that was not delivered, unless it is a future's.
    pub(super) fn cancel_copy(&mut self, instance: usize, stream: bool, side: Side, index: u32) -> Answer<u32> {
        let id = self.find_end(instance, index, stream, side)?;
        let end = self.end(id)?;
        let channel = end.channel;
        trap_if(end.state != CopyState::Copying)?;
        match self.waitables[id].pending {
            None => self.end_pending(channel, CopyResult::Cancelled),
            Some(Pending::Copied { result: CopyResult::Completed, reclaim }) if stream => {
                self.set_pending(id, Pending::Copied { result: CopyResult::Cancelled, reclaim });
            }
            Some(_) => {}
        }
        self.take_pending(id).map(|[_, _, payload]| payload).ok_or(Trap)
    }

    /// Spec: `drop` of the ends.
    pub(super) fn drop_end(&mut self, instance: usize, stream: bool, side: Side, index: u32) -> Answer<()> {
        let id = self.find_end(instance, index, stream, side)?;
        let end = self.end(id)?;
        let channel = end.channel;
        trap_if(end.state == CopyState::Copying)?;
        trap_if(!stream && side == Side::Writable && end.state != CopyState::Done)?;
        self.instances[instance].handles.remove(index)?;
        self.move_to_set(id, None);
        self.waitables[id].pending = None;
        self.channels[channel].ends[side as usize] = None;
        self.gone(channel)
    }

    /// An end of `channel` is gone: the other hears of it.
    fn gone(&mut self, channel: usize) -> Answer<()> {
        if !std::mem::replace(&mut self.channels[channel].dropped, true) {
            self.end_pending(channel, CopyResult::Dropped);
            for other in self.channels[channel].ends.into_iter().flatten() {
                self.hear_of_drop(other)?;
            }
        }
        Ok(())
    }

    /// Spec: `forward`: whoever writes to the readable end's channel writes to the reader of the writable end's.
    pub(super) fn forward(&mut self, instance: usize, stream: bool, indices: [u32; 2]) -> Answer<()> {
        let mut channels = [0; 2];
        for (at, side) in Side::BOTH.into_iter().enumerate() {
            let id = self.find_end(instance, indices[at], stream, side)?;
            trap_if(self.end(id)?.state != CopyState::Idle || self.waitables[id].set.is_some())?;
            channels[at] = self.end(id)?.channel;
            self.instances[instance].handles.remove(indices[at])?;
            self.waitables[id].pending = None;
            self.channels[channels[at]].ends[side as usize] = None;
        }
        let [from, to] = channels;
        if from == to || self.channels[from].dropped || self.channels[to].dropped {
            self.gone(from)?;
            return self.gone(to);
        }
        let writer = self.channels[from].ends[Side::Writable as usize].take();
        if let Some(writer) = writer {
            self.with_end(writer, |end| end.channel = to);
        }
        self.channels[to].ends[Side::Writable as usize] = writer;
        match (self.channels[from].pending.take(), self.channels[to].pending) {
            (Some(write), Some(read)) => {
                let remain = |id| self.end(id).ok().and_then(|end| end.buffer).map_or(0, Buffer::remain);
                let (bigger, smaller) = if remain(read) > remain(write) { (read, write) } else { (write, read) };
                self.channels[to].pending = Some(bigger);
                self.meet(smaller)
            }
            (Some(write), None) => {
                self.channels[to].pending = Some(write);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The other end is gone: an idle end hears of it, and a copy of a stream that is over but not delivered ends with
    /// DROPPED. Who reads a future hears only by its read: the writer cannot go before it wrote.
    fn hear_of_drop(&mut self, id: usize) -> Answer<()> {
        let end = self.end(id)?;
        let idle = end.state == CopyState::Idle && (end.stream || end.side == Side::Writable);
        let undelivered = end.stream && end.state == CopyState::Copying && self.waitables[id].pending.is_some();
        if idle || undelivered {
            self.copied(id, CopyResult::Dropped);
        }
        Ok(())
    }

    /// Lifts a readable end out of one instance and lowers it into another. Spec: `lift_async_value`, `lower_stream`,
    /// `lower_future`.
    pub(super) fn pass(&mut self, from: usize, stream: bool, index: u32, to: usize) -> Answer<u32> {
        let id = self.find_end(from, index, stream, Side::Readable)?;
        let end = self.end(id)?;
        let channel = end.channel;
        trap_if(end.state != CopyState::Idle || self.waitables[id].set.is_some())?;
        self.instances[from].handles.remove(index)?;
        self.waitables[id].pending = None;
        let index = self.add_end(to, channel, stream, Side::Readable);
        if stream
            && self.channels[channel].dropped
            && let Some(id) = self.channels[channel].ends[Side::Readable as usize]
        {
            self.hear_of_drop(id)?;
        }
        Ok(index)
    }
}
