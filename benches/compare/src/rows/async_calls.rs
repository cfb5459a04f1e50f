//! Calls of async functions from component to component.

use super::repeated_async;
use crate::goal::Goal;
use crate::row::Row;

pub const WAT: &str = include_str!("../../wat/async_calls.wat");

pub fn rows() -> Vec<Row> {
    let row = |name: &str, export, goal| repeated_async(&format!("async/{name}"), "ns/call", WAT, export).goal(goal);
    vec![
        row("at-once", "at-once", Goal::Faster(15.0)),
        row("at-once/sync-lower", "at-once-sync", Goal::Faster(15.0)),
        row("sync-lift", "sync", Goal::Faster(15.0)),
        row("yields", "yields", Goal::Faster(8.0)),
        row("yields/blocking", "yields-blocking", Goal::Faster(8.0)),
        row("yields/sync-lower", "yields-sync", Goal::Faster(8.0)),
        row("waits-for-host", "waits", Goal::Faster(8.0)),
        row("cancelled", "cancelled", Goal::Faster(8.0)),
    ]
}
