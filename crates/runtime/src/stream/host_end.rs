//! Host ends: polled when a guest waits on the other end, or when they woke the store.

use std::task::{Context, Poll, Waker};

use super::copy::{notify_dropped, on_copy_done};
use super::hand_over::hand_over;
use super::host_copy::moved_nothing;
use super::{Buffer, CopyEndId, CopyResult, HostEnd, SharedId};
use crate::Result;
use crate::abi::{LiftCx, LowerCx};
use crate::engine::StoreMut;
use crate::error::bug;
use crate::host::{Flow, RawDestination, RawSource};
use crate::plan::StringEncoding;
use crate::store::{HostSource, source_waker};
use crate::types::ValType;

/// Polls the host's end or ends of `shared`, as far as somebody waits for them; tells a guest whose copy that ends.
pub(crate) fn poll(store: &mut StoreMut<'_>, shared: SharedId) -> Result<()> {
    match poll_ends(store, shared)? {
        Some(end) => on_copy_done(store.state_mut(), end, CopyResult::Completed),
        None => Ok(()),
    }
}

/// [`poll`], but gives the guest's end whose copy is COMPLETED and has not been told, if the host end goes on.
pub(super) fn poll_ends(store: &mut StoreMut<'_>, shared: SharedId) -> Result<Option<CopyEndId>> {
    let state = store.state_mut();
    let Some(this) = state.shared.find_mut(shared) else { return Ok(None) };
    if this.polling || (this.writer.is_none() && this.reader.is_none()) {
        return Ok(None);
    }
    // Taken out like the ends: to clone a waker takes longer than many a poll.
    let waker = this.waker.take().unwrap_or_else(|| source_waker(&state.mailbox, HostSource::Shared(shared)));
    let (writer, reader, pending) = (this.writer.take(), this.reader.take(), this.pending);
    let host_ends = u8::from(writer.is_some()) + u8::from(reader.is_some());
    let mut hand_over_ = this.hand_over.take();
    this.polling = true;
    let mut completed = None;
    let outcome = match (writer, reader, pending) {
        (Some(mut writer), None, Some(pending)) => {
            let polled = poll_one(store, &mut writer, pending, &waker)?;
            completed = polled.completed(pending);
            (after(polled.flow, writer), None)
        }
        (None, Some(mut reader), Some(pending)) => {
            let polled = poll_one(store, &mut reader, pending, &waker)?;
            completed = polled.completed(pending);
            (None, after(polled.flow, reader))
        }
        // Nobody reads: all that can be is that the writer went away.
        (Some(HostEnd::Producer(producer)), None, None) if producer.ends_unread() == Some(true) => (None, None),
        (Some(writer), Some(reader), None) => {
            let way = hand_over_.get_or_insert_default();
            hand_over(way, writer, reader, &waker)?
        }
        (writer, reader, _) => (writer, reader),
    };
    let this = store.state_mut().shared.get_mut(shared)?;
    (this.hand_over, this.waker) = (hand_over_, Some(waker));
    put_back(store, shared, outcome, host_ends)?;
    Ok(completed)
}

/// What a poll of one host end came to.
pub(super) struct Polled {
    flow: Option<Flow>,
    /// Whether the guest's copy is over and its end was not told.
    untold: bool,
}

impl Polled {
    fn completed(&self, end: CopyEndId) -> Option<CopyEndId> {
        self.untold.then_some(end)
    }
}

/// The end, unless it is over.
fn after(flow: Option<Flow>, end: HostEnd) -> Option<HostEnd> {
    (flow != Some(Flow::End)).then_some(end)
}

pub(super) type Ends = (Option<HostEnd>, Option<HostEnd>);

/// Puts the ends back; the ones that are over count as dropped.
pub(super) fn put_back(
    store: &mut StoreMut<'_>,
    shared: SharedId,
    (writer, reader): Ends,
    host_ends: u8,
) -> Result<()> {
    let state = store.state_mut();
    let this = state.shared.get_mut(shared)?;
    this.polling = false;
    let over = writer.is_none() && reader.is_none();
    (this.writer, this.reader) = (writer, reader);
    if over && !this.dropped {
        this.dropped = true;
        this.ends = this.ends.saturating_sub(host_ends);
        notify_dropped(state, shared)?;
    }
    let this = state.shared.get(shared)?;
    if this.ends == 0 {
        state.shared.remove(shared);
    }
    Ok(())
}

