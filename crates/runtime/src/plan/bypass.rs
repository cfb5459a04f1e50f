//! Shims are taken out of a plan.
//!
//! A lowered function needs the memory of the module that calls it. So tools first instantiate a [`Shim`], whose functions
//! call the entries of an empty table, give those to the module, and in the end instantiate a [`Filler`], which puts the
//! lowered functions into the table. Trampolines of this runtime look for their memory when they are first called, so the
//! module can have them at once, and the two others need not exist.
//!
//! Nobody can see the difference: nothing runs before the filler is instantiated, and the table is nobody else's.

use std::collections::HashMap;

use super::shim_module::{Filler, Shim};
use super::{Canon, CoreDef, CoreInstanceIndex, Export, FuncDef, ModuleIndex, Plan, Step, TrampolineIndex};

/// Takes the shims out of `plan`, of the component or components in `bytes`.
pub(crate) fn bypass_shims(plan: &mut Plan, bytes: &[u8]) {
    let found = Search::new(plan, bytes).all();
    if found.gone.is_empty() {
        return;
    }
    for step in &mut plan.steps {
        for def in step.defs_mut() {
            if let Some(trampoline) = found.instead.get(def) {
                *def = CoreDef::Trampoline(*trampoline);
            }
        }
    }
    take_out(plan, &found.gone);
    forget_modules(plan);
}

/// What there is to do.
#[derive(Default)]
struct Found {
    /// Functions of shims, and what they come to.
    instead: HashMap<CoreDef, TrampolineIndex>,
    /// Core instances that nobody needs any more.
    gone: Vec<CoreInstanceIndex>,
}

/// A core instance of the plan.
struct Made {
    /// Its step.
    step: usize,
    module: ModuleIndex,
}

struct Search<'p> {
    plan: &'p Plan,
    bytes: &'p [u8],
    made: Vec<Made>,
    /// How many modules with a start function are instantiated before each step.
    starts: Vec<usize>,
    /// The exports of each core instance that are in use, each as often as it is, with the step that uses it.
    uses: HashMap<CoreInstanceIndex, Vec<(usize, &'p str)>>,
    shims: HashMap<ModuleIndex, Option<Shim>>,
    fillers: HashMap<ModuleIndex, Option<Filler>>,
}

impl<'p> Search<'p> {
    fn new(plan: &'p Plan, bytes: &'p [u8]) -> Self {
        let (mut made, mut starts, mut uses) = (Vec::new(), Vec::new(), HashMap::<_, Vec<_>>::new());
        let mut started = 0;
        for (at, step) in plan.steps.iter().enumerate() {
            starts.push(started);
            for def in step.defs() {
                if let CoreDef::Export { instance, name } = def {
                    uses.entry(*instance).or_default().push((at, name.as_str()));
                }
            }
            if let Step::Instantiate { module, .. } = step {
                made.push(Made { step: at, module: *module });
                started += usize::from(plan.modules.get(module.at()).is_none_or(|module| module.starts));
            }
        }
        Search { plan, bytes, made, starts, uses, shims: HashMap::new(), fillers: HashMap::new() }
    }

    fn all(mut self) -> Found {
        let mut found = Found::default();
        for filler in 0..self.made.len() {
            if let Some((shim, instead)) = self.bypass(filler) {
                found.instead.extend(instead);
                found.gone.extend([shim, CoreInstanceIndex(filler as u32)]);
            }
        }
        found
    }

