//! When generated code begins to make calls by itself, see `task/noted.rs`: once they are made often.

use std::sync::Arc;

use super::Site;
use super::lower::LoweredImport;
use crate::Result;
use crate::adapter::instantiate_noted;
use crate::engine::{CoreInstance, CoreTable, StoreMut};
use crate::error::bug;
use crate::instance::RootId;
use crate::plan::{Canon, TrampolineIndex};
use crate::store::State;
use crate::task::noted;

/// Calls that the glue of a component makes before code for them is made.
const WARM: u32 = 64;

/// Which trampolines can have such code, and where in a table of the glue.
pub(super) type NotedPlaces = Arc<[(TrampolineIndex, u32)]>;

/// The calls of one instantiated component of which that can be.
pub(crate) struct NotedCalls {
    /// Calls that are still made the plain way before code is made; 0 when it was, or there is none.
    left: u32,
    places: Option<(CoreTable, NotedPlaces)>,
    #[cfg(test)]
    plain: u32,
}

impl NotedCalls {
    /// Of a component whose glue has these places. Under seeds scripts are short, and calls are to be made in both ways.
    pub(super) fn new(state: &mut State, places: Option<(CoreTable, NotedPlaces)>) -> Self {
        let left = match places {
            None => 0,
            Some(_) if state.choose.is_first() => WARM,
            Some(_) => 1 + 2 * u32::from(state.short_way()) + u32::from(state.short_way()),
        };
        NotedCalls {
            left,
            places,
            #[cfg(test)]
            plain: 0,
        }
    }

    /// Counts a call; says whether code is to be made now.
    #[inline]
    pub(super) fn count(&mut self) -> bool {
        #[cfg(test)]
        {
            self.plain += 1;
        }
        let now = self.left == 1;
        self.left = self.left.saturating_sub(1);
        now
    }
}

/// Makes the code for calls of the component `root`. Where that is not possible, calls go the plain way as before.
#[cold]
pub(super) fn note_calls(store: &mut StoreMut<'_>, root: RootId) -> Result<()> {
    let this = store.state().roots.get(root)?;
    let made = this.memories.iter().all(Option::is_some) && this.funcs.iter().all(Option::is_some);
    let Some(calls) = &this.direct else { return Ok(()) };
    let (scratch, Some(places)) = (calls.scratch, calls.noted.places.clone()) else { return Ok(()) };
    if !made {
        // A start function calls.
        if let Some(calls) = &mut store.state_mut().roots.get_mut(root)?.direct {
            calls.noted.left = WARM;
        }
        return Ok(());
    }
    let component = this.component.clone();
    let Ok(Some(module)) = component.code()?.noted(component.engine(), component.plan()) else { return Ok(()) };
    let Ok(instance) = instantiate_noted(store, root, module) else { return Ok(()) };
    if !noted::open(store, root, scratch)? {
        return Ok(());
    }
    for &(index, place) in places.1.iter() {
        if is_noted(store, root, index)? {
            set(store, instance, (places.0, place), index)?;
        }
    }
    Ok(())
}

/// Puts the code for a trampoline where glue finds it.
fn set(
    store: &mut StoreMut<'_>,
    instance: CoreInstance,
    (table, place): (CoreTable, u32),
    index: TrampolineIndex,
) -> Result<()> {
    let func = instance.export(store, &index.0.to_string()).and_then(|func| func.func(store));
    table.set(store, place, func.ok_or_else(|| bug!("no code notes trampoline {}", index.0))?)
}

