//! Who can block: only these need a stack of their own.
//!
//! What cannot block runs on its caller's stack. The answer errs on the side of "can".

use super::{Canon, CoreInstanceIndex, FuncDef, InstanceIndex, LiftIndex, Plan, Step, TrampolineIndex};

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
}

impl Blocking {
    /// Finds out for `plan`.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let mut instances = vec![false; plan.instances.len()];
        let mut trampolines: Vec<bool> = plan.trampolines.iter().map(|t| t.canon.may_block(plan)).collect();
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
        Blocking { instances, core_instances, trampolines, lifts }
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

    /// Whether the core function behind this lifted function can block.
    #[must_use]
    pub fn lift(&self, index: LiftIndex) -> bool {
        self.lifts.get(index.at()).copied().unwrap_or(true)
    }
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
    let Canon::Lower { callee: FuncDef::Lift(lift), options, .. } = canon else { return None };
    if plan.options.get(options.at())?.async_ {
        return None;
    }
    let lift = plan.lifts.get(lift.at())?;
    Some(plan.options.get(lift.options.at())?.instance)
}
