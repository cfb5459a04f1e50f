//! Streams of bytes by the size of a chunk: between guests, through a third one, from and to the host.

use super::{WITH_ASYNC, of_settings};
use crate::goal::Goal;
use crate::row::{Batch, Row};
use crate::{limits, ours, peer};

const PRODUCER: &str = include_str!("../../wat/stream_producer.wat");
const CONSUMER: &str = include_str!("../../wat/stream_consumer.wat");
const RELAY: &str = include_str!("../../wat/stream_relay.wat");

/// Bytes of a chunk, and their name.
const CHUNKS: [(u32, &str); 4] = [(1, "1"), (64, "64"), (4 << 10, "4k"), (64 << 10, "64k")];

pub fn rows() -> Vec<Row> {
    let each = |rows: fn(u32, &str) -> Row| CHUNKS.into_iter().map(move |(chunk, name)| rows(chunk, name));
    each(guest_to_guest).chain(each(relayed)).chain(each(host_to_guest)).chain(each(guest_to_host)).collect()
}

fn guest_to_guest(chunk: u32, name: &str) -> Row {
    let row = run(format!("stream/guest-guest/{name}"), &composed(&["producer", "consumer"]), chunk);
    if chunk < 64 << 10 { row.goal(Goal::Faster(8.0)) } else { row.goal(Goal::NotSlower).goal(Goal::OfLimit(1.3)) }
}

fn relayed(chunk: u32, name: &str) -> Row {
    let text = composed(&["producer", "relay", "consumer"]);
    let row = run(format!("stream/relay/{name}"), &text, chunk);
    row.goal(if chunk < 64 << 10 { Goal::Faster(8.0) } else { Goal::NotSlower })
}

fn host_to_guest(chunk: u32, name: &str) -> Row {
    run(format!("stream/host-guest/{name}"), CONSUMER, chunk).goal(Goal::Faster(2.0))
}

fn guest_to_host(chunk: u32, name: &str) -> Row {
    let row =
        Row::new(format!("stream/guest-host/{name}"), "ns/chunk", move || ours::streams::consume(PRODUCER, chunk));
    let row = of_settings(row, &WITH_ASYNC, move |settings| peer::streams::consume(settings, PRODUCER, chunk));
    finish(row, chunk).goal(Goal::Faster(2.0))
}

/// A row whose guest exports `run`.
fn run(name: String, text: &str, chunk: u32) -> Row {
    let (text, theirs) = (text.to_owned(), text.to_owned());
    let row = Row::new(name, "ns/chunk", move || ours::streams::run(&text, chunk));
    finish(of_settings(row, &WITH_ASYNC, move |settings| peer::streams::run(settings, &theirs, chunk)), chunk)
}

fn finish(row: Row, chunk: u32) -> Row {
    let row = row.batch(Batch::UpTo(1 << 24));
    row.limit("memcpy", move || limits::memcpy(chunk as usize))
}

/// The components of these names in a row, each the next one's producer.
fn composed(names: &[&str]) -> String {
    let mut text = String::from("(component\n");
    for name in names {
        let component = match *name {
            "producer" => PRODUCER,
            "relay" => RELAY,
            _ => CONSUMER,
        };
        text += &component.replacen("(component", &format!("(component ${name}"), 1);
    }
    let mut before: Option<&str> = None;
    for name in names {
        let with = before.map_or(String::new(), |before| format!("(with \"produce\" (func ${before} \"produce\"))"));
        text += &format!("(instance ${name} (instantiate ${name} {with}))\n");
        before = Some(name);
    }
    text + "(func (export \"run\") (alias export $consumer \"run\")))\n"
}