    /// If core instance `filler` is one: its shim, and what the shim's functions come to.
    fn bypass(&mut self, filler: usize) -> Option<(CoreInstanceIndex, HashMap<CoreDef, TrampolineIndex>)> {
        let (plan, bytes) = (self.plan, self.bytes);
        let Made { step: end, module } = *self.made.get(filler)?;
        let read = |module: ModuleIndex| bytes.get(plan.modules.get(module.at())?.range.clone());
        let fills = self.fillers.entry(module).or_insert_with(|| Filler::read(read(module)?)).as_ref()?;
        let args = plan.steps.get(end)?.defs();
        let CoreDef::Export { instance: shim, name: table } = args.get(fills.table)? else { return None };
        let Made { step: begin, module } = *self.made.get(shim.at())?;
        let stands = self.shims.entry(module).or_insert_with(|| Shim::read(read(module)?)).as_ref()?;
        // Before the table is full, nobody may run.
        let quiet = self.starts.get(begin)? == self.starts.get(end)?;
        if !quiet || *table != stands.table || fills.end > stands.entries {
            return None;
        }
        let mut instead = HashMap::new();
        for (at, name) in self.uses.get(shim)? {
            if name == table {
                if *at != end {
                    return None;
                }
                continue;
            }
            if !matches!(plan.steps.get(*at)?, Step::Instantiate { .. }) {
                return None;
            }
            let (entry, ty) = stands.funcs.get(*name)?;
            let (arg, has) = fills.entries.get(entry)?;
            let CoreDef::Trampoline(trampoline) = args.get(*arg)? else { return None };
            if ty != has || needs_memory_first(plan, *trampoline) {
                return None;
            }
            instead.insert(CoreDef::Export { instance: *shim, name: (*name).to_owned() }, *trampoline);
        }
        Some((*shim, instead))
    }
}

/// Whether a trampoline may be a compiled adapter, which imports the memories of both sides.
fn needs_memory_first(plan: &Plan, trampoline: TrampolineIndex) -> bool {
    let trampoline = plan.trampolines.get(trampoline.at());
    trampoline.is_none_or(|trampoline| matches!(trampoline.canon, Canon::Lower { callee: FuncDef::Lift(_), .. }))
}

/// Takes core instances out that nothing refers to but each other; the others get new numbers.
fn take_out(plan: &mut Plan, gone: &[CoreInstanceIndex]) {
    let mut left = vec![true; plan.core_instances as usize];
    for instance in gone {
        if let Some(left) = left.get_mut(instance.at()) {
            *left = false;
        }
    }
    let mut instances = left.iter();
    plan.steps.retain(|step| !matches!(step, Step::Instantiate { .. }) || *instances.next().unwrap_or(&true));
    let numbers = numbers(&left);
    for step in &mut plan.steps {
        for def in step.defs_mut() {
            if let CoreDef::Export { instance, .. } = def
                && let Some(number) = numbers.get(instance.at())
            {
                *instance = CoreInstanceIndex(*number);
            }
        }
    }
    plan.core_instances = left.iter().filter(|left| **left).count() as u32;
}

/// Takes modules out that no step instantiates and no export names; the others get new numbers.
fn forget_modules(plan: &mut Plan) {
    let mut left = vec![false; plan.modules.len()];
    let mut keep = |module: &mut ModuleIndex| {
        if let Some(left) = left.get_mut(module.at()) {
            *left = true;
        }
    };
    each_module(plan, &mut keep);
    let mut modules = left.iter();
    plan.modules.retain(|_| *modules.next().unwrap_or(&true));
    let numbers = numbers(&left);
    each_module(plan, &mut |module| module.0 = numbers.get(module.at()).copied().unwrap_or(module.0));
}

/// What the numbers of all become when only those that are `left` count.
fn numbers(left: &[bool]) -> Vec<u32> {
    let mut next = 0;
    let number = |left: &bool| {
        next += u32::from(*left);
        next - u32::from(*left)
    };
    left.iter().map(number).collect()
}

