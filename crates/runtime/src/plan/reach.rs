//! Which functions can reach a built-in that waits, as the code of core modules tells.
//!
//! Code that is called through a table may be any function that is in this table. Where code changes tables or calls
//! references, it may be any of which the component instance makes a reference. What cannot be read, or is too large to be
//! worth it, is not told apart: [`Blocking`](super::Blocking) then knows component instances only.

use std::collections::HashMap;

use super::core_calls::CoreCalls;
use super::{Canon, CoreDef, FuncDef, FuncIndex, InstanceIndex, LiftIndex, ModuleIndex, Plan, Step};

/// Bytes of core modules that are looked at. What is larger has been made with libraries that wait somewhere behind a table,
/// so that nothing would come of it but a slower start.
const MAX_BYTES: usize = 1 << 20;

/// What is asked about.
#[derive(Clone, Copy)]
enum Node {
    Trampoline(usize),
    Lift(usize),
    Func(usize, u32),
    Table(usize, u32),
    /// Any function that the component instance makes a reference of.
    Any(usize),
}

/// A core instance whose code was read.
struct Read<'c> {
    calls: &'c CoreCalls,
    args: &'c [CoreDef],
    instance: InstanceIndex,
    /// The numbers of its first function and its first table among all nodes.
    first_func: usize,
    first_table: usize,
}

/// Who can wait: trampolines and lifted functions.
pub(super) struct Reached {
    pub(super) trampolines: Vec<bool>,
    pub(super) lifts: Vec<bool>,
}

/// Follows calls from the trampolines that wait themselves. `reads` says of which core instances the code matters: those of
/// others cannot wait.
pub(super) fn reach(plan: &Plan, bytes: &[u8], waits: &[bool], reads: &[bool]) -> Option<Reached> {
    let modules = read_modules(plan, bytes, reads)?;
    let graph = Graph::new(plan, &modules, reads)?;
    let reached = graph.callers_of(plan, waits)?;
    let of = |first: usize, count: usize| reached.get(first..first + count).map(<[bool]>::to_vec);
    let trampolines = of(graph.number(Node::Trampoline(0)), plan.trampolines.len())?;
    Some(Reached { trampolines, lifts: of(graph.number(Node::Lift(0)), plan.lifts.len())? })
}

fn read_modules(plan: &Plan, bytes: &[u8], reads: &[bool]) -> Option<HashMap<ModuleIndex, CoreCalls>> {
    let mut modules = HashMap::new();
    let mut left = MAX_BYTES;
    for ((module, ..), _) in instantiations(plan).zip(reads).filter(|(_, reads)| **reads) {
        if modules.contains_key(&module) {
            continue;
        }
        let range = plan.modules.get(module.at())?.range.clone();
        left = left.checked_sub(range.len())?;
        modules.insert(module, CoreCalls::of(bytes.get(range)?)?);
    }
    Some(modules)
}

/// The core instances in their order.
fn instantiations(plan: &Plan) -> impl Iterator<Item = (ModuleIndex, &[CoreDef], InstanceIndex)> {
    plan.steps.iter().filter_map(|step| match step {
        Step::Instantiate { module, args, instance } => Some((*module, args.as_slice(), *instance)),
        _ => None,
    })
}

struct Graph<'c> {
    /// By the plan's number; none for those whose code does not matter.
    read: Vec<Option<Read<'c>>>,
    first_lift: usize,
    first_any: usize,
    nodes: usize,
    /// For each component instance, whether functions may come into any of its tables.
    changes_tables: Vec<bool>,
}

impl<'c> Graph<'c> {
    fn new(plan: &'c Plan, modules: &'c HashMap<ModuleIndex, CoreCalls>, reads: &[bool]) -> Option<Self> {
        let first_lift = plan.trampolines.len();
        let first_any = first_lift + plan.lifts.len();
        let mut nodes = first_any + plan.instances.len();
        let mut changes_tables = vec![false; plan.instances.len()];
        let mut read = Vec::new();
        for ((module, args, instance), reads) in instantiations(plan).zip(reads) {
            if !reads {
                read.push(None);
                continue;
            }
            let calls = modules.get(&module)?;
            let (first_func, first_table) = (nodes, nodes + calls.funcs as usize);
            nodes = first_table + calls.tables as usize;
            *changes_tables.get_mut(instance.at())? |= calls.changes_tables;
            read.push(Some(Read { calls, args, instance, first_func, first_table }));
        }
        Some(Graph { read, first_lift, first_any, nodes, changes_tables })
    }

