//! Continuations under stress: many on one store, resumed, nested, dropped and trapping in random order.
//!
//! Each continuation's outcome is known when it is made, so every step is checked. `THALWEG_STRESS_SEED` repeats a run,
//! `THALWEG_STRESS_ROUNDS` and `THALWEG_STRESS_STACKS` scale it (for a night, or for a checker that is slow), and
//! `THALWEG_STRESS_FAULTS=0` leaves out the guest's reads out of bounds, which a memory checker would report.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use super::*;
use crate::abi::Args;
use crate::error::ErrorKind;
use crate::store::State;
use crate::types::FlatType;
use crate::{Error, Result, Trap};

/// How a continuation ends; the numbers are those of `stress.wat`.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Return,
    Unreachable,
    DivideByZero,
    OutOfBounds,
    Overflow,
    HostError,
    Spin,
    Grow,
    Nested,
    Throw,
    Catch,
}

/// The engine keeps no more frames of a trap's stack.
const MAX_FRAMES: u32 = 20;

/// All kinds, or those under which no memory checker sees a fault.
fn kinds() -> Vec<Kind> {
    use Kind::*;
    let all = [Return, Unreachable, DivideByZero, OutOfBounds, Overflow, HostError, Spin, Grow, Nested, Throw, Catch];
    let faults = number_from("THALWEG_STRESS_FAULTS") != Some(0);
    all.into_iter().filter(|&kind| faults || kind != OutOfBounds).collect()
}

impl Kind {
    fn trap(self) -> Option<Trap> {
        match self {
            Kind::Unreachable => Some(Trap::Unreachable),
            Kind::DivideByZero => Some(Trap::IntegerDivisionByZero),
            Kind::OutOfBounds => Some(Trap::MemoryOutOfBounds),
            Kind::Overflow => Some(Trap::StackOverflow),
            Kind::Spin => Some(Trap::Interrupt),
            Kind::Throw => Some(Trap::UncaughtException),
            _ => None,
        }
    }

    /// Parks after those that were asked for.
    fn extra_parks(self) -> u32 {
        u32::from(matches!(self, Kind::Nested | Kind::Catch))
    }
}

/// SplitMix64: small, and good enough to shuffle.
struct Random(u64);