/// Whether trampoline `index` can be noted, now that it is known who waits; what is to be known of a call is kept.
fn is_noted(store: &mut StoreMut<'_>, root: RootId, index: TrampolineIndex) -> Result<bool> {
    let this = store.state().roots.get(root)?;
    let component = this.component.clone();
    let trampoline = component.plan().trampolines.get(index.at()).ok_or_else(|| bug!("no trampoline {}", index.0))?;
    let Canon::Lower { callee, ty, options } = &trampoline.canon else { return Ok(true) };
    let site = Site { root, instance: this.instance(trampoline.instance)? };
    let import = LoweredImport::new(site, *callee, ty.clone(), *options);
    let lowered = import.lowered(store)?;
    let guest = lowered.guest()?;
    if !guest.light || !guest.same_types {
        return Ok(false);
    }
    let args = super::signature(trampoline, component.plan()).0.len();
    let number = lowered.number;
    if let Some(place) = store.state_mut().noted.as_mut().and_then(|noted| noted.lowered.get_mut(index.at())) {
        *place = Some((number, args));
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Choose, Component, Config, Engine, Features, Gate, Instance, Linker, Store};
    use thalweg_testkit::polling::finish;

    /// The component of a script for such calls.
    fn component(engine: &Engine, script: &str) -> Component {
        let (component, _) = script.split_once("(component instance").unwrap();
        let (_, component) = component.split_once("(component definition ").unwrap();
        Component::from_bytes(engine, format!("(component {component}").as_bytes()).unwrap()
    }

    fn engine() -> Engine {
        let mut features = Features::shipped();
        features.open(Gate::Threading).unwrap();
        Engine::new(Config::new().features(features)).unwrap()
    }

    /// What its exports answer after so many calls each, with how many plain calls of the callees in all.
    fn answers<A>(
        (engine, component): (&Engine, &Component),
        choose: Choose,
        noted: bool,
        call: impl Fn(&mut Store<()>, &Instance) -> A,
    ) -> (A, u32) {
        let mut store = Store::new(engine, ());
        store.set_choose(choose);
        let instance = finish(Linker::new(engine).instantiate(&mut store, component)).unwrap();
        let plain = |store: &mut StoreMut<'_>, noted: bool| {
            let mut roots = store.state_mut().roots.values_mut();
            let calls = &mut roots.next().unwrap().direct.as_mut().unwrap().noted;
            calls.left *= u32::from(noted);
            Ok(calls.plain)
        };
        store.run(|store| plain(store, noted)).unwrap();
        let answers = call(&mut store, &instance);
        (answers, store.run(|store| plain(store, noted)).unwrap())
    }

    fn numbers(store: &mut Store<()>, instance: &Instance) -> Vec<u32> {
        let answer = |name| {
            let func = instance.func::<(u32,), u32>(store, name).unwrap();
            finish(func.call(store, (200,))).unwrap()
        };
        ["next", "twice", "storage", "nothing", "next"].map(answer).into()
    }

    /// Two hundred rounds of texts that are ASCII, so that the host is not asked about them.
    fn texts(store: &mut Store<()>, instance: &Instance) -> u32 {
        let text = instance.func::<(u32, u32, u32), ()>(store, "text").unwrap();
        finish(text.call(store, (200, 512, 80))).unwrap();
        let calls = instance.func::<(), u32>(store, "leaf-calls").unwrap();
        finish(calls.call(store, ())).unwrap()
    }

    #[test]
    fn calls_are_made_by_generated_code_once_they_are_made_often() {
        let engine = engine();
        let component = component(&engine, include_str!("../../../../tests/wast/noted-calls.wast"));
        let on = (&engine, &component);
        let (expected, all) = answers(on, Choose::first(), false, numbers);
        assert_eq!(expected, [40_600, 41_000, 40_200, 400, 40_600]);
        let (found, plain) = answers(on, Choose::first(), true, numbers);
        assert_eq!(found, expected);
        // Every call of the first two hundred, and those that come after the host was entered within a call.
        assert!(plain < all / 5, "{plain} of {all} calls were plain");
        for seed in 0..20 {
            assert_eq!(answers(on, Choose::seeded(seed), true, numbers).0, expected);
        }
    }

    #[test]
    fn so_are_calls_that_allocate() {
        let engine = engine();
        let component = component(&engine, include_str!("../../../../tests/wast/noted-texts.wast"));
        let on = (&engine, &component);
        assert_eq!(answers(on, Choose::first(), false, texts), (1200, 1200));
        let (allocations, plain) = answers(on, Choose::first(), true, texts);
        assert_eq!(allocations, 1200);
        assert!(plain <= WARM, "{plain} calls were plain");
        for seed in 0..20 {
            assert_eq!(answers(on, Choose::seeded(seed), true, texts).0, 1200);
        }
    }
}