fn buffer_of(store: &mut StoreMut<'_>, end: CopyEndId) -> Result<(Buffer, Option<ValType>)> {
    let state = store.state_mut();
    let this = state.ends.get(end)?;
    let payload = this.payload(state)?.cloned();
    let buffer = this.buffer.clone().ok_or_else(|| bug!("a copy without a buffer"))?;
    Ok((buffer, payload))
}

/// Notes how far the copy of `end` came, and that it is over if it came anywhere.
pub(super) fn progressed(
    store: &mut StoreMut<'_>,
    end: CopyEndId,
    buffer: &Buffer,
    flow: Option<Flow>,
) -> Result<Polled> {
    let state = store.state_mut();
    let moved = buffer.progress > 0 || (buffer.is_zero_length() && flow == Some(Flow::Continue));
    let this = state.ends.get_mut(end)?;
    let Some(place) = &mut this.buffer else { return Err(bug!("a copy without a buffer")) };
    (place.ptr, place.progress) = (buffer.ptr, buffer.progress);
    let shared = this.shared;
    if flow == Some(Flow::Continue) && !moved {
        return Err(moved_nothing());
    }
    let mut untold = false;
    if flow.is_some() && moved {
        state.shared.get_mut(shared)?.pending = None;
        untold = flow == Some(Flow::Continue);
        if !untold {
            on_copy_done(state, end, CopyResult::Completed)?;
        }
    }
    Ok(Polled { flow, untold })
}

/// Polls the host's end that meets the copy of the guest's end `pending`.
fn poll_one(store: &mut StoreMut<'_>, host: &mut HostEnd, pending: CopyEndId, waker: &Waker) -> Result<Polled> {
    let (mut buffer, payload) = buffer_of(store, pending)?;
    let flow = poll_with(store, host, &mut buffer, payload.as_ref(), waker)?;
    progressed(store, pending, &buffer, flow)
}

/// Polls an end of the host with the guest's `buffer`, which notes how far it came; nothing when it waits.
pub(super) fn poll_with(
    store: &mut StoreMut<'_>,
    host: &mut HostEnd,
    buffer: &mut Buffer,
    payload: Option<&ValType>,
    waker: &Waker,
) -> Result<Option<Flow>> {
    let mut task = Context::from_waker(waker);
    match host {
        HostEnd::Producer(producer) => {
            let cx = lowering(store, buffer);
            ready(producer.poll(&mut task, RawDestination::Guest { cx, payload, buffer }))
        }
        HostEnd::Consumer(consumer) => {
            let cx = lifting(store, buffer);
            ready(consumer.poll(&mut task, RawSource::Guest { cx, payload, buffer }))
        }
        HostEnd::Source(source) => {
            let Some(()) = ready(source.poll(&mut task))? else { return Ok(None) };
            source.store(&mut lowering(store, buffer), payload, buffer.ptr)?;
            buffer.advance(1);
            Ok(Some(Flow::End))
        }
        HostEnd::Target(target) => {
            target.load(&mut lifting(store, buffer), payload, buffer.ptr)?;
            buffer.advance(1);
            Ok(Some(Flow::End))
        }
    }
}

fn lowering<'s>(store: &'s mut StoreMut<'_>, buffer: &Buffer) -> LowerCx<'s> {
    LowerCx {
        store: store.reborrow(),
        instance: buffer.instance,
        memory: buffer.memory,
        ptr_type: buffer.ptr_type,
        realloc: buffer.realloc,
        string_encoding: buffer.string_encoding,
        string_source: StringEncoding::Utf8,
        borrow_scope: None,
    }
}

fn lifting<'s>(store: &'s mut StoreMut<'_>, buffer: &Buffer) -> LiftCx<'s> {
    let budget = store.state().limits.max_hostcall_bytes;
    LiftCx {
        store: store.reborrow(),
        instance: buffer.instance,
        memory: buffer.memory,
        ptr_type: buffer.ptr_type,
        string_encoding: buffer.string_encoding,
        borrow_scope: None,
        between_guests: false,
        budget,
    }
}

pub(super) fn ready<R>(poll: Poll<Result<R>>) -> Result<Option<R>> {
    match poll {
        Poll::Ready(result) => result.map(Some),
        Poll::Pending => Ok(None),
    }
}

/// Tells a reader of the host that nothing more will come.
pub(super) fn finish_reader(reader: Option<HostEnd>) {
    match reader {
        Some(HostEnd::Consumer(mut consumer)) => consumer.end(),
        Some(HostEnd::Target(mut target)) => target.never(),
        _ => {}
    }
}
