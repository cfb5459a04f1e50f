//! Who can block: only these need a stack of their own.
//!
//! What cannot block runs on its caller's stack. The answer errs on the side of "can": by component instances, from the plan
//! alone; and by functions, when the code was looked at ([`Reached`]).

use super::{
    Canon, CoreInstanceIndex, FuncDef, ImportedFuncIndex, InstanceIndex, Lift, LiftIndex, Plan, PlannedResource,
    Reached, Step, Trampoline, TrampolineIndex,
};

impl Canon {
    /// Whether the built-in itself can suspend its caller.
    ///
    /// A function of another component of the same plan that is not async counts as not blocking here; [`Blocking`]
    /// follows the call. Spec: Concurrency.md, "Blocking".
    #[must_use]
    pub fn may_block(&self, plan: &Plan) -> bool {
        match self {
            Canon::Lower { callee, ty, options } => {
                let sync = !plan.options.get(options.at()).is_some_and(|options| options.async_);
                // A function of the host may suspend its caller, whatever its type says.
                sync && (ty.async_ || matches!(callee, FuncDef::Imported(_)))
            }
            Canon::Copy { options, .. } => !plan.options.get(options.at()).is_some_and(|options| options.async_),
            Canon::CancelCopy { async_, .. } | Canon::SubtaskCancel { async_ } => !async_,
            Canon::WaitableSetWait { .. }
            | Canon::ThreadYield { .. }
            | Canon::ThreadSuspend { .. }
            | Canon::ThreadSuspendThenResume { .. }
            | Canon::ThreadYieldThenResume { .. }
            | Canon::ThreadSuspendThenPromote { .. }
            | Canon::ThreadYieldThenPromote { .. } => true,
            _ => false,
        }
    }
}

/// Who of a plan can block, calls between components followed.
///
/// Core instances of one component share tables, so each can reach what any of them imports: they block together.
#[derive(Debug, Clone)]
pub struct Blocking {
    instances: Vec<bool>,
    core_instances: Vec<bool>,
    trampolines: Vec<bool>,
    lifts: Vec<bool>,
    enter_others: Vec<bool>,
}