    fn number(&self, node: Node) -> usize {
        let read = |core: usize| self.read.get(core).and_then(Option::as_ref);
        match node {
            Node::Trampoline(at) => at,
            Node::Lift(at) => self.first_lift + at,
            Node::Any(instance) => self.first_any + instance,
            // What is not read has no calls; it stands at a number without any.
            Node::Func(core, func) => read(core).map_or(self.nodes, |read| read.first_func + func as usize),
            Node::Table(core, table) => read(core).map_or(self.nodes, |read| read.first_table + table as usize),
        }
    }

    /// For each node, whether it can call a trampoline that waits.
    fn callers_of(&self, plan: &Plan, waits: &[bool]) -> Option<Vec<bool>> {
        let mut callers: Vec<(usize, usize)> = Vec::new();
        let mut calls = |from: Node, to: Node| callers.push((self.number(to), self.number(from)));
        self.between_components(plan, &mut calls)?;
        for (core, read) in self.read.iter().enumerate() {
            if let Some(read) = read {
                self.of_core_instance(core, read, &mut calls)?;
            }
        }
        callers.sort_unstable();
        callers.dedup();
        let mut reached = vec![false; self.nodes + 1];
        let mut found: Vec<usize> = waits.iter().enumerate().filter(|(_, waits)| **waits).map(|(at, _)| at).collect();
        for &node in &found {
            *reached.get_mut(node)? = true;
        }
        while let Some(node) = found.pop() {
            let first = callers.partition_point(|(callee, _)| *callee < node);
            for (_, caller) in callers.get(first..)?.iter().take_while(|(callee, _)| *callee == node) {
                if !std::mem::replace(reached.get_mut(*caller)?, true) {
                    found.push(*caller);
                }
            }
        }
        Some(reached)
    }

    /// Lowered functions that call lifted ones on their caller's stack, and those lifted functions.
    fn between_components(&self, plan: &Plan, calls: &mut impl FnMut(Node, Node)) -> Option<()> {
        for (at, trampoline) in plan.trampolines.iter().enumerate() {
            if let Canon::Lower { callee: FuncDef::Lift(LiftIndex(lift)), options, .. } = &trampoline.canon
                && !plan.options.get(options.at())?.async_
            {
                calls(Node::Trampoline(at), Node::Lift(*lift as usize));
            }
        }
        let funcs: HashMap<FuncIndex, &CoreDef> = plan.steps.iter().filter_map(extracted).collect();
        for (at, lift) in plan.lifts.iter().enumerate() {
            let callback = plan.options.get(lift.options.at())?.callback;
            for func in std::iter::once(lift.callee).chain(callback) {
                calls(Node::Lift(at), self.func(funcs.get(&func)?)?);
            }
        }
        Some(())
    }

    /// What the code of a core instance calls.
    fn of_core_instance(&self, core: usize, read: &Read<'_>, calls: &mut impl FnMut(Node, Node)) -> Option<()> {
        let any = Node::Any(read.instance.at());
        let changes_tables = *self.changes_tables.get(read.instance.at())?;
        for (func, import) in read.calls.imported_funcs.iter().enumerate() {
            calls(Node::Func(core, func as u32), self.func(read.args.get(*import)?)?);
        }
        for (table, import) in read.calls.imported_tables.iter().enumerate() {
            let (own, others) = (Node::Table(core, table as u32), self.table(read.args.get(*import)?)?);
            // They are the same: each has what is put into the other.
            calls(own, others);
            calls(others, own);
        }
        for table in (0..read.calls.tables).filter(|_| changes_tables) {
            calls(Node::Table(core, table), any);
        }
        for &(caller, callee) in &read.calls.calls {
            calls(Node::Func(core, caller), Node::Func(core, callee));
        }
        for &(caller, table) in &read.calls.calls_through {
            calls(Node::Func(core, caller), Node::Table(core, table));
        }
        for &caller in &read.calls.calls_any {
            calls(Node::Func(core, caller), any);
        }
        for &(table, func) in &read.calls.elements {
            calls(Node::Table(core, table), Node::Func(core, func));
        }
        for &func in &read.calls.referenced {
            calls(any, Node::Func(core, func));
        }
        Some(())
    }

