//! Which built-ins and calls each lifted function can reach, as the code of core modules tells.
//!
//! Code that is called through a table may be any function of its type that is in this table, or the one at a place, where
//! the place is always the same. Where code changes tables or calls references, it may be any of which the component
//! instance makes a reference. Code that is not read, for it has been left out or is too much, can call all that its
//! component instance can.

use std::collections::HashMap;

use super::core_calls::{CallThrough, CoreCalls, Element, Signature, Signatures};
use super::{CoreDef, FuncIndex, InstanceIndex, ModuleIndex, Plan, Reached, Step};

/// Bytes of core modules that are looked at. It takes a small part of the time that compiling them takes.
const MAX_BYTES: usize = 64 << 20;

/// Steps that following calls may take.
const MAX_STEPS: usize = 1 << 28;

/// What calls or is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Node {
    /// The core function and the callback of a lifted function.
    Lift(usize),
    /// What is called by these options besides: `realloc`, `post-return`.
    Options(usize),
    Trampoline(usize),
    /// A function of a core instance.
    Func(usize, u32),
    /// A call of a function of this type that is there.
    Call(Place, Signature),
    /// What is there and has no type that is told apart.
    Odd(Place),
    /// Code of a component instance that was not read.
    Unread(usize),
}

/// Where functions are that are called by no name. Tables are named where they are defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    /// In a table of a core instance.
    Table(usize, u32),
    /// At a place of it.
    Slot(usize, u32, u32),
    /// Somewhere in it, nobody knows where.
    Somewhere(usize, u32),
    /// In references of a component instance.
    References(usize),
}

/// A core instance.
struct Core<'c> {
    /// What its code calls, if it was read.
    calls: Option<&'c CoreCalls>,
    instance: usize,
    /// The functions that it imports.
    imported_funcs: Vec<Node>,
    /// The tables that it imports, where they are defined.
    imported_tables: Vec<(usize, u32)>,
}

/// Finds out for `plan`, of components with these `bytes`; none if that is too much.
pub(super) fn reach(plan: &Plan, bytes: &[u8]) -> Option<Reached> {
    let modules = read_modules(plan, bytes);
    let mut graph = Graph::new(plan, &modules)?;
    graph.add_lifts(plan)?;
    for core in 0..graph.cores.len() {
        graph.add_core(core)?;
    }
    graph.reached(plan)
}

fn read_modules(plan: &Plan, bytes: &[u8]) -> HashMap<ModuleIndex, CoreCalls> {
    let (mut modules, mut signatures, mut left) = (HashMap::new(), Signatures::default(), MAX_BYTES);
    for (number, module) in (0..).map(ModuleIndex).zip(&plan.modules) {
        if let Some(bytes) = bytes.get(module.range.clone())
            && let Some(rest) = left.checked_sub(bytes.len())
            && let Some(calls) = CoreCalls::of(bytes, &mut signatures)
        {
            left = rest;
            modules.insert(number, calls);
        }
    }
    modules
}

struct Graph<'c> {
    /// Core instances in the plan's order.
    cores: Vec<Core<'c>>,
    /// For each component instance, whether functions may come into any of its tables.
    changes_tables: Vec<bool>,
    numbers: HashMap<Node, usize>,
    /// Who calls whom: callees with callers, by their numbers.
    callers: Vec<(usize, usize)>,
}

impl<'c> Graph<'c> {
    fn new(plan: &'c Plan, modules: &'c HashMap<ModuleIndex, CoreCalls>) -> Option<Self> {
        let changes_tables = vec![false; plan.instances.len()];
        let mut this = Graph { cores: Vec::new(), changes_tables, numbers: HashMap::new(), callers: Vec::new() };
        // Those that are asked about have the first numbers.
        let lifts = (0..plan.lifts.len()).map(Node::Lift);
        let options = (0..plan.options.len()).map(Node::Options);
        for node in lifts.chain(options).chain((0..plan.trampolines.len()).map(Node::Trampoline)) {
            this.number(node);
        }
        for step in &plan.steps {
            if let Step::Instantiate { module, args, instance: InstanceIndex(instance) } = step {
                this.add_instance(plan, modules.get(module), args, *instance as usize)?;
            }
        }
        Some(this)
    }

