//! Real guests over the simulated family: captured streams, files in memory, and time that goes on only when all is idle.

use thalweg::{Linker, Result, Store};
use thalweg_testkit::guest::compiled;
use thalweg_testkit::polling;
use thalweg_wasi::sim::{Captured, SimClock, SimFiles, captured_output};
use thalweg_wasi::sys::{Code, MonotonicClock};
use thalweg_wasi::{DirPerms, WasiBuilder, WasiContext};

/// Polls `future` to its end; whenever nothing can go on, `clock` jumps to the next timer.
fn drive<R>(clock: &SimClock, future: impl Future<Output = R>) -> R {
    polling::drive(future, usize::MAX, || clock.advance_to_next()).expect("it may poll as often as it likes")
}

struct World {
    clock: SimClock,
    files: SimFiles,
    out: Captured,
    err: Captured,
    builder: WasiBuilder,
}

fn world(args: &[&str]) -> World {
    let clock = SimClock::default();
    let files = SimFiles::new(clock.clone(), 64 << 20);
    let ((stdout, out), (stderr, err)) = (captured_output(), captured_output());
    let builder = WasiBuilder::new().args(args.iter().copied()).deterministic(&clock, 1).stdout(stdout).stderr(stderr);
    World { clock, files, out, err, builder }
}

impl World {
    fn granted(mut self, perms: DirPerms) -> Self {
        self.builder = self.builder.preopen_node(self.files.root(), "/", perms);
        self
    }

    /// Runs `guest`; gives what its `run` returned.
    fn run(self, guest: &str) -> Result<Result<(), ()>> {
        let (engine, component) = compiled(guest);
        let mut linker = Linker::<WasiContext>::new(&engine);
        thalweg_wasi::add_to_linker(&mut linker)?;
        let mut store = Store::new(&engine, self.builder.build()?);
        drive(&self.clock, async {
            let instance = linker.instantiate(&mut store, &component).await?;
            let run = instance.func::<(), Result<(), ()>>(&mut store, "wasi:cli/run@0.3.0#run")?;
            run.call(&mut store, ()).await
        })
    }
}

#[test]
fn a_guest_writes_its_lines() {
    let world = world(&["hello", "a"]);
    let (out, err) = (world.out.clone(), world.err.clone());
    assert_eq!(world.run("hello-p3").expect("no trap"), Ok(()));
    assert_eq!(out.text(), "hello, wasi 0.3\n");
    assert_eq!(err.text(), "args: [\"hello\", \"a\"]\n");
}

#[test]
fn a_broken_pipe_is_the_guests_to_see() {
    let world = world(&[]);
    world.out.fail(Code::Pipe.into());
    let err = world.err.clone();
    // The guest asserts that all was taken when it has written, so the first write must fail there.
    assert!(world.run("hello-p3").is_err());
    assert_eq!(err.text(), "");
}

#[test]
fn waits_overlap_in_virtual_time() {
    let world = world(&["timers"]);
    let (clock, out) = (world.clock.clone(), world.out.clone());
    assert_eq!(world.run("timers-p3").expect("no trap"), Ok(()));
    assert_eq!(out.text(), "order [10, 50, 100, 150, 200] took 200 ms ok\n");
    assert_eq!(clock.now(), 200_000_000, "nothing but the timers takes time");
}

#[test]
fn both_generations_read_the_same_clock() {
    let world = world(&["std"]);
    let out = world.out.clone();
    assert_eq!(world.run("std-p3").expect("no trap"), Ok(()));
    assert!(out.text().contains("took 60 ms"), "{}", out.text());
}

fn content() -> Vec<u8> {
    (0..1_000_003u32).map(|i| (i % 251) as u8).collect()
}

#[test]
fn a_file_is_copied_by_the_host_and_by_the_guest() {
    for args in [&["copy", "from", "to"][..], &["copy", "from", "to", "guest"]] {
        let world = world(args).granted(DirPerms::ReadWrite);
        let (files, out) = (world.files.clone(), world.out.clone());
        files.add_file("from", &content()).expect("room");
        assert_eq!(world.run("file-copy-p3").expect("no trap"), Ok(()));
        assert_eq!(out.text(), "copied: Ok(1000003)\n");
        assert!(files.read_file("to").expect("there") == content());
    }
}

#[test]
fn a_guest_is_told_why_a_copy_fails() {
    let cases = [
        (DirPerms::ReadOnly, "from", "to", "ReadOnly"),
        (DirPerms::ReadWrite, "missing", "to", "NoEntry"),
        (DirPerms::ReadWrite, "../from", "to", "NotPermitted"),
        (DirPerms::ReadWrite, "from", "/to", "NotPermitted"),
        (DirPerms::ReadWrite, "from", "dir", "IsDirectory"),
    ];
    for (perms, from, to, code) in cases {
        let world = world(&["copy", from, to]).granted(perms);
        let (files, out) = (world.files.clone(), world.out.clone());
        files.add_file("from", b"content").expect("room");
        files.add_file("dir/file", b"").expect("room");
        assert_eq!(world.run("file-copy-p3").expect("no trap"), Err(()));
        assert!(out.text().contains(code), "{from} to {to}: {}", out.text());
        assert!(files.read_file("to").is_err());
    }
}

#[test]
fn a_full_file_system_ends_a_copy() {
    let mut world = world(&["copy", "from", "to"]);
    world.files = SimFiles::new(world.clock.clone(), 1_500_000);
    let world = world.granted(DirPerms::ReadWrite);
    let (files, out) = (world.files.clone(), world.out.clone());
    files.add_file("from", &content()).expect("room");
    assert_eq!(world.run("file-copy-p3").expect("no trap"), Err(()));
    assert!(out.text().contains("InsufficientSpace"), "{}", out.text());
}
