//! Host ends: polled when a guest waits on the other end, or when they woke the store.

use std::task::{Context, Poll, Waker};

use super::copy::{notify_dropped, on_copy_done};
use super::hand_over::hand_over;
use super::{Buffer, CopyEndId, CopyResult, HostEnd, SharedId};
use crate::abi::{LiftCx, LowerCx};
use crate::engine::StoreMut;
use crate::error::bug;
use crate::host::{Flow, RawDestination, RawSource};
use crate::plan::StringEncoding;
use crate::store::{HostSource, source_waker};
use crate::types::ValType;
use crate::{Error, Result};

/// Polls the host's end or ends of `shared`, as far as somebody waits for them.
pub(crate) fn poll(store: &mut StoreMut<'_>, shared: SharedId) -> Result<()> {
    let state = store.state_mut();
    let mailbox = state.mailbox.clone();
    let Some(this) = state.shared.find_mut(shared) else { return Ok(()) };
    if this.polling || (this.writer.is_none() && this.reader.is_none()) {
        return Ok(());
    }
    let waker = this.waker.get_or_insert_with(|| source_waker(&mailbox, HostSource::Shared(shared))).clone();
    let (writer, reader, pending) = (this.writer.take(), this.reader.take(), this.pending);
    let host_ends = u8::from(writer.is_some()) + u8::from(reader.is_some());
    let mut this_way = this.hand_over.take();
    this.polling = true;
    let outcome = match (writer, reader, pending) {
        (Some(mut writer), None, Some(pending)) => {
            poll_writer(store, &mut writer, pending, &waker).map(|flow| (after(flow, writer), None))
        }
        (None, Some(mut reader), Some(pending)) => {
            poll_reader(store, &mut reader, pending, &waker).map(|flow| (None, after(flow, reader)))
        }
        (Some(writer), Some(reader), None) => {
            let way = this_way.get_or_insert_default();
            hand_over(way, writer, reader, &waker)
        }
        (writer, reader, _) => Ok((writer, reader)),
    };
    let ends = outcome?;
    store.state_mut().shared.get_mut(shared)?.hand_over = this_way;
    put_back(store, shared, ends, host_ends)
}

/// The end, unless it is over.
fn after(flow: Option<Flow>, end: HostEnd) -> Option<HostEnd> {
    (flow != Some(Flow::End)).then_some(end)
}

pub(super) type Ends = (Option<HostEnd>, Option<HostEnd>);

/// Puts the ends back; the ones that are over count as dropped.
fn put_back(store: &mut StoreMut<'_>, shared: SharedId, (writer, reader): Ends, host_ends: u8) -> Result<()> {
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
    let payload = state.shared.get(this.shared)?.payload.clone();
    let buffer = this.buffer.clone().ok_or_else(|| bug!("a copy without a buffer"))?;
    Ok((buffer, payload))
}

/// Notes how far the copy of `end` came, and that it is over if it came anywhere.
fn progressed(store: &mut StoreMut<'_>, end: CopyEndId, buffer: Buffer, flow: Option<Flow>) -> Result<Option<Flow>> {
    let state = store.state_mut();
    let moved = buffer.progress > 0 || (buffer.is_zero_length() && flow == Some(Flow::Continue));
    let this = state.ends.get_mut(end)?;
    this.buffer = Some(buffer);
    let shared = this.shared;
    if flow == Some(Flow::Continue) && !moved {
        // Nobody would wake the store again.
        return Err(Error::host("a producer or consumer of the host is ready but moved nothing"));
    }
    if flow.is_some() && moved {
        state.shared.get_mut(shared)?.pending = None;
        on_copy_done(state, end, CopyResult::Completed)?;
    }
    Ok(flow)
}

fn poll_writer(
    store: &mut StoreMut<'_>,
    writer: &mut HostEnd,
    pending: CopyEndId,
    waker: &Waker,
) -> Result<Option<Flow>> {
    let (mut buffer, payload) = buffer_of(store, pending)?;
    let start = buffer.clone();
    let mut cx = LowerCx {
        store: store.reborrow(),
        instance: start.instance,
        memory: start.memory,
        realloc: start.realloc,
        string_encoding: start.string_encoding,
        string_source: StringEncoding::Utf8,
        borrow_scope: None,
    };
    let mut task = Context::from_waker(waker);
    let flow = match writer {
        HostEnd::Producer(producer) => {
            let destination = RawDestination::Guest { cx, payload: payload.as_ref(), buffer: &mut buffer };
            ready(producer.poll(&mut task, destination))?
        }
        HostEnd::Source(source) => match ready(source.poll(&mut task))? {
            Some(()) => {
                source.store(&mut cx, payload.as_ref(), buffer.ptr)?;
                buffer.advance(1);
                Some(Flow::End)
            }
            None => None,
        },
        _ => return Err(bug!("a reader where the writer should be")),
    };
    progressed(store, pending, buffer, flow)
}

fn poll_reader(
    store: &mut StoreMut<'_>,
    reader: &mut HostEnd,
    pending: CopyEndId,
    waker: &Waker,
) -> Result<Option<Flow>> {
    let (mut buffer, payload) = buffer_of(store, pending)?;
    let start = buffer.clone();
    let budget = store.state().limits.max_hostcall_bytes;
    let mut cx = LiftCx {
        store: store.reborrow(),
        instance: start.instance,
        memory: start.memory,
        string_encoding: start.string_encoding,
        borrow_scope: None,
        between_guests: false,
        budget,
    };
    let flow = match reader {
        HostEnd::Consumer(consumer) => {
            let source = RawSource::Guest { cx, payload: payload.as_ref(), buffer: &mut buffer };
            ready(consumer.poll(&mut Context::from_waker(waker), source))?
        }
        HostEnd::Target(target) => {
            target.load(&mut cx, payload.as_ref(), buffer.ptr)?;
            buffer.advance(1);
            Some(Flow::End)
        }
        _ => return Err(bug!("a writer where the reader should be")),
    };
    progressed(store, pending, buffer, flow)
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