impl Blocking {
    /// Finds out for `plan` alone: every function of the host may block.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        Blocking::from(plan, plan.trampolines.iter().map(|t| t.canon.may_block(plan)).collect())
    }

    /// Finds out for `plan` with its imports found: `suspends` says which functions of the host may suspend their caller.
    ///
    /// It also knows what this runtime never does: a cancelled copy ends at once, and so does a cancelled call of the
    /// host.
    #[must_use]
    pub fn linked(plan: &Plan, suspends: impl Fn(ImportedFuncIndex) -> bool) -> Self {
        Blocking::from(plan, Blocking::by_themselves(plan, suspends))
    }

    /// The same, told apart by functions, as far as that was found out.
    #[must_use]
    pub(crate) fn by_function(
        plan: &Plan,
        reached: Option<&Reached>,
        suspends: impl Fn(ImportedFuncIndex) -> bool,
    ) -> Self {
        let waits = Blocking::by_themselves(plan, suspends);
        let Some(reached) = reached.filter(|_| waits.contains(&true)) else { return Blocking::from(plan, waits) };
        let mut this = Blocking::from(plan, waits.clone());
        (this.trampolines, this.lifts) = follow(plan, reached, waits);
        this
    }

    /// For each trampoline, whether it can suspend its caller by itself.
    fn by_themselves(plan: &Plan, suspends: impl Fn(ImportedFuncIndex) -> bool) -> Vec<bool> {
        let calls_guests = |instance: InstanceIndex| {
            let lowers_lift = |canon: &Canon| matches!(canon, Canon::Lower { callee: FuncDef::Lift(_), .. });
            plan.trampolines.iter().any(|other| other.instance == instance && lowers_lift(&other.canon))
        };
        let may_block = |trampoline: &Trampoline| match &trampoline.canon {
            Canon::CancelCopy { .. } => false,
            Canon::SubtaskCancel { async_ } => !async_ && calls_guests(trampoline.instance),
            Canon::Lower { callee: FuncDef::Imported(import), options, .. } => {
                let async_ = plan.options.get(options.at()).is_some_and(|options| options.async_);
                !async_ && suspends(*import)
            }
            canon => canon.may_block(plan),
        };
        plan.trampolines.iter().map(may_block).collect()
    }

    /// Follows calls between components from the trampolines that block themselves.
    fn from(plan: &Plan, mut trampolines: Vec<bool>) -> Self {
        let mut instances = vec![false; plan.instances.len()];
        let mut callers: Vec<Vec<usize>> = vec![Vec::new(); plan.instances.len()];
        let mut found = Vec::new();
        for (i, trampoline) in plan.trampolines.iter().enumerate() {
            if trampolines.get(i).is_some_and(|blocks| *blocks) {
                mark(&mut instances, trampoline.instance, &mut found);
            } else if let Some(callers) =
                called(plan, &trampoline.canon).and_then(|callee| callers.get_mut(callee.at()))
            {
                callers.push(i);
            }
        }
        while let Some(instance) = found.pop() {
            for i in callers.get_mut(instance.at()).map(std::mem::take).unwrap_or_default() {
                if let (Some(blocks), Some(trampoline)) = (trampolines.get_mut(i), plan.trampolines.get(i)) {
                    *blocks = true;
                    mark(&mut instances, trampoline.instance, &mut found);
                }
            }
        }
        let blocks = |instance: InstanceIndex| instances.get(instance.at()).copied().unwrap_or(true);
        let core_instances = plan.steps.iter().filter_map(|step| match step {
            Step::Instantiate { instance, .. } => Some(blocks(*instance)),
            _ => None,
        });
        let core_instances = core_instances.collect();
        let lifts =
            plan.lifts.iter().map(|lift| plan.options.get(lift.options.at()).is_none_or(|o| blocks(o.instance)));
        let lifts = lifts.collect();
        Blocking { instances, core_instances, trampolines, lifts, enter_others: enter_others(plan, false) }
    }

    /// Some of the imported resources are defined by guests: to drop one may run code of a guest.
    pub(crate) fn import_guest_resources(&mut self, plan: &Plan) {
        self.enter_others = enter_others(plan, true);
    }

    /// Whether code of this component instance can block.
    #[must_use]
    pub fn instance(&self, index: InstanceIndex) -> bool {
        self.instances.get(index.at()).copied().unwrap_or(true)
    }

    /// Whether a function of this core instance can block.
    #[must_use]
    pub fn core_instance(&self, index: CoreInstanceIndex) -> bool {
        self.core_instances.get(index.at()).copied().unwrap_or(true)
    }

    /// Whether a call of this trampoline can suspend its caller.
    #[must_use]
    pub fn trampoline(&self, index: TrampolineIndex) -> bool {
        self.trampolines.get(index.at()).copied().unwrap_or(true)
    }

    /// Whether code of the component instance behind this lifted function may run code of guests before it goes on: it
    /// calls functions of guests, cancels calls of them, or drops resources that have a destructor.
    #[must_use]
    pub fn enters_others(&self, index: LiftIndex) -> bool {
        self.enter_others.get(index.at()).copied().unwrap_or(true)
    }

    /// Whether the core function behind this lifted function can block.
    #[must_use]
    pub fn lift(&self, index: LiftIndex) -> bool {
        self.lifts.get(index.at()).copied().unwrap_or(true)
    }
}

/// Which trampolines and lifted functions can block, when these trampolines can by themselves.
fn follow(plan: &Plan, reached: &Reached, mut trampolines: Vec<bool>) -> (Vec<bool>, Vec<bool>) {
    let mut lifts = vec![false; plan.lifts.len()];
    let mut callers = vec![Vec::new(); lifts.len()];
    for (at, trampoline) in plan.trampolines.iter().enumerate() {
        if let Some(callers) = called_lift(plan, &trampoline.canon).and_then(|lift| callers.get_mut(lift.at())) {
            callers.push(at);
        }
    }
    let mut found: Vec<usize> = (0..trampolines.len()).filter(|at| trampolines.get(*at) == Some(&true)).collect();
    while let Some(trampoline) = found.pop() {
        for ((number, lift), callers) in (0..).map(LiftIndex).zip(&mut lifts).zip(&mut callers) {
            if *lift || !reached.has(number, trampoline) {
                continue;
            }
            *lift = true;
            for caller in std::mem::take(callers) {
                if let Some(blocks @ false) = trampolines.get_mut(caller) {
                    *blocks = true;
                    found.push(caller);
                }
            }
        }
    }
    (trampolines, lifts)
}

/// For each lifted function, see [`Blocking::enters_others`]. With `guests`, imported resources may have destructors of
/// guests.
fn enter_others(plan: &Plan, guests: bool) -> Vec<bool> {
    let mut instances = vec![false; plan.instances.len()];
    for trampoline in &plan.trampolines {
        let enters = match &trampoline.canon {
            Canon::Lower { callee: FuncDef::Lift(_), .. } | Canon::SubtaskCancel { .. } => true,
            Canon::ResourceDrop { resource } => match plan.resources.get(resource.0 as usize) {
                Some(PlannedResource::Imported { .. }) => guests,
                Some(PlannedResource::Defined { dtor, .. }) => dtor.is_some(),
                None => true,
            },
            _ => false,
        };
        if let Some(instance) = instances.get_mut(trampoline.instance.at()) {
            *instance |= enters;
        }
    }
    let instance = |lift: &Lift| plan.options.get(lift.options.at()).map(|options| options.instance.at());
    let enters = |lift| instance(lift).and_then(|instance| instances.get(instance)).copied().unwrap_or(true);
    plan.lifts.iter().map(enters).collect()
}