    fn func(&self, def: &CoreDef) -> Option<Node> {
        self.export(def, |calls, name| calls.exported_funcs.get(name).copied(), Node::Func)
    }

    fn table(&self, def: &CoreDef) -> Option<Node> {
        self.export(def, |calls, name| calls.exported_tables.get(name).copied(), Node::Table)
    }

    fn export(
        &self,
        def: &CoreDef,
        find: impl Fn(&CoreCalls, &str) -> Option<u32>,
        node: fn(usize, u32) -> Node,
    ) -> Option<Node> {
        match def {
            CoreDef::Trampoline(index) => Some(Node::Trampoline(index.at())),
            CoreDef::Export { instance, name } => match self.read.get(instance.at())? {
                Some(read) => Some(node(instance.at(), find(read.calls, name)?)),
                None => Some(node(instance.at(), 0)),
            },
        }
    }
}

fn extracted(step: &Step) -> Option<(FuncIndex, &CoreDef)> {
    match step {
        Step::ExtractFunc(index, def) => Some((*index, def)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::core_calls::CoreCalls;
    use super::super::{Blocking, LiftIndex};
    use crate::Features;
    use crate::component::{SHED, load};

    /// Whether the functions `f` and `g` of a component can wait. `code` is in a module that imports `wait`, `fine` (two
    /// built-ins) and the table `shared`, in which `others` can be put.
    fn waits(code: &str, others: &str) -> [bool; 2] {
        let text = format!(
            r#"(component
                (core module $libc (memory (export "m") 1) (table (export "t") 4 funcref)
                    (func (export "from-libc") (result i32) (i32.const 0)))
                (core instance $libc (instantiate $libc))
                (core func $wait (canon waitable-set.wait (memory (core memory $libc "m"))))
                (core func $fine (canon waitable-set.poll (memory (core memory $libc "m"))))
                (core module $m
                    (type $b (func (param i32 i32) (result i32)))
                    (import "" "wait" (func $wait (type $b)))
                    (import "" "fine" (func $fine (type $b)))
                    (import "" "shared" (table $shared 4 funcref))
                    {code})
                (core instance $i (instantiate $m (with "" (instance (export "wait" (func $wait))
                    (export "fine" (func $fine)) (export "shared" (table $libc "t"))))))
                (core module $others
                    (type $b (func (param i32 i32) (result i32)))
                    (import "" "wait" (func $wait (type $b)))
                    (import "" "shared" (table $shared 4 funcref))
                    {others})
                (core instance (instantiate $others (with "" (instance (export "wait" (func $wait))
                    (export "shared" (table $libc "t"))))))
                (func (export "f") async (canon lift (core func $i "f") async (callback (core func $i "callback"))))
                (func (export "g") async (canon lift (core func $i "g") async (callback (core func $i "callback")))))"#
        );
        let loaded = load(text.as_bytes(), &Features::all()).unwrap_or_else(|error| panic!("{error:?}"));
        assert!(Blocking::linked(&loaded.plan, |_| false).lift(LiftIndex(0)), "by instances, everybody can wait");
        let blocking = Blocking::by_function(&loaded.plan, &loaded.bytes, |_| false);
        [0, 1].map(|lift| blocking.lift(LiftIndex(lift)))
    }

    fn call(func: &str) -> String {
        format!("({func} (i32.const 0) (i32.const 0))")
    }

    fn exports(f: &str, g: &str) -> String {
        format!(
            r#"(func (export "f") (result i32) {f}) (func $g (export "g") (result i32) {g})
            (func (export "callback") (param i32 i32 i32) (result i32) (i32.const 0))"#
        )
    }

    #[test]
    fn who_calls_what_waits_can_wait() {
        assert_eq!(waits(&exports(&call("call $wait"), &call("call $fine")), ""), [true, false]);
        assert_eq!(waits(&exports("(call $g)", &call("return_call $wait")), ""), [true, true]);
        assert_eq!(waits(&exports(&call("call $fine"), "(i32.const 0)"), ""), [false, false]);
    }

    #[test]
    fn a_callback_that_waits_counts_for_all_that_have_it() {
        let waiting = r#"(func (export "callback") (param i32 i32 i32) (result i32)
                (call $wait (i32.const 0) (i32.const 0)))
            (func (export "f") (result i32) (i32.const 0)) (func (export "g") (result i32) (i32.const 0))"#;
        assert_eq!(waits(waiting, ""), [true, true]);
    }

    #[test]
    fn a_table_is_all_that_is_put_into_it() {
        let through =
            |table: &str| format!("(call_indirect {table} (type $b) (i32.const 0) (i32.const 0) (i32.const 0))");
        let code = exports(&through("$own"), &through("$fines"));
        let tables = "(table $own funcref (elem $wait)) (table $fines funcref (elem $fine))";
        assert_eq!(waits(&format!("{tables} {code}"), ""), [true, false]);
        // Another module puts it into a table of the first.
        let code = exports(&through("$shared"), &through("$fines"));
        assert_eq!(waits(&format!("{tables} {code}"), ""), [false, false]);
        assert_eq!(
            waits(&format!("{tables} {code}"), "(elem (table $shared) (i32.const 1) func $wait)"),
            [true, false]
        );
        // Or a function that calls it.
        let outer = "(func $outer (result i32) (call $wait (i32.const 0) (i32.const 0)))
            (elem (table $shared) (i32.const 1) func $outer)";
        assert_eq!(waits(&format!("{tables} {code}"), outer), [true, false]);
    }

    #[test]
    fn where_tables_change_each_may_have_any_function() {
        let code =
            exports("(call_indirect $own (type $b) (i32.const 0) (i32.const 0) (i32.const 0))", &call("call $fine"));
        let own = format!("(table $own 4 funcref) {code}");
        let changes = "(elem declare func $wait)
            (func (table.set $shared (i32.const 0) (ref.func $wait)))";
        assert_eq!(waits(&own, ""), [false, false]);
        assert_eq!(waits(&own, changes), [true, false]);
        assert_eq!(waits(&own, "(elem declare func $wait)"), [false, false], "nothing moves it");
        let passive = "(elem $e func $wait) (func (table.init $shared $e (i32.const 0) (i32.const 0) (i32.const 1)))";
        assert_eq!(waits(&own, passive), [true, false]);
    }

    #[test]
    fn a_module_without_its_code_tells_nothing() {
        let module = wat::parse_str(r#"(module (func (export "f")))"#).expect("text");
        assert!(CoreCalls::of(&module).is_some());
        let mut marked = module.clone();
        marked.extend([0, SHED.len() as u8 + 1, SHED.len() as u8]);
        marked.extend(SHED.as_bytes());
        assert!(CoreCalls::of(&marked).is_none());
        // Sections of a function and of its code are left out.
        let (functions, code) = ([3, 2, 1, 0], [10, 4, 1, 2, 0, 11]);
        let without = |bytes: &[u8], part: &[u8]| {
            let at = bytes.windows(part.len()).position(|found| found == part).expect("the section");
            [&bytes[..at], &bytes[at + part.len()..]].concat()
        };
        assert!(CoreCalls::of(&without(&module, &code)).is_none());
        assert!(CoreCalls::of(&without(&without(&module, &code), &functions)).is_none());
    }

    #[test]
    fn a_reference_may_be_any_function() {
        let code = exports(
            "(call_ref $b (i32.const 0) (i32.const 0) (ref.func $wait))",
            "(call_ref $b (i32.const 0) (i32.const 0) (ref.null $b))",
        );
        assert_eq!(waits(&format!("(elem declare func $wait) {code}"), ""), [true, true]);
    }
}
