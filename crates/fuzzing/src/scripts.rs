//! Components that were cut up and put together: what is valid compiles and runs, with compiled adapters as without.

use std::pin::pin;
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use thalweg::types::ValType;
use thalweg::{AsyncRules, Choose, Component, Config, Engine, Error, ErrorKind, Features, Limits, Linker, Prepared};
use thalweg::{Result, Store, Trap, Val};
use thalweg_testkit::abi::Random;

use crate::script::script;
use crate::{no_bug, shows};

/// What a run may use up, so that none takes long.
const FUEL: u64 = 200_000;
const MAX_MEMORY_SIZE: u64 = 64 << 20;
const MAX_TASKS: usize = 2_000;
const MAX_HANDLES: usize = 20_000;
/// Calls of one run.
const CALLS: usize = 6;
/// Polls of one call; each makes a thousand turns.
const POLLS: usize = 1_000;
/// A value of a type with more elements takes too long to make.
const MAX_FIXED_LENGTH: u32 = 1_000;

/// With compiled adapters and without; the second pair with the rules of August 2026.
static ENGINES: LazyLock<[[Engine; 2]; 2]> = LazyLock::new(|| {
    let mut limits = Limits::default();
    (limits.max_memory_size, limits.max_tasks, limits.max_handles) = (MAX_MEMORY_SIZE, MAX_TASKS, MAX_HANDLES);
    [AsyncRules::Current, AsyncRules::August2026].map(|rules| {
        let mut features = Features::all();
        features.set_async_rules(rules);
        [true, false].map(|adapters| {
            let config = Config::new().features(features).limits(limits.clone()).fuel(true);
            Engine::new(config.optimize(false).adapters(adapters)).expect("an engine")
        })
    })
});

/// The first bytes choose a component and how it is changed, the last ones what it is called with.
pub fn scripts(data: &[u8]) {
    let (calls, shape) = data.split_at(data.len() / 4);
    let text = script(&mut Random::of_bytes(shape));
    if shows() {
        eprintln!("{text}");
    }
    run(&text, calls);
}

/// Compiles and runs a component, with its calls chosen by `calls`.
fn run(text: &str, calls: &[u8]) {
    let (seed, last) = (calls.first().copied().unwrap_or(0), calls.last().copied().unwrap_or(0));
    let engines = &ENGINES[usize::from(last & 1)];
    let Some([adapters, plain]) = prepare(engines, text) else { return };
    let compiled = outcomes(&adapters, &engines[0], calls, Choose::first());
    let twin = outcomes(&plain, &engines[1], calls, Choose::first());
    if !used_up(&compiled) && !used_up(&twin) {
        assert_eq!(words(&compiled), words(&twin), "with adapters and without: {text}");
    }
    words(&outcomes(&adapters, &engines[0], calls, Choose::seeded(seed.into())));
}

fn prepare(engines: &[Engine; 2], text: &str) -> Option<[Prepared<()>; 2]> {
    let prepared = engines.each_ref().map(|engine| {
        let component = Component::from_bytes(engine, text.as_bytes())?;
        component.compile().unwrap_or_else(|error| panic!("valid, and does not compile: {error:?}\n{text}"));
        Linker::new(engine).prepare(&component)
    });
    match prepared {
        [Ok(adapters), Ok(plain)] => Some([adapters, plain]),
        [Err(adapters), Err(plain)] => {
            [adapters, plain].iter().for_each(no_bug);
            None
        }
        [a, b] => panic!("{:?} and {:?}\n{text}", a.err(), b.err()),
    }
}

/// What instantiating comes to, and then each call until one fails.
fn outcomes(prepared: &Prepared<()>, engine: &Engine, calls: &[u8], choose: Choose) -> Vec<Result<Option<Val>>> {
    let mut store = Store::new(engine, ());
    store.set_choose(choose);
    store.set_fuel(FUEL).expect("an engine that counts fuel");
    let instance = match wait(prepared.instantiate(&mut store)) {
        Ok(instance) => instance,
        Err(error) => return vec![Err(error)],
    };
    let mut random = Random::of_bytes(calls);
    let names = prepared.component().plan().function_names();
    let mut outcomes = Vec::new();
    for _ in 0..CALLS.min(2 * names.len()) {
        let name = &names[random.below(names.len())];
        let Ok(func) = instance.func_dynamic(&mut store, name) else { continue };
        let types = &func.ty().params.elements;
        if !types.iter().all(|element| has_values(&element.ty)) {
            continue;
        }
        let args = types.iter().map(|element| random.value(&element.ty)).collect();
        let result = wait(func.call(&mut store, args));
        let failed = result.is_err();
        outcomes.push(result);
        if failed {
            break;
        }
    }
    outcomes
}

/// Whether values of the type can be made: no handle is in it, and no endless list.
fn has_values(ty: &ValType) -> bool {
    let all = |types: Vec<&ValType>| types.into_iter().all(has_values);
    match ty {
        ValType::List(list) => list.length.is_none_or(|n| n <= MAX_FIXED_LENGTH) && has_values(&list.element),
        ValType::Record(record) => all(record.fields.iter().map(|field| &field.ty).collect()),
        ValType::Tuple(tuple) => all(tuple.elements.iter().map(|element| &element.ty).collect()),
        ValType::Variant(variant) => all(variant.cases.iter().filter_map(|case| case.ty.as_ref()).collect()),
        ValType::Option(option) => has_values(&option.some),
        ValType::Result(result) => all(result.ok.iter().chain(&result.err).collect()),
        ValType::Map(_) | ValType::Own(_) | ValType::Borrow(_) | ValType::Stream(_) | ValType::Future(_) => false,
        ValType::ErrorContext => false,
        _ => true,
    }
}

/// Whether the run ended because it used up what adapters and their twins use up differently.
fn used_up(outcomes: &[Result<Option<Val>>]) -> bool {
    let is_it = |error: &Error| {
        matches!(error.as_trap(), Some(Trap::OutOfFuel | Trap::StackOverflow)) || error.kind() == ErrorKind::Limit
    };
    outcomes.iter().any(|outcome| outcome.as_ref().is_err_and(is_it))
}

fn words(outcomes: &[Result<Option<Val>>]) -> Vec<String> {
    let word = |outcome: &Result<Option<Val>>| match outcome {
        Ok(value) => format!("{value:?}"),
        Err(error) => {
            no_bug(error);
            format!("{:?}", error.kind())
        }
    };
    outcomes.iter().map(word).collect()
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// The output of a future that only the store moves.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    let mut future = pin!(future);
    for _ in 0..POLLS {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        assert!(woken.0.swap(false, Ordering::SeqCst), "waits for something outside of the store");
    }
    panic!("goes on without using up fuel");
}