    fn add_instance(
        &mut self,
        plan: &Plan,
        calls: Option<&'c CoreCalls>,
        args: &[CoreDef],
        instance: usize,
    ) -> Option<()> {
        let mut core = Core { calls, instance, imported_funcs: Vec::new(), imported_tables: Vec::new() };
        *self.changes_tables.get_mut(instance)? |= calls.is_none_or(|calls| calls.changes_tables);
        match calls {
            Some(calls) => {
                for import in &calls.imported_funcs {
                    core.imported_funcs.push(self.func_of(args.get(*import)?)?);
                }
                for (table, import) in (0..).zip(&calls.imported_tables) {
                    let found = self.table_of(args.get(*import)?)?;
                    core.imported_tables.push(found.unwrap_or((self.cores.len(), table)));
                }
            }
            None if self.numbers.contains_key(&Node::Unread(instance)) => {}
            None => {
                self.calls(Node::Odd(Place::References(instance)), Node::Unread(instance));
                for (at, trampoline) in plan.trampolines.iter().enumerate() {
                    if trampoline.instance.at() == instance {
                        self.calls(Node::Unread(instance), Node::Trampoline(at));
                    }
                }
            }
        }
        self.cores.push(core);
        Some(())
    }

    fn number(&mut self, node: Node) -> usize {
        let next = self.numbers.len();
        *self.numbers.entry(node).or_insert(next)
    }

    fn calls(&mut self, caller: Node, callee: Node) {
        let edge = (self.number(callee), self.number(caller));
        self.callers.push(edge);
    }

    /// The function that is meant.
    fn func_of(&self, def: &CoreDef) -> Option<Node> {
        match def {
            CoreDef::Trampoline(index) => Some(Node::Trampoline(index.at())),
            CoreDef::Export { instance, name } => match self.cores.get(instance.at())? {
                Core { calls: Some(calls), .. } => self.func(instance.at(), *calls.exported_funcs.get(name)?),
                Core { calls: None, instance, .. } => Some(Node::Unread(*instance)),
            },
        }
    }

    /// The table that is meant; none of an instance whose code was not read.
    fn table_of(&self, def: &CoreDef) -> Option<Option<(usize, u32)>> {
        let CoreDef::Export { instance, name } = def else { return None };
        match self.cores.get(instance.at())?.calls {
            Some(calls) => self.table(instance.at(), *calls.exported_tables.get(name)?).map(Some),
            None => Some(None),
        }
    }

    /// Function `func` of a core instance, where it is defined.
    fn func(&self, core: usize, func: u32) -> Option<Node> {
        let imported = self.cores.get(core)?.imported_funcs.get(func as usize);
        Some(imported.copied().unwrap_or(Node::Func(core, func)))
    }

    /// Table `table` of a core instance, where it is defined.
    fn table(&self, core: usize, table: u32) -> Option<(usize, u32)> {
        let imported = self.cores.get(core)?.imported_tables.get(table as usize);
        Some(imported.copied().unwrap_or((core, table)))
    }

