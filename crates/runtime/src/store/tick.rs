//! The turn of the event loop. Spec: `Store.tick`.

use std::mem;

use super::{Command, HostSource};
use crate::Result;
use crate::engine::StoreMut;
use crate::host::{poll_host_task, spawn};
use crate::plan::End;
use crate::stream::{HostEnd, SharedId, drop_shared_end, poll_host_ends};
use crate::task::lane::go_in_lane;
use crate::task::{ThreadId, WaitFor, first_turn, is_ready, request_cancellation, turn};

/// What a turn came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Something happened.
    Made,
    /// Nothing can happen before the host does something.
    None,
}

/// Turns, as many as may be made: host words are carried out, host work that woke up is polled, one ready thread runs. Spec:
/// `Store.tick`.
///
/// Where the first choice is, turns that go a short way follow each other without a look at more.
pub(crate) fn tick(store: &mut StoreMut<'_>) -> Result<Progress> {
    let mut made = read_mail(store)?;
    loop {
        if !first_turn(store, None)? {
            let Some(thread) = next_ready(store)? else { break };
            turn(store, thread)?;
        }
        made = true;
        go_in_lane(store)?;
        let state = store.state_mut();
        if !state.goes_on() {
            break;
        }
        state.turns_left -= 1;
        if !state.mailbox.is_empty() {
            read_mail(store)?;
        }
    }
    Ok(if made { Progress::Made } else { Progress::None })
}

/// The thread that the next turn runs, if one is ready; host words are carried out before.
pub(crate) fn next_turn(store: &mut StoreMut<'_>) -> Result<Option<ThreadId>> {
    read_mail(store)?;
    next_ready(store)
}

/// The thread that was chosen before and is still ready, else one that is chosen now.
fn next_ready(store: &mut StoreMut<'_>) -> Result<Option<ThreadId>> {
    if let Some(thread) = store.state_mut().chosen.take() {
        if is_ready(store.state(), thread)? {
            return Ok(Some(thread));
        }
        note_exclusive(store.state_mut(), thread)?;
    }
    choose_ready(store)
}

/// Carries out what was left in the mailbox; says whether there was something.
#[inline]
fn read_mail(store: &mut StoreMut<'_>) -> Result<bool> {
    let state = store.state_mut();
    if state.mailbox.is_empty() {
        return Ok(false);
    }
    let mut words = mem::take(&mut state.words);
    state.mailbox.take(&mut words);
    for command in words.commands.drain(..) {
        carry_out(store, command)?;
    }
    for source in words.woken.drain(..) {
        match source {
            HostSource::Task(id) => poll_host_task(store, id)?,
            HostSource::Shared(id) => poll_host_ends(store, id)?,
        }
    }
    store.state_mut().words = words;
    Ok(true)
}

/// A thread that is ready, if there is one.
#[inline]
fn choose_ready(store: &mut StoreMut<'_>) -> Result<Option<ThreadId>> {
    // With the first choice there is no need to look at more threads than one.
    if store.state().choose.is_first() {
        return first_ready(store);
    }
    let mut ready: Vec<(u64, ThreadId)> = Vec::new();
    while let Some(thread) = store.state_mut().next_maybe_ready() {
        match is_ready(store.state(), thread)? {
            true => ready.push((store.state().threads.get(thread)?.stopped, thread)),
            false => note_exclusive(store.state_mut(), thread)?,
        }
    }
    let state = store.state_mut();
    if ready.is_empty() {
        return Ok(None);
    }
    // Who waits longest comes first, as in the standard's list: a choice means the same to whoever follows it.
    ready.sort_unstable_by_key(|(stopped, _)| *stopped);
    let (_, thread) = ready.remove(state.choose.among(ready.len()));
    for (_, other) in ready {
        state.wake(other);
    }
    Ok(Some(thread))
}

/// The thread that waits longest of those that are ready.
#[inline]
fn first_ready(store: &mut StoreMut<'_>) -> Result<Option<ThreadId>> {
    while let Some(thread) = store.state_mut().next_maybe_ready() {
        if is_ready(store.state(), thread)? {
            return Ok(Some(thread));
        }
        note_exclusive(store.state_mut(), thread)?;
    }
    Ok(None)
}

/// A thread that only lacks the exclusive lock is looked at again when the lock is free.
fn note_exclusive(state: &mut super::State, thread: ThreadId) -> Result<()> {
    let Some(this) = state.threads.find(thread) else { return Ok(()) };
    if !matches!(this.wait_for, Some(WaitFor::SetForCallback(_) | WaitFor::TurnForCallback)) {
        return Ok(());
    }
    let instance = state.tasks.get(this.task)?.instance;
    let instance = state.instances.get_mut(instance)?;
    if instance.exclusive_thread().is_some() && !instance.waiting_for_exclusive.contains(&thread) {
        instance.waiting_for_exclusive.push(thread);
    }
    Ok(())
}

fn carry_out(store: &mut StoreMut<'_>, command: Command) -> Result<()> {
    match command {
        Command::Consume { shared, consumer } => attach(store, shared, HostEnd::Consumer(consumer)),
        Command::ReadFuture { shared, target } => attach(store, shared, HostEnd::Target(target)),
        Command::DropReadable { shared } => match store.state().shared.find(shared) {
            // One that was over by itself has let go of its end before its owner did: a value may come while nobody looks.
            Some(this) if this.dropped && (this.writable.is_some() || this.writer.is_some()) => Ok(()),
            Some(_) => drop_shared_end(store, shared, End::Readable),
            None => Ok(()),
        },
        Command::Cancel(task) => request_cancellation(store, task),
        Command::Spawn(future) => {
            spawn(store, future);
            Ok(())
        }
    }
}

/// Lets the host read at the readable end of `shared`.
fn attach(store: &mut StoreMut<'_>, shared: SharedId, mut reader: HostEnd) -> Result<()> {
    let gone = match store.state_mut().shared.find_mut(shared) {
        Some(this) if !this.dropped => {
            this.reader = Some(reader);
            return poll_host_ends(store, shared);
        }
        Some(_) => true,
        None => false,
    };
    match &mut reader {
        HostEnd::Consumer(consumer) => consumer.end(),
        HostEnd::Target(target) => target.never(),
        _ => {}
    }
    if gone { drop_shared_end(store, shared, End::Readable) } else { Ok(()) }
}
