//! Synchronous calls from component to component.

use super::repeated;
use crate::goal::Goal;
use crate::limits;
use crate::row::Row;

const WAT: &str = include_str!("../../wat/sync_calls.wat");
const UNIT: &str = "ns/call";
/// Strings take at most 0.8 of the peer's time.
const STRINGS: Goal = Goal::Faster(1.25);

pub fn rows() -> Vec<Row> {
    let string = |name, size| repeated(name, UNIT, WAT, "strings", size).goal(STRINGS);
    let numbers = || repeated("sync/u32", UNIT, WAT, "numbers", 1);
    vec![
        numbers().limit("core call", limits::core_calls).goal(Goal::NotSlower),
        string("sync/string-32", 32),
        string("sync/string-1k", 1 << 10),
        string("sync/string-64k", 64 << 10).limit("memcpy", || limits::memcpy(64 << 10)),
        repeated("sync/records-100", UNIT, WAT, "records", 100).goal(Goal::NotSlower),
    ]
}