    /// What is called by the runtime.
    fn add_lifts(&mut self, plan: &Plan) -> Option<()> {
        let extracted = |step: &'_ Step| match step {
            Step::ExtractFunc(index, def) => Some((*index, self.func_of(def)?)),
            _ => None,
        };
        let funcs: HashMap<FuncIndex, Node> = plan.steps.iter().filter_map(extracted).collect();
        for (at, lift) in plan.lifts.iter().enumerate() {
            let callback = plan.options.get(lift.options.at())?.callback;
            for func in std::iter::once(lift.callee).chain(callback) {
                self.calls(Node::Lift(at), *funcs.get(&func)?);
            }
        }
        for (at, options) in plan.options.iter().enumerate() {
            for func in options.realloc.iter().chain(&options.post_return) {
                self.calls(Node::Options(at), *funcs.get(func)?);
            }
        }
        Some(())
    }

    /// What the code of a core instance calls.
    fn add_core(&mut self, core: usize) -> Option<()> {
        let &Core { calls: Some(calls), instance, .. } = self.cores.get(core)? else { return Some(()) };
        for &(caller, callee) in &calls.calls {
            let callee = self.func(core, callee)?;
            self.calls(Node::Func(core, caller), callee);
        }
        for call in &calls.calls_through {
            self.add_call_through(core, instance, call)?;
        }
        for &(caller, signature) in &calls.calls_any {
            self.add_call(Node::Func(core, caller), Place::References(instance), signature);
        }
        for Element { table, place, func } in &calls.elements {
            let (owner, table) = self.table(core, *table)?;
            let exactly = place.map_or(Place::Somewhere(owner, table), |at| Place::Slot(owner, table, at));
            for place in [Place::Table(owner, table), exactly] {
                self.add_function(core, place, *func)?;
            }
        }
        for &func in &calls.referenced {
            self.add_function(core, Place::References(instance), func)?;
        }
        Some(())
    }

    fn add_call_through(&mut self, core: usize, instance: usize, call: &CallThrough) -> Option<()> {
        let (owner, table) = self.table(core, call.table)?;
        let caller = Node::Func(core, call.caller);
        if *self.changes_tables.get(instance)? {
            self.add_call(caller, Place::References(instance), call.signature);
        }
        match call.place {
            None => self.add_call(caller, Place::Table(owner, table), call.signature),
            Some(at) => {
                self.add_call(caller, Place::Slot(owner, table, at), call.signature);
                self.add_call(caller, Place::Somewhere(owner, table), call.signature);
            }
        }
        Some(())
    }

    fn add_call(&mut self, caller: Node, place: Place, signature: Signature) {
        self.calls(caller, Node::Call(place, signature));
        self.calls(caller, Node::Odd(place));
    }

    /// Function `func` of a core instance is at a place.
    fn add_function(&mut self, core: usize, place: Place, func: u32) -> Option<()> {
        let node = self.func(core, func)?;
        match *self.cores.get(core)?.calls?.funcs.get(func as usize)? {
            None => self.calls(Node::Odd(place), node),
            signature => {
                self.calls(Node::Call(place, signature), node);
                self.calls(Node::Call(place, None), node);
            }
        }
        Some(())
    }

    /// Goes from each trampoline to who calls it, and on to who calls those.
    fn reached(mut self, plan: &Plan) -> Option<Reached> {
        self.callers.sort_unstable();
        self.callers.dedup();
        let first = |node| self.callers.partition_point(|(callee, _)| *callee < node);
        let firsts: Vec<usize> = (0..=self.numbers.len()).map(first).collect();
        let roots = plan.lifts.len() + plan.options.len();
        let mut reached = Reached::nothing(plan);
        let (mut seen, mut steps) = (vec![usize::MAX; self.numbers.len()], 0);
        for trampoline in 0..plan.trampolines.len() {
            let mut found = vec![roots + trampoline];
            while let Some(node) = found.pop() {
                let callers = self.callers.get(*firsts.get(node)?..*firsts.get(node + 1)?)?;
                steps += 1 + callers.len();
                for &(_, caller) in callers {
                    if std::mem::replace(seen.get_mut(caller)?, trampoline) != trampoline {
                        if caller < roots {
                            reached.add(caller, trampoline)?;
                        } else {
                            found.push(caller);
                        }
                    }
                }
            }
            if steps > MAX_STEPS {
                return None;
            }
        }
        Some(reached)
    }
}

#[cfg(test)]
#[path = "reach_tests.rs"]
mod tests;