impl Random {
    /// From `THALWEG_STRESS_SEED`, else from the clock. A failing test prints it.
    fn new() -> Self {
        let clock = || std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_nanos() as u64);
        let seed = number_from("THALWEG_STRESS_SEED").unwrap_or_else(clock);
        println!("THALWEG_STRESS_SEED={seed}");
        Random(seed)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

fn number_from(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// A continuation and what must come of it.
struct Planned {
    continuation: Continuation,
    kind: Kind,
    id: u32,
    depth: u32,
    parks_left: u32,
}

/// What the driver and the host functions share: the suspended continuations and the chance.
struct Crowd {
    random: Random,
    suspended: Vec<Planned>,
    steps: u64,
}

struct World {
    engine: CoreEngine,
    store: EngineStore,
    instance: CoreInstance,
    crowd: Arc<Mutex<Crowd>>,
    kinds: Vec<Kind>,
    next_id: u32,
}

impl World {
    /// A world whose stacks begin with a runner.
    fn new() -> Self {
        World::with_runner(true)
    }

    fn with_runner(runs: bool) -> Self {
        let options = EngineOptions {
            epoch_interruption: true,
            max_wasm_stack: 48 << 10,
            stack_size: 512 << 10,
            ..EngineOptions::default()
        };
        let engine = CoreEngine::new(&options).unwrap();
        let module = CoreModule::compile(&engine, &wat::parse_str(include_str!("stress.wat")).unwrap()).unwrap();
        let mut store = EngineStore::new(&engine, State::for_tests());
        let crowd = Arc::new(Mutex::new(Crowd { random: Random::new(), suspended: Vec::new(), steps: 0 }));
        let imports = imports(&mut store.as_mut(), &engine, &crowd);
        let instance = CoreInstance::new(&mut store.as_mut(), &module, &imports).unwrap();
        if runs {
            make_runner(&mut store.as_mut(), &engine);
        }
        World { engine, store, instance, crowd, kinds: kinds(), next_id: 0 }
    }

    fn func(&mut self, name: &str) -> CoreFunc {
        self.instance.func(&mut self.store.as_mut(), name).unwrap()
    }

    fn start(&mut self, kind: Kind, parks: u32, depth: u32) -> Planned {
        let run = self.func("run");
        let id = self.next_id;
        self.next_id += 1;
        let args = [kind as u64, u64::from(id), u64::from(parks), u64::from(depth)];
        let continuation = Continuation::new(&mut self.store.as_mut(), run, &args);
        Planned { continuation, kind, id, depth, parks_left: parks + kind.extra_parks() }
    }

    fn start_random(&mut self) -> Planned {
        let mut crowd = self.crowd.lock().unwrap();
        let kind = self.kinds[crowd.random.below(self.kinds.len() as u64) as usize];
        let (parks, depth) = (crowd.random.below(6) as u32, crowd.random.below(20) as u32);
        drop(crowd);
        self.start(kind, parks, depth)
    }

    fn suspended(&self) -> u64 {
        self.crowd.lock().unwrap().suspended.len() as u64
    }

    fn step(&mut self, planned: Planned) {
        step(&mut self.store.as_mut(), &self.engine, &self.crowd, planned);
    }

    fn step_random(&mut self) {
        if let Some(planned) = take_random(&self.crowd) {
            self.step(planned);
        }
    }

    /// Uses the store from outside while others are suspended in it.
    fn disturb(&mut self) {
        let (add, grow) = (self.func("add"), self.func("grow"));
        let memory = self.instance.export(&mut self.store.as_mut(), "memory").unwrap().memory().unwrap();
        let mut store = self.store.as_mut();
        assert_eq!(add.call(&mut store, &[7, 1 << 40]).unwrap(), (1 << 40) + 7);
        let before = store.memory(memory).len();
        if before < 16 << 20 {
            assert_eq!(grow.call(&mut store, &[]).unwrap() as usize, before >> 16);
            assert_eq!(store.memory(memory).len(), before + (1 << 16));
        }
        let bytes = store.memory_mut(memory);
        // Beyond the places of the continuations.
        bytes[1_100_000] = bytes[1_100_000].wrapping_add(1);
        let value = u64::from(bytes[1_100_000]);
        store.state_mut().engine_test.values.push(value);
    }

    fn finish_all(&mut self) {
        while self.suspended() > 0 {
            self.step_random();
        }
    }
}

/// Lets stacks begin as they do under components.
pub(super) fn make_runner(store: &mut StoreMut<'_>, engine: &CoreEngine) {
    let run = run_func(store);
    let wat = r#"(module $thalweg-generated (import "" "run" (func $run)) (func (export "run") call $run))"#;
    let module = CoreModule::compile(engine, &wat::parse_str(wat).unwrap()).unwrap();
    let instance = CoreInstance::new(store, &module, &CoreExterns::from([run.into()])).unwrap();
    let runner = instance.func(store, "run").unwrap();
    set_runner(store, runner);
}

fn imports(store: &mut StoreMut<'_>, engine: &CoreEngine, crowd: &Arc<Mutex<Crowd>>) -> CoreExterns {
    let park = park_func(store);
    let note = host_func(
        store,
        &[FlatType::I64],
        None,
        Arc::new(|mut store, args| {
            store.state_mut().engine_test.log.push(args[0]);
            Ok(0)
        }),
    );
    let (engine, crowd) = (engine.clone(), crowd.clone());
    let other = host_func(
        store,
        &[FlatType::I32],
        None,
        Arc::new(move |mut store, _| {
            if let Some(planned) = take_random(&crowd) {
                step(&mut store, &engine, &crowd, planned);
            }
            Ok(0)
        }),
    );
    let fail = host_func(
        store,
        &[FlatType::I32],
        Some(FlatType::I32),
        Arc::new(|_, args| Err(Error::host(format!("no. {} fails", args[0])).with_hint("as it must"))),
    );
    CoreExterns::from([park, note, other, fail].map(CoreExtern::from))
}

fn take_random(crowd: &Mutex<Crowd>) -> Option<Planned> {
    let mut crowd = crowd.lock().unwrap();
    let count = crowd.suspended.len() as u64;
    let index = (count > 0).then(|| crowd.random.below(count))?;
    Some(crowd.suspended.swap_remove(index as usize))
}

/// Resumes once and checks what it comes to; the same from outside and from within another continuation.
fn step(store: &mut StoreMut<'_>, engine: &CoreEngine, crowd: &Mutex<Crowd>, mut planned: Planned) {
    let interrupt = planned.kind == Kind::Spin && planned.parks_left == 0;
    if interrupt {
        store.set_epoch_deadline(1);
        engine.increment_epoch();
    }
    let result = planned.continuation.resume(store);
    if interrupt {
        store.set_epoch_deadline(u64::MAX);
    }
    let mut crowd = crowd.lock().unwrap();
    crowd.steps += 1;
    match result {
        Ok(Step::Parked) => {
            assert!(planned.parks_left > 0, "{:?} {} parked too often", planned.kind, planned.id);
            planned.parks_left -= 1;
            crowd.suspended.push(planned);
        }
        result => check_end(&planned, result),
    }
}

fn check_end(planned: &Planned, result: Result<Step>) {
    let (kind, id) = (planned.kind, planned.id);
    assert_eq!(planned.parks_left, 0, "{kind:?} {id} ended early: {result:?}");
    match result {
        Ok(Step::Returned(value)) => {
            assert_eq!(kind.trap(), None);
            assert_eq!(value, u64::from(id) + u64::from(planned.depth), "{kind:?} {id}");
        }
        Ok(Step::Parked) => unreachable!(),
        Err(error) if kind == Kind::HostError => {
            assert_eq!((error.kind(), error.hint()), (ErrorKind::Host, Some("as it must")));
            assert_eq!(error.message(), format!("no. {id} fails"));
        }
        Err(error) => {
            assert_eq!(error.as_trap(), kind.trap(), "{kind:?} {id}: {error:?}");
            // The frames under the trap: `end` and each `run`. An interrupt may come before the first, in generated code.
            let frames = error.guest_backtrace().len() as u32;
            let least = if kind == Kind::Spin { 0 } else { (planned.depth + 2).min(MAX_FRAMES) };
            assert!(frames >= least, "{kind:?} {id} at depth {}: {error:?}", planned.depth);
        }
    }
}

#[test]
fn random_schedules() {
    random_schedule(World::new());
}

#[test]
fn random_schedules_without_a_runner() {
    random_schedule(World::with_runner(false));
}

fn random_schedule(mut world: World) {
    let rounds = number_from("THALWEG_STRESS_ROUNDS").unwrap_or(3_000);
    for _ in 0..rounds {
        let chance = world.crowd.lock().unwrap().random.below(100);
        match chance {
            0..30 if world.suspended() < 200 => {
                let planned = world.start_random();
                world.step(planned);
            }
            30..36 => drop(take_random(&world.crowd)),
            36..40 => world.disturb(),
            _ => world.step_random(),
        }
    }
    world.finish_all();
    assert!(world.crowd.lock().unwrap().steps > rounds / 2);
    assert!(!world.store.state().engine_test.log.is_empty());
}

#[test]
fn ten_thousand_suspended_at_once() {
    let stacks = number_from("THALWEG_STRESS_STACKS").unwrap_or(10_000) as u32;
    let mut world = World::new();
    for _ in 0..stacks {
        let planned = world.start(Kind::Return, 2, 1);
        world.step(planned);
    }
    assert_eq!(world.suspended(), u64::from(stacks));
    // A few go without being finished.
    for _ in 0..stacks / 100 {
        drop(take_random(&world.crowd));
    }
    world.finish_all();
    assert!(world.store.state().engine_test.log.len() as u32 >= stacks);
}

#[test]
fn each_kind_ends_while_all_others_are_suspended() {
    let mut world = World::new();
    for kind in kinds() {
        for other in kinds() {
            let planned = world.start(other, 1, 3);
            world.step(planned);
        }
        let planned = world.start(kind, 0, 5);
        world.step(planned);
    }
    world.finish_all();
}

/// Notes the answer of a call and gives its stack another, if there is one.
fn next_job(store: &mut StoreMut<'_>, bits: u64) -> Result<Option<(CoreFunc, Args)>> {
    let test = &mut store.state_mut().engine_test;
    test.values.push(bits);
    Ok(test.jobs.pop())
}

#[test]
fn a_stack_goes_on_from_call_to_call_and_parks_in_any() {
    let mut world = World::new();
    let run = world.func("run");
    let kinds = [Kind::Return, Kind::Catch, Kind::Grow];
    let mut ids: Vec<u64> = (0..500).collect();
    let mut args = |id: u64| {
        let random = &mut world.crowd.lock().unwrap().random;
        let (kind, parks, depth) = (kinds[random.below(3) as usize], random.below(3), random.below(12));
        (Args::new(&[kind as u64, id, parks, depth]), id + depth)
    };
    let (jobs, mut expected): (Vec<_>, Vec<_>) = ids.drain(20..).map(&mut args).unzip();
    let (first, answers): (Vec<_>, Vec<_>) = ids.into_iter().map(&mut args).unzip();
    expected.extend(answers);
    let mut store = world.store.as_mut();
    let state = store.state_mut();
    state.go_on = next_job;
    state.engine_test.jobs = jobs.into_iter().map(|args| (run, args)).collect();
    let mut stacks: Vec<_> = first.iter().map(|args| Continuation::new(&mut store, run, args.values())).collect();
    while !stacks.is_empty() {
        let at = world.crowd.lock().unwrap().random.below(stacks.len() as u64) as usize;
        if matches!(stacks[at].resume(&mut store).unwrap(), Step::Returned(_)) {
            drop(stacks.swap_remove(at));
        }
    }
    let found = &mut store.state_mut().engine_test.values;
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(*found, expected, "each call answers once");
}

#[test]
fn a_stack_that_went_on_traps_and_is_dropped_like_any() {
    let mut world = World::new();
    let run = world.func("run");
    for kind in kinds().into_iter().filter(|kind| kind.trap().is_some() && *kind != Kind::Spin) {
        let mut store = world.store.as_mut();
        let state = store.state_mut();
        state.go_on = next_job;
        state.engine_test.jobs = vec![(run, Args::new(&[kind as u64, 7, 1, 3]))];
        let mut stack = Continuation::new(&mut store, run, &[Kind::Return as u64, 6, 0, 2]);
        let mut other = Continuation::new(&mut store, run, &[Kind::Return as u64, 8, 1, 2]);
        assert!(matches!(stack.resume(&mut store), Ok(Step::Parked)));
        assert!(matches!(other.resume(&mut store), Ok(Step::Parked)));
        assert_eq!(stack.resume(&mut store).unwrap_err().as_trap(), kind.trap());
        drop(other);
    }
    world.disturb();
}

#[test]
fn a_panic_of_a_host_function_reaches_the_resumer_and_no_other_continuation() {
    let mut world = World::new();
    let survivor = world.start(Kind::Return, 1, 4);
    world.step(survivor);
    let mut store = world.store.as_mut();
    let panics = host_func(&mut store, &[], None, Arc::new(|_, _| panic!("as it must")));
    let wasm = wat::parse_str(r#"(module (import "" "" (func $f)) (func (export "f") call $f))"#).unwrap();
    let module = CoreModule::compile(&world.engine, &wasm).unwrap();
    let instance = CoreInstance::new(&mut store, &module, &CoreExterns::from([panics.into()])).unwrap();
    let func = instance.func(&mut store, "f").unwrap();
    let mut continuation = Continuation::new(&mut store, func, &[]);
    let panic = catch_unwind(AssertUnwindSafe(|| continuation.resume(&mut store))).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"as it must"));
    drop(continuation);
    world.disturb();
    world.finish_all();
}

#[test]
fn growth_of_the_engines_own_heap_is_not_a_park() {
    let mut world = World::new();
    let allocate_often = world.func("allocate_often");
    let survivor = world.start(Kind::Catch, 1, 4);
    world.step(survivor);
    let times = 20_000;
    let mut store = world.store.as_mut();
    assert_eq!(allocate_often.call(&mut store, &[times]).unwrap(), 100 * times);
    let mut continuation = Continuation::new(&mut store, allocate_often, &[times]);
    assert!(matches!(continuation.resume(&mut store), Ok(Step::Returned(value)) if value == 100 * times));
    world.finish_all();
}

#[test]
fn a_timer_interrupts_a_spinning_continuation() {
    let mut world = World::new();
    let survivor = world.start(Kind::Grow, 1, 2);
    world.step(survivor);
    let mut spinning = world.start(Kind::Spin, 0, 2);
    world.store.as_mut().set_epoch_deadline(2);
    let engine = world.engine.clone();
    let timer = std::thread::spawn(move || {
        for _ in 0..2 {
            std::thread::sleep(std::time::Duration::from_millis(5));
            engine.increment_epoch();
        }
    });
    let error = spinning.continuation.resume(&mut world.store.as_mut()).unwrap_err();
    assert_eq!(error.as_trap(), Some(Trap::Interrupt));
    timer.join().unwrap();
    world.store.as_mut().set_epoch_deadline(u64::MAX);
    world.finish_all();
}

#[test]
fn a_spent_or_foreign_continuation_is_a_fault_not_a_crash() {
    let mut world = World::new();
    let mut other = World::new();
    let mut planned = world.start(Kind::Return, 0, 0);
    let foreign = planned.continuation.resume(&mut other.store.as_mut());
    assert_eq!(foreign.unwrap_err().kind(), ErrorKind::Bug);
    assert!(matches!(planned.continuation.resume(&mut world.store.as_mut()), Ok(Step::Returned(0))));
    let spent = planned.continuation.resume(&mut world.store.as_mut());
    assert_eq!(spent.unwrap_err().kind(), ErrorKind::Bug);
}

#[test]
fn a_suspended_continuation_may_be_dropped_after_its_store() {
    let mut world = World::new();
    let planned = world.start(Kind::Return, 1, 8);
    world.step(planned);
    let planned = take_random(&world.crowd).unwrap();
    drop(world);
    drop(planned);
}
