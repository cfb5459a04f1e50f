//! Real guests over the simulated family, each dropped after each of its turns: nothing of the call is left.

use thalweg::{Component, Engine, Linker, Live, Result, Store};
use thalweg_testkit::guest::compiled;
use thalweg_testkit::polling;
use thalweg_wasi::sim::{SimClock, SimFiles, captured_output};
use thalweg_wasi::{DirPerms, WasiBuilder, WasiContext};

/// Turns after which a guest is dropped at most.
const MAX_TURNS: usize = 200;

/// Polls `future`, at most `polls` times; whenever nothing can go on, `clock` jumps to the next timer.
fn drive<R>(clock: &SimClock, polls: usize, future: impl Future<Output = R>) -> Option<R> {
    polling::drive(future, polls, || clock.advance_to_next())
}

struct Guest {
    component: Component,
    linker: Linker<WasiContext>,
    engine: Engine,
    args: &'static [&'static str],
}

impl Guest {
    fn new(name: &str, args: &'static [&'static str]) -> Result<Guest> {
        let (engine, component) = compiled(name);
        let mut linker = Linker::<WasiContext>::new(&engine);
        thalweg_wasi::add_to_linker(&mut linker)?;
        Ok(Guest { component, linker, engine, args })
    }

    /// Drops its `run` after `turns` turns. Says whether it was still under way, and what is left; none if it trapped.
    fn dropped_after(&self, turns: usize) -> Result<(bool, Option<Live>)> {
        let clock = SimClock::default();
        let files = SimFiles::new(clock.clone(), 64 << 20);
        let (stdout, stderr) = (captured_output().0, captured_output().0);
        let builder = WasiBuilder::new().args(self.args.iter().copied()).deterministic(&clock, 1);
        let builder = builder.stdout(stdout).stderr(stderr).preopen_node(files.root(), "/", DirPerms::ReadWrite);
        let mut store = Store::new(&self.engine, builder.build()?);
        let instance =
            drive(&clock, 1_000, self.linker.instantiate(&mut store, &self.component)).expect("it starts")?;
        let run = instance.func::<(), Result<(), ()>>(&mut store, "wasi:cli/run@0.3.0#run")?;
        let call = run.start(&mut store, ())?;
        store.set_turns_per_poll(1);
        let under_way = drive(&clock, turns, store.finish(call)).is_none();
        store.set_turns_per_poll(1024);
        // A guest may answer a cancellation with a trap; its store is over then.
        let settled = drive(&clock, 100_000, store.settle()).expect("it ends");
        Ok((under_way, settled.is_ok().then(|| store.live())))
    }
}

fn sweep(name: &str, args: &'static [&'static str]) {
    let guest = Guest::new(name, args).expect("a guest");
    let mut settled = 0;
    for turns in 0..MAX_TURNS {
        let (under_way, live) = guest.dropped_after(turns).expect("it starts");
        if let Some(live) = live {
            let left = live.tasks + live.threads + live.stacks + live.host_tasks + live.orphans;
            assert_eq!(left, 0, "{name} after {turns} turns: {live:?}");
            settled += 1;
        }
        if !under_way {
            assert!(settled > turns / 2, "{name} trapped nearly always: the sweep tested nothing");
            return;
        }
    }
}

#[test]
fn hello() {
    sweep("hello-p3", &["hello", "a"]);
}

#[test]
fn timers() {
    sweep("timers-p3", &["timers"]);
}

#[test]
fn tasks() {
    sweep("tasks-p3", &["tasks"]);
}

#[test]
fn standard_library() {
    sweep("std-p3", &["std"]);
}

#[test]
fn pipe_between_components() {
    sweep("pipe-composed-p3", &["pipe"]);
}

#[test]
fn calls_between_components() {
    sweep("ping-composed-p3", &["ping", "3"]);
}
