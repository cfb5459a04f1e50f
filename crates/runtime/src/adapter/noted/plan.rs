//! Which trampolines of a plan have code that makes and notes calls: async calls between components of numbers,
//! strings, lists and what is made of these, and the built-ins that their callees use in every call.

use crate::abi::Plain;
use crate::adapter::supports::{Crossing, crossing};
use crate::canon::check_of;
use crate::plan::{
    Canon, CanonicalOptions, FuncDef, InstanceIndex, Lift, MemoryIndex, OptionsIndex, Plan, StringEncoding,
    TrampolineIndex,
};
use crate::task::noted::MAX_INSTANCES;
use crate::types::{FuncType, PtrType, ValType};

/// More calls than these are not noted.
const MAX_CALLS: usize = 256;
/// Types within one function, each counted as often as code is written for it.
const MAX_TYPES: usize = 200;

/// The trampolines of a plan for which there is such code.
pub(crate) struct NotedPlan<'p> {
    pub(super) calls: Vec<Call<'p>>,
    pub(super) returns: Vec<Return>,
    pub(super) contexts: Vec<(TrampolineIndex, Context)>,
}

/// A call.
pub(super) struct Call<'p> {
    pub(super) index: TrampolineIndex,
    pub(super) caller: &'p CanonicalOptions,
    /// The number of the caller's options; the callee's is in `lift`.
    pub(super) options: OptionsIndex,
    pub(super) callee: &'p CanonicalOptions,
    pub(super) lift: &'p Lift,
    /// What crosses that is more than numbers, there and back.
    pub(super) more: (Option<Crossing>, Option<Crossing>),
    /// Which `task.return` is right; none when the callee returns its result.
    pub(super) class: Option<u32>,
}

/// A `task.return`.
pub(super) struct Return {
    pub(super) index: TrampolineIndex,
    pub(super) instance: InstanceIndex,
    pub(super) class: u32,
}

/// A `context` built-in: its slot, whether it is one of 64 bits, whether it sets.
#[derive(Clone, Copy)]
pub(super) struct Context {
    pub(super) slot: u32,
    pub(super) i64: bool,
    pub(super) sets: bool,
}

/// What `task.return` and the lifted function have in common. Spec: `LiftOptions.equal`.
#[derive(PartialEq)]
struct Class<'p> {
    result: Option<&'p ValType>,
    encoding: StringEncoding,
    memory: Option<MemoryIndex>,
}

impl<'p> NotedPlan<'p> {
    /// Looks at `plan`.
    pub(crate) fn new(plan: &'p Plan) -> Self {
        let mut this = NotedPlan { calls: Vec::new(), returns: Vec::new(), contexts: Vec::new() };
        if plan.instances.len() > MAX_INSTANCES {
            return this;
        }
        let mut classes: Vec<Class<'p>> = Vec::new();
        for (number, trampoline) in plan.trampolines.iter().enumerate() {
            let index = TrampolineIndex(number as u32);
            let Canon::TaskReturn { result, options } = &trampoline.canon else { continue };
            let Some(options) = plan.options.get(options.at()) else { continue };
            let class = Class { result: result.as_ref(), encoding: options.string_encoding, memory: options.memory };
            let found = classes.iter().position(|other| *other == class);
            let class = found.unwrap_or_else(|| {
                classes.push(class);
                classes.len() - 1
            });
            this.returns.push(Return { index, instance: trampoline.instance, class: class as u32 + 1 });
        }
        for number in 0..plan.trampolines.len() {
            if this.calls.len() < MAX_CALLS {
                let call = call(plan, TrampolineIndex(number as u32), (&classes, &this.returns));
                this.calls.extend(call);
            }
        }
        let NotedPlan { calls, returns, .. } = &mut this;
        returns.retain(|this| calls.iter().any(|call| call.class == Some(this.class)));
        for (number, trampoline) in plan.trampolines.iter().enumerate() {
            let context = match trampoline.canon {
                Canon::ContextGet { slot, i64 } => Context { slot, i64, sets: false },
                Canon::ContextSet { slot, i64 } => Context { slot, i64, sets: true },
                _ => continue,
            };
            if context.slot < 2 && this.calls.iter().any(|call| call.callee.instance == trampoline.instance) {
                this.contexts.push((TrampolineIndex(number as u32), context));
            }
        }
        this
    }

    /// The calls among them.
    pub(crate) fn calls(&self) -> impl Iterator<Item = TrampolineIndex> {
        self.calls.iter().map(|call| call.index)
    }

    /// The built-ins among them.
    pub(crate) fn built_ins(&self) -> impl Iterator<Item = TrampolineIndex> {
        self.returns.iter().map(|this| this.index).chain(self.contexts.iter().map(|(index, _)| *index))
    }
}

/// The call that trampoline `index` makes, if it can be noted: an async function that has callbacks, or returns its
/// result and has nothing to do after that, and no handle crosses.
fn call<'p>(plan: &'p Plan, index: TrampolineIndex, (classes, returns): (&[Class<'_>], &[Return])) -> Option<Call<'p>> {
    let trampoline = plan.trampolines.get(index.at())?;
    let Canon::Lower { callee: FuncDef::Lift(lift), ty, options } = &trampoline.canon else { return None };
    let caller = plan.options.get(options.at())?;
    let lift = plan.lifts.get(lift.at())?;
    let callee = plan.options.get(lift.options.at())?;
    let same = ty.params == lift.ty.params && ty.result == lift.ty.result;
    let is_kind = lift.ty.async_ && callee.async_ == callee.callback.is_some() && callee.post_return.is_none();
    let apart = caller.instance != callee.instance;
    // Notes have room for addresses of 32 bits.
    let narrow = caller.ptr_type == PtrType::I32 && callee.ptr_type == PtrType::I32;
    if !(same && is_kind && apart && narrow) || check_of(plan, trampoline).is_some() {
        return None;
    }
    let more = more_than_numbers(ty, (caller, callee))?;
    let call = Call { index, caller, options: *options, callee, lift, more, class: None };
    if !callee.async_ {
        // What is lowered after the core call would have to be told from it.
        return call.more.1.is_none().then_some(call);
    }
    // A `task.return` that names no memory needs none.
    let fits = |this: &&Return| {
        classes.get(this.class as usize - 1).is_some_and(|class| {
            class.result == lift.ty.result.as_ref()
                && class.encoding == callee.string_encoding
                && (class.memory.is_none() || class.memory == callee.memory)
        })
    };
    let own = returns.iter().filter(|this| this.instance == callee.instance).find(fits);
    let class = own.or_else(|| returns.iter().find(fits))?.class;
    Some(Call { class: Some(class), ..call })
}

/// What crosses that is more than numbers; none if there is something that only the host can move.
fn more_than_numbers(
    ty: &FuncType,
    (caller, callee): (&CanonicalOptions, &CanonicalOptions),
) -> Option<(Option<Crossing>, Option<Crossing>)> {
    let numbers = (Plain::of_params(&ty.params).is_some(), Plain::of_result(ty.result.as_ref()).is_some());
    if numbers == (true, true) {
        return Some((None, None));
    }
    let (params, result) = crossing(ty, &mut { MAX_TYPES })?;
    let as_they_are = [caller, callee].iter().all(|options| options.string_encoding == StringEncoding::Utf8);
    let moves = |crossing: &Crossing| crossing.handles.is_empty() && (!crossing.strings || as_they_are);
    let both = moves(&params) && moves(&result);
    both.then(|| ((!numbers.0).then_some(params), (!numbers.1).then_some(result)))
}
