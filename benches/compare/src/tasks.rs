//! Many waiting tasks, each side in a process of its own, because memory is counted by process.

use std::process::Command;

use serde_json::{Value, json};

use crate::figure::{Figure, thread_cpu};
use crate::gate::{Gate, memory_in_use};
use crate::peer::Settings;
use crate::row::{Failure, Work};
use crate::{ours, peer};

/// The argument that makes this program such a process.
pub const ARGUMENT: &str = "--tasks";

pub const WAT: &str = include_str!("../wat/tasks.wat");

/// Which runtime.
#[derive(Clone, Copy)]
pub enum Side {
    Ours,
    Peer(Settings),
}

/// What is counted, as named in a process's answer.
#[derive(Clone, Copy)]
pub enum Count {
    Memory,
    Start,
    Finish,
}

impl Count {
    pub fn name(self) -> &'static str {
        match self {
            Count::Memory => "memory",
            Count::Start => "start",
            Count::Finish => "finish",
        }
    }
}

/// Work that starts a process with `tasks` tasks and takes one figure from its answer.
pub fn in_process(side: Side, scenario: &'static str, tasks: usize, count: Count) -> Work {
    let side = match side {
        Side::Ours => "ours",
        Side::Peer(settings) => settings.name(),
    };
    Box::new(move |_| {
        let program = std::env::current_exe()?;
        let output = Command::new(program).args([ARGUMENT, side, scenario, &tasks.to_string()]).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        let answer: Value = serde_json::from_slice(&output.stdout)?;
        let value = answer[count.name()].as_f64().ok_or("a figure is missing")?;
        Ok(Figure { value, wall: value })
    })
}

/// What such a process does: `words` are the side, the scenario and the number of tasks.
pub fn process(words: &[String]) -> Result<(), Failure> {
    let [side, scenario, tasks] = words else { return Err("side, scenario and number are wanted".into()) };
    let tasks: usize = tasks.parse()?;
    let gate = Gate::new(tasks);
    let run: Box<dyn FnOnce() -> Result<(), Failure>> = match side.as_str() {
        "ours" => ours::tasks::prepare(scenario, tasks, gate.clone())?,
        settings => peer::tasks::prepare(Settings::named(settings)?, scenario, tasks, gate.clone())?,
    };
    let (memory, start) = (memory_in_use(), thread_cpu());
    run()?;
    let end = thread_cpu();
    let (memory_then, opened) = gate.opened().ok_or("the tasks never waited all at once")?;
    let each = |value: f64| value / tasks as f64;
    let answer = json!({
        Count::Memory.name(): each(memory_then.saturating_sub(memory) as f64),
        Count::Start.name(): each(opened - start),
        Count::Finish.name(): each(end - opened),
    });
    println!("{answer}");
    Ok(())
}
