//! Which calls have an adapter: decided when a component is compiled, as if no function of the host suspended its caller.
//! Whether an adapter is taken is decided once the imports are known: a call that can wait after all goes the plain way.
//!
//! What is excluded goes the plain way: calls that can wait; streams, futures and error contexts; and types of unreasonable
//! size. An adapter makes no task, but for a callee whose code reaches a built-in that asks for it an entry of which
//! one can be made. Whose code reaches what is told by functions, or by component instances where the code was not
//! looked at.

use crate::canon::check_of;
use crate::plan::{
    Blocking, Canon, CanonicalOptions, FuncDef, InstanceIndex, Lift, LiftIndex, OptionsIndex, Plan, Reached,
    Trampoline, TrampolineIndex,
};
use crate::types::{FuncType, PtrType, ValType};

/// Types within one function, each counted as often as code is written for it.
const MAX_TYPES: usize = 1_000;
/// Types within all adapters of a component, and these adapters.
const MAX_TYPES_TOGETHER: usize = 20_000;
/// Bytes of one value in a memory with addresses of 64 bits, what it points to not counted.
const MAX_SIZE: u32 = 1 << 28;

/// What is asked about a plan.
pub(super) struct Supports<'p> {
    plan: &'p Plan,
    blocking: Blocking,
    /// For each lifted function, whether its code may ask for the current task.
    asks_for_task: Vec<bool>,
    /// For each lifted function, whether its code may use thread-local storage.
    uses_storage: Vec<bool>,
    /// For each of the options, whether what they name may use it.
    options_use_storage: Vec<bool>,
    types_left: usize,
}

/// A call that has an adapter.
pub(super) struct Adapted<'p> {
    /// Who calls.
    pub(super) caller: &'p CanonicalOptions,
    /// The number of these options.
    pub(super) options: OptionsIndex,
    /// The number of the function that is called.
    pub(super) number: LiftIndex,
    /// The function.
    pub(super) lift: &'p Lift,
    /// Its options.
    pub(super) callee: &'p CanonicalOptions,
    /// Whether it may ask for its task.
    pub(super) asks: bool,
    /// What crosses, from the caller and back.
    pub(super) crossing: (Crossing, Crossing),
}

/// What crosses that is more than bytes.
#[derive(Default)]
pub(super) struct Crossing {
    /// Whether there are strings.
    pub(super) strings: bool,
    /// Types of handles, each once.
    pub(super) handles: Vec<ValType>,
}

impl<'p> Supports<'p> {
    /// Looks at `plan`, whose code reaches what was `reached`.
    pub(super) fn new(plan: &'p Plan, reached: Option<&Reached>) -> Self {
        let reaches = Reaches { plan, reached };
        let asks = |trampoline: &Trampoline| {
            asks_for_task_or_thread(&trampoline.canon) || check_of(plan, trampoline).is_some()
        };
        let (asks_for_task, _) = reaches.one_that(asks);
        let storage =
            |trampoline: &Trampoline| matches!(trampoline.canon, Canon::ContextGet { .. } | Canon::ContextSet { .. });
        let (uses_storage, options_use_storage) = reaches.one_that(storage);
        Supports {
            plan,
            blocking: Blocking::by_function(plan, reached, |_| false),
            asks_for_task,
            uses_storage,
            options_use_storage,
            types_left: MAX_TYPES_TOGETHER,
        }
    }

    /// Whether a lifted function may use thread-local storage, its callback included.
    pub(super) fn uses_storage(&self, lift: LiftIndex) -> bool {
        self.uses_storage.get(lift.at()).copied().unwrap_or(true)
    }

    /// Whether `realloc` or `post-return` of these options may.
    pub(super) fn options_use_storage(&self, options: OptionsIndex) -> bool {
        self.options_use_storage.get(options.at()).copied().unwrap_or(true)
    }

    fn options(&self, index: OptionsIndex) -> Option<&'p CanonicalOptions> {
        self.plan.options.get(index.at())
    }

    /// The call that trampoline `index` makes, if it has an adapter.
    pub(super) fn adapted(&mut self, index: TrampolineIndex) -> Option<Adapted<'p>> {
        let Canon::Lower { callee: FuncDef::Lift(lift), ty, options } = &self.plan.trampolines.get(index.at())?.canon
        else {
            return None;
        };
        if check_of(self.plan, self.plan.trampolines.get(index.at())?).is_some() {
            return None;
        }
        let caller = self.options(*options)?;
        let blocks = self.blocking.trampoline(index) || self.blocking.lift(*lift);
        let asks = self.asks_for_task.get(lift.at()).copied().unwrap_or(true);
        let number = *lift;
        let lift = self.plan.lifts.get(lift.at())?;
        let callee = self.options(lift.options)?;
        let waits = blocks || ty.async_ || lift.ty.async_ || caller.async_ || callee.async_;
        // Within one instance an allocation could change what is being read.
        let alone = caller.instance == callee.instance;
        if waits || alone {
            return None;
        }
        let mut left = MAX_TYPES.min(self.types_left.checked_sub(1)?);
        let before = left;
        let found = crossing(ty, &mut left)?;
        crossing(&lift.ty, &mut left)?;
        if ty.params != lift.ty.params || ty.result != lift.ty.result {
            return None;
        }
        self.types_left -= 1 + before - left;
        Some(Adapted { caller, options: *options, number, lift, callee, asks, crossing: found })
    }
}

