//! Every function and resource that the standard gives to components, against what the linker has, with its exact type: for
//! each one, a component that imports only that is linked. `cargo xtask audit` prints the table.

mod called;
mod import;

use std::collections::{BTreeMap, BTreeSet};

use thalweg::{Component, Config, Engine, Linker};
use thalweg_testkit::wit::{Definition, Fact, facts, generation, missing};
use thalweg_wasi::WasiContext;

/// The data, and the version up to which its generation is served.
const GENERATIONS: [(&str, &str); 2] =
    [(include_str!("wasi-0.2.txt"), "0.2.12"), (include_str!("wasi-0.3.txt"), "0.3.2")];
const MISSING: &str = include_str!("missing.txt");

/// What became of the facts about one interface.
#[derive(Debug, Default)]
struct Row {
    exact: usize,
    /// Not there, as is known.
    missing: usize,
    /// Unstable, and not there.
    left_out: usize,
    wrong: Vec<String>,
}

struct Audit {
    engine: Engine,
    linker: Linker<WasiContext>,
    missing: BTreeSet<String>,
    rows: BTreeMap<String, Row>,
}

impl Audit {
    fn new() -> Audit {
        let engine = Engine::new(Config::new().optimize(false)).expect("an engine");
        let mut linker = Linker::new(&engine);
        thalweg_wasi::add_to_linker(&mut linker).expect("every name is defined once");
        Audit { engine, linker, missing: missing(MISSING), rows: BTreeMap::new() }
    }

    /// Links components that import `fact`: at the version that made it stable, and at the newest of its generation.
    fn fact(&mut self, all: &[Fact], fact: &Fact, newest: &str) {
        let interface = format!("{}@{}", fact.interface, fact.generation());
        let linked = [&*fact.since, newest].into_iter().try_for_each(|version| {
            let bytes = import::component(all, fact, version);
            let component = Component::from_bytes(&self.engine, &bytes).expect("it is valid");
            self.linker.check(&component)
        });
        let is_there = self.has(fact);
        let is_missing =
            self.missing.contains(&interface) || self.missing.contains(&format!("{interface} {}", fact.name));
        let row = self.rows.entry(interface).or_default();
        match linked {
            Ok(()) if is_missing => row.wrong.push(format!("{}: it is there, but missing.txt has it", fact.name)),
            Ok(()) => row.exact += 1,
            Err(_) if is_missing && !is_there => row.missing += 1,
            Err(_) if fact.is_unstable && !is_there => row.left_out += 1,
            Err(error) => row.wrong.push(format!("{}: {}", fact.name, error.message())),
        }
    }

    /// Whether the linker has something of that name.
    fn has(&self, fact: &Fact) -> bool {
        let is_it = |(interface, version): (&str, &str)| {
            interface == fact.interface && generation(version) == fact.generation()
        };
        let all = self.linker.definitions();
        all.iter().any(|found| found.name == fact.name && found.interface.split_once('@').is_some_and(is_it))
    }

    /// What the linker has and the standard does not.
    fn surplus(&mut self, all: &[Fact]) {
        let surplus: Vec<(String, String)> = self
            .linker
            .definitions()
            .into_iter()
            .filter_map(|found| {
                let (interface, version) = found.interface.split_once('@').unwrap_or((found.interface, ""));
                let is_it = |fact: &Fact| {
                    fact.is_for_hosts()
                        && fact.interface == interface
                        && fact.name == found.name
                        && fact.generation() == generation(version)
                };
                let place = format!("{interface}@{}", generation(version));
                (!all.iter().any(is_it)).then(|| (place, format!("{}: the standard does not have it", found.name)))
            })
            .collect();
        for (interface, what) in surplus {
            self.rows.entry(interface).or_default().wrong.push(what);
        }
    }

    /// The table, with a line below each interface for everything that is wrong.
    fn print(&self) {
        let width = self.rows.keys().map(String::len).max().unwrap_or_default();
        println!("{:width$}  exact missing wrong", "interface");
        for (interface, row) in &self.rows {
            let left_out =
                if row.left_out > 0 { format!("   {} unstable left out", row.left_out) } else { String::new() };
            println!("{interface:width$}  {:5} {:7} {:5}{left_out}", row.exact, row.missing, row.wrong.len());
            row.wrong.iter().for_each(|wrong| println!("    {wrong}"));
        }
        let sum = |count: fn(&Row) -> usize| self.rows.values().map(count).sum::<usize>();
        let (exact, missing, wrong) = (sum(|row| row.exact), sum(|row| row.missing), sum(|row| row.wrong.len()));
        println!("{:width$}  {exact:5} {missing:7} {wrong:5}", "all");
    }
}

#[test]
fn every_interface_is_served_with_its_exact_types() {
    let mut audit = Audit::new();
    let mut every = Vec::new();
    for (text, newest) in GENERATIONS {
        let all = facts(text);
        all.iter().filter(|fact| fact.is_for_hosts()).for_each(|fact| audit.fact(&all, fact, newest));
        every.extend(all);
    }
    audit.surplus(&every);
    audit.print();
    let wrong: Vec<_> = audit.rows.iter().filter(|(_, row)| !row.wrong.is_empty()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The audit must be able to fail: a function with another parameter or result does not link.
#[test]
fn another_type_is_found() {
    let mut all = facts(GENERATIONS[0].0);
    let now = |fact: &&mut Fact| fact.interface == "wasi:clocks/monotonic-clock" && fact.name == "subscribe-instant";
    let fact = all.iter_mut().find(now).expect("the standard has it");
    fact.definition = Definition::Func("func(when: u32) -> pollable".into());
    let fact = fact.clone();
    let mut audit = Audit::new();
    let at = all.iter().position(|other| other.interface == fact.interface && other.name == fact.name);
    let changed = &all[at.expect("it is there")];
    audit.fact(&all, changed, "0.2.12");
    assert_eq!(audit.rows.values().map(|row| row.wrong.len()).sum::<usize>(), 1, "{:?}", audit.rows);
}

/// Each line of `missing.txt` is about something that the standard has.
#[test]
fn what_is_missing_exists() {
    let all: Vec<Fact> = GENERATIONS.iter().flat_map(|(text, _)| facts(text)).collect();
    for place in missing(MISSING) {
        let is_it = |fact: &Fact| {
            let interface = format!("{}@{}", fact.interface, fact.generation());
            place == interface || place == format!("{interface} {}", fact.name)
        };
        assert!(all.iter().any(is_it), "{place}");
    }
}

/// What no test calls is not known to work: every stable function has a guest that calls it, and `tests/cli` says what comes
/// of it.
#[test]
fn every_function_is_called_by_a_guest() {
    let engine = Engine::new(Config::new().optimize(false)).expect("an engine");
    let called = called::called(&engine);
    let all: Vec<Fact> = GENERATIONS.iter().flat_map(|(text, _)| facts(text)).collect();
    let is_func =
        |fact: &&Fact| fact.is_for_hosts() && !fact.is_unstable && matches!(fact.definition, Definition::Func(_));
    let name = |fact: &Fact| (fact.interface.clone(), fact.generation().to_string(), fact.name.clone());
    let not_called: Vec<_> = all.iter().filter(is_func).map(name).filter(|name| !called.contains(name)).collect();
    let lines: Vec<_> = not_called.iter().map(|(interface, at, name)| format!("{interface}@{at} {name}")).collect();
    assert!(lines.is_empty(), "no guest calls\n{}", lines.join("\n"));
}