fn mark(instances: &mut [bool], instance: InstanceIndex, found: &mut Vec<InstanceIndex>) {
    if let Some(blocks) = instances.get_mut(instance.at())
        && !*blocks
    {
        *blocks = true;
        found.push(instance);
    }
}

/// The component instance whose code runs on the caller's stack during a call.
fn called(plan: &Plan, canon: &Canon) -> Option<InstanceIndex> {
    let lift = plan.lifts.get(called_lift(plan, canon)?.at())?;
    Some(plan.options.get(lift.options.at())?.instance)
}

/// The lifted function whose code runs on the caller's stack during a call.
fn called_lift(plan: &Plan, canon: &Canon) -> Option<LiftIndex> {
    let Canon::Lower { callee: FuncDef::Lift(lift), options, .. } = canon else { return None };
    (!plan.options.get(options.at())?.async_).then_some(*lift)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Features;
    use crate::component::load;

    fn blocking(text: &str) -> (Blocking, Plan) {
        let plan = load(text.as_bytes(), &Features::all()).unwrap_or_else(|error| panic!("{error:?}")).plan;
        (Blocking::of(&plan), plan)
    }

    /// A callee that imports the built-in `canon`, a caller that calls it, and one that does neither.
    fn three(canon: &str, async_: &str, lift: &str, lower: &str) -> String {
        format!(
            r#"(component
                (component $callee
                    (core module $libc (memory (export "m") 1))
                    (core instance $libc (instantiate $libc))
                    (core func $b (canon {canon}))
                    (core module $m (import "" "b" (func (result i32))) (func (export "f") (unreachable))
                        (func (export "async-f") (result i32) unreachable)
                        (func (export "callback") (param i32 i32 i32) (result i32) unreachable))
                    (core instance $i (instantiate $m (with "" (instance (export "b" (func $b))))))
                    (func $f {async_} (canon lift {lift}))
                    (export "f" (func $f)))
                (component $caller
                    (import "f" (func $f {async_}))
                    (core func $f (canon lower (func $f) {lower}))
                    (core module $m (import "" "f" (func {})))
                    (core instance (instantiate $m (with "" (instance (export "f" (func $f)))))))
                (component $other
                    (core module $m) (core instance (instantiate $m)))
                (instance $callee (instantiate $callee))
                (instance (instantiate $caller (with "f" (func $callee "f"))))
                (instance (instantiate $other)))"#,
            if lower.is_empty() { "" } else { "(result i32)" }
        )
    }

    fn of_instances(text: &str) -> Vec<bool> {
        let (blocking, plan) = blocking(text);
        let all = (1..plan.instances.len()).map(|i| blocking.instance(InstanceIndex(i as u32)));
        all.collect()
    }

    const SYNC: &str = r#"(core func $i "f")"#;
    const CALLBACK: &str = r#"(core func $i "async-f") async (callback (core func $i "callback"))"#;

    #[test]
    fn nothing_that_blocks() {
        assert_eq!(of_instances(&three("waitable-set.new", "", SYNC, "")), [false, false, false]);
    }

    #[test]
    fn a_caller_blocks_with_the_callee_on_its_stack() {
        assert_eq!(of_instances(&three("thread.yield", "", SYNC, "")), [true, true, false]);
    }

    #[test]
    fn a_sync_call_of_an_async_function_blocks() {
        assert_eq!(of_instances(&three("waitable-set.new", "async", CALLBACK, "")), [false, true, false]);
    }

    #[test]
    fn an_async_call_does_not_block() {
        assert_eq!(of_instances(&three("thread.yield", "async", CALLBACK, "async")), [true, false, false]);
    }

    #[test]
    fn a_function_of_the_host_may_block() {
        let (blocking, plan) = blocking(
            r#"(component
                (import "f" (func $f))
                (core func $f (canon lower (func $f)))
                (core module $m (import "" "f" (func)) (func (export "g")))
                (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
                (func (export "g") (canon lift (core func $i "g"))))"#,
        );
        assert!(plan.trampolines[0].canon.may_block(&plan));
        assert!(blocking.trampoline(TrampolineIndex(0)) && blocking.lift(LiftIndex(0)));
        assert!(blocking.core_instance(CoreInstanceIndex(0)));
    }
}
