//! Many tasks that wait at the same time: memory of each, time to start and to finish each.

use super::{WITH_ASYNC, of_settings};
use crate::goal::Goal;
use crate::peer::Settings;
use crate::row::{Batch, Row};
use crate::tasks::{Count, Side, in_process};

/// Tasks that need no stack.
const MANY: usize = 100_000;
/// Tasks on stacks of their own. The peer ends near 32,000, where a process has no more mappings of memory.
const MANY_STACKS: usize = 25_000;

const KIBIBYTE: f64 = 1024.0;

pub fn rows() -> Vec<Row> {
    let scenarios: [(&str, &str, usize, &[Settings], f64); 3] = [
        ("callback", "callback-tasks", MANY, &WITH_ASYNC, KIBIBYTE),
        ("host-started", "host-started", MANY, &WITH_ASYNC, KIBIBYTE),
        ("stackful", "stackful-tasks", MANY_STACKS, &[Settings::OnDemand], 6.0 * KIBIBYTE),
    ];
    let mut rows = Vec::new();
    for (name, scenario, tasks, settings, memory) in scenarios {
        let of = |count: Count, unit| {
            let ours = move || Ok(in_process(Side::Ours, scenario, tasks, count));
            let row = Row::new(format!("tasks/{name}/{}", count.name()), unit, ours).batch(Batch::Single { rounds: 5 });
            of_settings(row, settings, move |settings| Ok(in_process(Side::Peer(settings), scenario, tasks, count)))
        };
        rows.push(of(Count::Memory, "B/task").goal(Goal::AtMost(memory)));
        rows.push(of(Count::Start, "ns/task").goal(Goal::Faster(5.0)));
        rows.push(of(Count::Finish, "ns/task").goal(Goal::Faster(5.0)));
    }
    rows
}
