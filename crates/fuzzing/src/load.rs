//! Loading: any bytes are a component with a plan, or an error that is not the runtime's fault.

use std::sync::LazyLock;

use thalweg::{AsyncRules, Component, Config, Engine, Features, Linker};

use crate::no_bug;

static ENGINES: LazyLock<[Engine; 3]> = LazyLock::new(|| {
    let mut older = Features::all();
    older.set_async_rules(AsyncRules::August2026);
    [Features::all(), Features::default(), older]
        .map(|features| Engine::new(Config::new().features(features)).expect("an engine"))
});

/// Loads `data` as a component, in binary form or as text, with all gates open, with the shipped ones, and with older rules.
/// What loads is printed and linked, and loads again from its own bytes to the same plan.
pub fn load(data: &[u8]) {
    let [all, shipped, older] = &*ENGINES;
    let loaded = Component::from_bytes(all, data);
    match Component::from_bytes(shipped, data) {
        Ok(_) => assert!(loaded.is_ok(), "more gates refuse what fewer take: {:?}", loaded.err()),
        Err(error) => no_bug(&error),
    }
    for (engine, loaded) in [(all, loaded), (older, Component::from_bytes(older, data))] {
        match loaded {
            Ok(component) => loads_again(engine, &component),
            Err(error) => no_bug(&error),
        }
    }
}

fn loads_again(engine: &Engine, component: &Component) {
    let plan = component.plan().to_string();
    let again = Component::from_bytes(engine, component.bytes().expect("they are at hand")).expect("it loaded before");
    assert!(plan == again.plan().to_string(), "two plans of one component:\n{plan}\n{}", again.plan());
    if let Err(error) = Linker::<()>::new(engine).check(component) {
        no_bug(&error);
    }
}
