//! Calls from the host to a guest and from a guest to the host.

use super::{WITH_ASYNC, async_calls, of_settings, repeated, repeated_async};
use crate::goal::Goal;
use crate::peer::Settings;
use crate::row::{Failure, Row, Work};
use crate::{limits, ours, peer};

const WAT: &str = include_str!("../../wat/host_calls.wat");
const ASYNC: &str = include_str!("../../wat/host_async_calls.wat");
const UNIT: &str = "ns/call";
const HOST_TO_GUEST: Goal = Goal::Faster(5.0);
const GUEST_TO_HOST: Goal = Goal::Faster(3.0);

pub fn rows() -> Vec<Row> {
    let without = |row: Row, export, size| {
        row.peer(Settings::NoAsync.name(), move || peer::repeated(Settings::NoAsync, WAT, export, size))
    };
    let import = |name: &str, export, size| repeated(&format!("host/import/{name}"), UNIT, WAT, export, size);
    let ready = |name: &str, export| repeated_async(&format!("host/import/{name}"), UNIT, ASYNC, export);
    vec![
        add(&WITH_ASYNC, "host/export/u32").goal(HOST_TO_GUEST).limit("core call", limits::call_core),
        add(&[Settings::NoAsync], "host/export/u32/peer-without-async").limit("core call", limits::call_core),
        string(32),
        string(1 << 10),
        callback("at-once", "callee-at-once"),
        callback("yields", "callee-yields"),
        import("u32", "call-add", 0).limit("core call", limits::call_host),
        import("string-32", "call-length", 32),
        import("string-1k", "call-length", 1 << 10),
        without(bare("host/import/u32/peer-without-async", "call-add"), "call-add", 0),
        ready("async-ready", "ready").goal(GUEST_TO_HOST),
        ready("async-ready/sync-lower", "ready-sync").goal(GUEST_TO_HOST),
        ready("async-pending", "pending-once").goal(GUEST_TO_HOST),
        ready("async-pending/sync-lower", "pending-once-sync").goal(GUEST_TO_HOST),
    ]
}

fn bare(name: &str, export: &'static str) -> Row {
    Row::new(name, UNIT, move || ours::repeated(WAT, export, 0))
}

fn add(settings: &[Settings], name: &str) -> Row {
    let row = Row::new(name, UNIT, || ours::calls::call::<(u32, u32), u32>(WAT, "add", (1, 2)));
    of_settings(row, settings, |settings| peer::calls::call::<(u32, u32), (u32,)>(settings, WAT, "add", (1, 2)))
}

fn string(size: usize) -> Row {
    let row = Row::new(format!("host/export/string-{size}"), UNIT, move || {
        ours::calls::call::<(String,), u32>(WAT, "length", ("a".repeat(size),))
    });
    of_settings(row, &WITH_ASYNC, move |settings| {
        peer::calls::call::<(String,), (u32,)>(settings, WAT, "length", ("a".repeat(size),))
    })
}

/// An export lifted with a callback. The peer has two ways to call it.
fn callback(name: &str, export: &'static str) -> Row {
    type Call = fn(Settings, &str, &str, (u32,)) -> Result<Work, Failure>;
    let ways: [(&str, Settings, Call); 3] = [
        ("pooling, call_async", Settings::Pooling, peer::calls::call_async::<(u32,), (u32,)>),
        ("pooling, call_concurrent", Settings::Pooling, peer::calls::call_concurrent::<(u32,), (u32,)>),
        ("on demand, call_concurrent", Settings::OnDemand, peer::calls::call_concurrent::<(u32,), (u32,)>),
    ];
    let row = Row::new(format!("host/export/async-{name}"), UNIT, move || {
        ours::calls::call::<(u32,), u32>(async_calls::WAT, export, (7,))
    });
    let row = ways.into_iter().fold(row, |row, (name, settings, call)| {
        row.peer(name, move || call(settings, async_calls::WAT, export, (7,)))
    });
    row.goal(HOST_TO_GUEST)
}
