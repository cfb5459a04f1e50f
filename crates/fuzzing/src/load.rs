//! Loading: any bytes are a component with a plan, or an error that is not the runtime's fault.

use std::sync::LazyLock;

use thalweg::{Component, Config, Engine, Features, Linker};

use crate::no_bug;

static ENGINES: LazyLock<[Engine; 2]> = LazyLock::new(|| {
    [Features::all(), Features::default()]
        .map(|features| Engine::new(Config::new().features(features)).expect("an engine"))
});

/// Loads `data` as a component, in binary form or as text, with all gates open and with the shipped ones. What loads is
/// printed and linked, and loads again from its own bytes to the same plan.
pub fn load(data: &[u8]) {
    let [all, shipped] = &*ENGINES;
    let loaded = Component::from_bytes(all, data);
    match Component::from_bytes(shipped, data) {
        Ok(_) => assert!(loaded.is_ok(), "more gates refuse what fewer take: {:?}", loaded.err()),
        Err(error) => no_bug(&error),
    }
    match loaded {
        Ok(component) => loads_again(&component),
        Err(error) => no_bug(&error),
    }
}

fn loads_again(component: &Component) {
    let plan = component.plan().to_string();
    let again = Component::from_bytes(&ENGINES[0], component.bytes()).expect("it loaded before");
    assert!(plan == again.plan().to_string(), "two plans of one component:\n{plan}\n{}", again.plan());
    if let Err(error) = Linker::<()>::new(&ENGINES[0]).check(component) {
        no_bug(&error);
    }
}
