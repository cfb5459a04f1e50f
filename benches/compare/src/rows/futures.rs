//! Futures between guests.

use super::repeated_async;
use crate::goal::Goal;
use crate::row::Row;

const WAT: &str = include_str!("../../wat/futures.wat");

pub fn rows() -> Vec<Row> {
    vec![
        repeated_async("future/one-component", "ns/future", WAT, "own").goal(Goal::Faster(5.0)),
        repeated_async("future/ping-pong", "ns/turn", WAT, "echo").goal(Goal::Faster(8.0)),
    ]
}
