//! A stream whose both ends are the host's: bytes and items never enter a guest, and no buffer where the two ends know
//! a way without one.

use std::task::{Context, Waker};

use super::HostEnd;
use super::host_end::{Ends, ready};
use crate::Result;
use crate::error::bug;
use crate::host::{Flow, HostBytes, HostConsumer, HostItems, HostProducer, RawDestination, RawSource};

/// Bytes that travel at once.
const BYTES: usize = 64 << 10;
/// Items that travel at once.
const ITEMS: usize = 64;

/// What is on its way.
pub(crate) struct HandOver {
    bytes: HostBytes,
    items: HostItems,
    /// The producer is over; what is on its way is the rest.
    last: bool,
}

impl Default for HandOver {
    fn default() -> Self {
        HandOver { bytes: HostBytes::new(BYTES), items: HostItems::new(ITEMS), last: false }
    }
}

/// Moves what the writer gives to the reader, until one of them waits or ends; gives back the ends that go on.
pub(super) fn hand_over(way: &mut HandOver, mut writer: HostEnd, mut reader: HostEnd, waker: &Waker) -> Result<Ends> {
    let mut task = Context::from_waker(waker);
    let over = match (&mut writer, &mut reader) {
        (HostEnd::Source(source), HostEnd::Target(target)) => match ready(source.poll(&mut task))? {
            Some(()) => {
                target.take_from(&mut **source)?;
                true
            }
            None => false,
        },
        (HostEnd::Producer(producer), HostEnd::Consumer(consumer)) => {
            pump(way, &mut **producer, &mut **consumer, &mut task)?
        }
        _ => return Err(bug!("a stream meets a future")),
    };
    Ok(if over { (None, None) } else { (Some(writer), Some(reader)) })
}

/// Says whether the hand-over is finished.
fn pump(
    way: &mut HandOver,
    producer: &mut dyn HostProducer,
    consumer: &mut dyn HostConsumer,
    task: &mut Context<'_>,
) -> Result<bool> {
    let of_bytes = producer.is_bytes();
    loop {
        while !(way.bytes.is_empty() && way.items.items.is_empty()) {
            let source = if of_bytes { RawSource::Bytes(&mut way.bytes) } else { RawSource::Items(&mut way.items) };
            match ready(consumer.poll(task, source))? {
                Some(Flow::Continue) => {}
                Some(Flow::End) => return Ok(true),
                None => return Ok(false),
            }
        }
        if way.last {
            consumer.end();
            return Ok(true);
        }
        if let Some(origin) = producer.origin()
            && let Some(taken) = consumer.take(task, origin)
        {
            match ready(taken)? {
                Some(Flow::Continue) => continue,
                Some(Flow::End) => return Ok(true),
                None => return Ok(false),
            }
        }
        way.bytes.reset();
        let destination =
            if of_bytes { RawDestination::Bytes(&mut way.bytes) } else { RawDestination::Items(&mut way.items) };
        match ready(producer.poll(task, destination))? {
            Some(flow) => way.last = flow == Flow::End,
            None => return Ok(false),
        }
    }
}