fn each_module(plan: &mut Plan, visit: &mut impl FnMut(&mut ModuleIndex)) {
    for step in &mut plan.steps {
        if let Step::Instantiate { module, .. } = step {
            visit(module);
        }
    }
    let mut exports: Vec<_> = plan.exports.values_mut().collect();
    while let Some(export) = exports.pop() {
        match export {
            Export::Module(module) => visit(module),
            Export::Instance(more) => exports.extend(more.values_mut()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Features;
    use crate::component::{Loaded, load};

    const SHIM: &str = r#"(core module $shim
        (type $t (func (param i32 i32)))
        (table (export "$imports") 2 2 funcref)
        (func (export "0") (type $t) (call_indirect (type $t) (local.get 0) (local.get 1) (i32.const 0)))
        (func (export "1") (type $t) (call_indirect (type $t) (local.get 0) (local.get 1) (i32.const 1))))"#;
    const MAIN: &str = r#"(core module $main
        (import "" "a" (func (param i32 i32))) (import "" "b" (func (param i32 i32)))
        (memory (export "m") 1) (func (export "f")) (func (export "g") (param i32 i32)))"#;
    const FILLER: &str = r#"(core module $filler
        (import "" "0" (func (param i32 i32))) (import "" "1" (func (param i32 i32)))
        (import "" "$imports" (table 2 2 funcref))
        (elem (i32.const 0) func 0 1))"#;

    /// A component that imports `f` and lowers it behind a shim, with `more` before the filler, and `last` after it.
    fn component([shim, main, filler]: [&str; 3], [more, last]: [&str; 2], b: &str) -> String {
        format!(
            r#"(component
                (import "f" (func $f (param "s" string)))
                {shim} {main} {filler}
                (core instance $shim (instantiate $shim))
                (core instance $main (instantiate $main
                    (with "" (instance (export "a" (func $shim "0")) (export "b" (func $shim "1"))))))
                (core func $a (canon lower (func $f) (memory (core memory $main "m"))))
                (core func $b (canon lower (func $f) (memory (core memory $main "m")) string-encoding=utf16))
                {more}
                (core instance (instantiate $filler (with "" (instance
                    (export "0" (func $a)) (export "1" (func {b})) (export "$imports" (table $shim "$imports"))))))
                (func (export "run") (canon lift (core func $main "f")))
                {last})"#
        )
    }

    /// Core instances and modules, and what `main` is given, before and after.
    fn bypassed(text: &str) -> [(u32, usize, Vec<CoreDef>); 2] {
        let Loaded { bytes, mut plan } =
            load(text.as_bytes(), &Features::all()).unwrap_or_else(|error| panic!("{error:?}"));
        let look = |plan: &Plan| {
            let args = plan.steps.iter().map(Step::defs).max_by_key(|args| {
                args.iter().filter(|arg| !matches!(arg, CoreDef::Export { name, .. } if name == "$imports")).count()
            });
            (plan.core_instances, plan.modules.len(), args.unwrap_or_default().to_vec())
        };
        let before = look(&plan);
        bypass_shims(&mut plan, &bytes);
        let made = plan.steps.iter().filter(|step| matches!(step, Step::Instantiate { .. })).count();
        assert_eq!(plan.core_instances as usize, made);
        for def in plan.steps.iter().flat_map(Step::defs) {
            assert!(!matches!(def, CoreDef::Export { instance, .. } if instance.at() >= made), "{plan}");
        }
        [before, look(&plan)]
    }

    fn is_bypassed(text: &str) -> bool {
        let [before, after] = bypassed(text);
        before != after
    }

    #[test]
    fn a_module_gets_its_functions_at_once() {
        let [before, after] = bypassed(&component([SHIM, MAIN, FILLER], ["", ""], "$b"));
        assert_eq!((before.0, before.1), (3, 3));
        let direct = [0, 1].map(|trampoline| CoreDef::Trampoline(TrampolineIndex(trampoline)));
        assert_eq!(after, (1, 1, direct.to_vec()));
    }

    #[test]
    fn what_comes_later_keeps_its_meaning() {
        let last = r#"(core module $last (import "" "f" (func)) (import "" "0" (func (param i32 i32))))
            (core instance (instantiate $last (with "" (instance
                (export "f" (func $main "f")) (export "0" (func $shim "0"))))))
            (export "shim" (core module $shim))"#;
        let text = component([SHIM, MAIN, FILLER], ["", last], "$b");
        let Loaded { bytes, mut plan } = load(text.as_bytes(), &Features::all()).unwrap();
        bypass_shims(&mut plan, &bytes);
        assert_eq!((plan.core_instances, plan.modules.len()), (2, 3), "an exported module stays");
        let Some(Step::Instantiate { module, args, .. }) = plan.steps.iter().rfind(|step| step.defs().len() == 2)
        else {
            panic!("{plan}")
        };
        let f = CoreDef::Export { instance: CoreInstanceIndex(0), name: "f".to_owned() };
        assert_eq!(args[..], [f, CoreDef::Trampoline(TrampolineIndex(0))]);
        assert_eq!(plan.modules[module.at()].imports[0].1, "f");
        let Some(Export::Module(module)) = plan.exports.get("shim") else { panic!("{plan}") };
        assert!(plan.modules[module.at()].imports.is_empty());
    }

    #[test]
    fn nobody_may_run_before_the_table_is_full() {
        let start = r#"(core module $start (import "" "f" (func $f)) (start $f))
            (core instance (instantiate $start (with "" (instance $main))))"#;
        assert!(!is_bypassed(&component([SHIM, MAIN, FILLER], [start, ""], "$b")));
        assert!(is_bypassed(&component([SHIM, MAIN, FILLER], ["", start], "$b")), "later it may");
        let main = MAIN.replace(r#"(func (export "f"))"#, r#"(func $f (export "f")) (start $f)"#);
        assert!(!is_bypassed(&component([SHIM, &main, FILLER], ["", ""], "$b")));
    }

    #[test]
    fn the_table_is_nobody_elses() {
        let other = r#"(core module $other (import "" "$imports" (table 2 funcref)))
            (core instance (instantiate $other (with "" (instance $shim))))"#;
        assert!(!is_bypassed(&component([SHIM, MAIN, FILLER], [other, ""], "$b")));
        assert!(!is_bypassed(&component([SHIM, MAIN, FILLER], ["", other], "$b")));
    }

    #[test]
    fn only_functions_that_the_runtime_provides_are_given_at_once() {
        assert!(!is_bypassed(&component([SHIM, MAIN, FILLER], ["", ""], r#"$main "g""#)));
    }

    #[test]
    fn a_function_that_the_runtime_itself_calls_keeps_its_shim() {
        let last = r#"(func (export "g") (param "a" u32) (param "b" u32) (canon lift (core func $shim "0")))"#;
        assert!(!is_bypassed(&component([SHIM, MAIN, FILLER], ["", last], "$b")));
    }

    #[test]
    fn a_filler_that_fits_not_is_left_to_trap() {
        for (from, to) in [
            ("(elem (i32.const 0) func 0 1)", "(elem (i32.const 1) func 0 1)"),
            ("(elem (i32.const 0) func 0 1)", "(elem (i32.const 0) func 0)"),
            ("(elem (i32.const 0) func 0 1)", ""),
        ] {
            let filler = FILLER.replace(from, to);
            assert!(!is_bypassed(&component([SHIM, MAIN, &filler], ["", ""], "$b")), "{to}");
        }
        let crossed = FILLER.replace("func 0 1", "func 1 0");
        let [_, (_, _, args)] = bypassed(&component([SHIM, MAIN, &crossed], ["", ""], "$b"));
        assert_eq!(args, [1, 0].map(|trampoline| CoreDef::Trampoline(TrampolineIndex(trampoline))));
    }

    #[test]
    fn a_call_of_a_guest_keeps_its_shim() {
        let text = format!(
            r#"(component
                (component $callee
                    (core module $m (memory (export "m") 1) (func (export "f") (param i32 i32))
                        (func (export "r") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
                    (core instance $i (instantiate $m))
                    (func (export "f") (param "s" string) (canon lift (core func $i "f") (memory (core memory $i "m"))
                        (realloc (core func $i "r")))))
                (instance $callee (instantiate $callee))
                (component $caller {})
                (instance (instantiate $caller (with "f" (func $callee "f")))))"#,
            component([SHIM, MAIN, FILLER], ["", ""], "$b").trim_start_matches("(component").trim_end_matches(')')
        );
        assert!(!is_bypassed(&text));
    }
}