/// What code of a plan reaches.
struct Reaches<'p> {
    plan: &'p Plan,
    reached: Option<&'p Reached>,
}

impl Reaches<'_> {
    /// For each lifted function, and for each of the options, whether it reaches a trampoline that is `such` a one.
    fn one_that(&self, such: impl Fn(&Trampoline) -> bool) -> (Vec<bool>, Vec<bool>) {
        let Reaches { plan, reached } = *self;
        let all: Vec<bool> = plan.trampolines.iter().map(such).collect();
        let Some(reached) = reached.filter(|_| all.contains(&true)) else { return self.one_in_instance(&all) };
        let is_such = |index: TrampolineIndex| all.get(index.at()).copied().unwrap_or(true);
        let lifts = (0..plan.lifts.len() as u32).map(|lift| reached.by_lift(LiftIndex(lift)).any(is_such));
        let options = (0..plan.options.len() as u32).map(|at| reached.by_options(OptionsIndex(at)).any(is_such));
        (lifts.collect(), options.collect())
    }

    /// The same, if the code was not looked at: whether the component instance has such a trampoline.
    fn one_in_instance(&self, all: &[bool]) -> (Vec<bool>, Vec<bool>) {
        let plan = self.plan;
        let mut instances = vec![false; plan.instances.len()];
        for (trampoline, _) in plan.trampolines.iter().zip(all).filter(|(_, such)| **such) {
            if let Some(has) = instances.get_mut(trampoline.instance.at()) {
                *has = true;
            }
        }
        let has = |instance: InstanceIndex| instances.get(instance.at()).copied().unwrap_or(true);
        let options: Vec<bool> = plan.options.iter().map(|options| has(options.instance)).collect();
        let lift = |lift: &Lift| options.get(lift.options.at()).copied().unwrap_or(true);
        (plan.lifts.iter().map(lift).collect(), options)
    }
}

fn asks_for_task_or_thread(canon: &Canon) -> bool {
    matches!(
        canon,
        Canon::TaskReturn { .. }
            | Canon::TaskCancel
            | Canon::WaitableSetWait { .. }
            | Canon::WaitableSetPoll { cancellable: true, .. }
            | Canon::ThreadYield { .. }
            | Canon::ThreadIndex
            | Canon::ThreadNewIndirect { .. }
            | Canon::ThreadResumeLater
            | Canon::ThreadSuspend { .. }
            | Canon::ThreadSuspendThenResume { .. }
            | Canon::ThreadYieldThenResume { .. }
            | Canon::ThreadSuspendThenPromote { .. }
            | Canon::ThreadYieldThenPromote { .. }
    )
}

/// What crosses, in the parameters and in the result; nothing when a type is not supported.
pub(super) fn crossing(ty: &FuncType, left: &mut usize) -> Option<(Crossing, Crossing)> {
    let (mut params, mut result) = (Crossing::default(), Crossing::default());
    for element in &ty.params.elements {
        params.add(&element.ty, left)?;
    }
    if let Some(ty) = &ty.result {
        result.add(ty, left)?;
    }
    (ty.params.layout.of(PtrType::I64).size < MAX_SIZE).then_some((params, result))
}

impl Crossing {
    /// Looks at a type; nothing when it is not supported or `left` types are not enough.
    fn add(&mut self, ty: &ValType, left: &mut usize) -> Option<()> {
        *left = left.checked_sub(1)?;
        if ty.size(PtrType::I64) >= MAX_SIZE {
            return None;
        }
        let mut part = |ty: &ValType| self.add(ty, left);
        match ty {
            ValType::String => self.strings = true,
            ValType::List(list) => {
                // A list of a fixed length may be among core values, element after element.
                let copies = list.length.filter(|_| list.layout.of(PtrType::I64).flat.is_some()).unwrap_or(1);
                (0..copies).try_for_each(|_| part(&list.element))?;
            }
            ValType::Map(map) => map.entry.elements.iter().try_for_each(|element| part(&element.ty))?,
            ValType::Record(record) => record.fields.iter().try_for_each(|field| part(&field.ty))?,
            ValType::Tuple(tuple) => tuple.elements.iter().try_for_each(|element| part(&element.ty))?,
            ValType::Option(option) => part(&option.some)?,
            ValType::Result(result) => result.ok.iter().chain(&result.err).try_for_each(part)?,
            ValType::Variant(variant) => {
                variant.cases.iter().filter_map(|case| case.ty.as_ref()).try_for_each(part)?;
            }
            ValType::Own(_) | ValType::Borrow(_) if self.handles.contains(ty) => {}
            ValType::Own(_) | ValType::Borrow(_) => self.handles.push(ty.clone()),
            ValType::Stream(_) | ValType::Future(_) | ValType::ErrorContext => return None,
            _ => {}
        }
        Some(())
    }
}
