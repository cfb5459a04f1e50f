//! Which calls have an adapter: decided from the plan alone, as if no function of the host suspended its caller. Whether
//! an adapter is taken is decided once the imports are known: a call that can wait after all goes the plain way.
//!
//! What is excluded goes the plain way: calls that can wait; streams, futures and error contexts; callees whose instance
//! has built-ins that ask for the current task, for an adapter makes none; and types of unreasonable size.

use crate::canon::check_of;
use crate::plan::{
    Blocking, Canon, CanonicalOptions, FuncDef, InstanceIndex, Lift, OptionsIndex, Plan, TrampolineIndex,
};
use crate::types::{FuncType, ValType};

/// Types within one function, each counted as often as code is written for it.
const MAX_TYPES: usize = 1_000;
/// Types within all adapters of a component, and these adapters.
const MAX_TYPES_TOGETHER: usize = 20_000;
/// Bytes of one value in memory, what it points to not counted.
const MAX_SIZE: u32 = 1 << 28;

/// What is asked about a plan.
pub(super) struct Supports<'p> {
    plan: &'p Plan,
    blocking: Blocking,
    /// For each component instance, whether its code may ask for the current task.
    asks_for_task: Vec<bool>,
    /// For each component instance, whether its code may use thread-local storage.
    uses_storage: Vec<bool>,
    types_left: usize,
}

/// A call that has an adapter.
pub(super) struct Adapted<'p> {
    /// Who calls.
    pub(super) caller: &'p CanonicalOptions,
    /// The number of these options.
    pub(super) options: OptionsIndex,
    /// The function that is called.
    pub(super) lift: &'p Lift,
    /// Its options.
    pub(super) callee: &'p CanonicalOptions,
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
    /// Looks at `plan`.
    pub(super) fn new(plan: &'p Plan) -> Self {
        let mut asks_for_task = vec![false; plan.instances.len()];
        let mut uses_storage = vec![false; plan.instances.len()];
        for trampoline in &plan.trampolines {
            let instances = match trampoline.canon {
                Canon::ContextGet { .. } | Canon::ContextSet { .. } => &mut uses_storage,
                ref canon if asks_for_task_or_thread(canon) || check_of(plan, trampoline).is_some() => {
                    &mut asks_for_task
                }
                _ => continue,
            };
            if let Some(uses) = instances.get_mut(trampoline.instance.at()) {
                *uses = true;
            }
        }
        Supports {
            plan,
            blocking: Blocking::linked(plan, |_| false),
            asks_for_task,
            uses_storage,
            types_left: MAX_TYPES_TOGETHER,
        }
    }

    /// Whether code of `instance` may use thread-local storage.
    pub(super) fn uses_storage(&self, instance: InstanceIndex) -> bool {
        self.uses_storage.get(instance.at()).copied().unwrap_or(true)
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
        let lift = self.plan.lifts.get(lift.at())?;
        let callee = self.options(lift.options)?;
        let waits = blocks || ty.async_ || lift.ty.async_ || caller.async_ || callee.async_;
        // Within one instance an allocation could change what is being read.
        let alone = caller.instance == callee.instance;
        if waits || alone || self.asks_for_task.get(callee.instance.at()).copied().unwrap_or(true) {
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
        Some(Adapted { caller, options: *options, lift, callee, crossing: found })
    }
}

fn asks_for_task_or_thread(canon: &Canon) -> bool {
    matches!(
        canon,
        Canon::TaskReturn { .. }
            | Canon::TaskCancel
            | Canon::WaitableSetWait { .. }
            | Canon::WaitableSetPoll { .. }
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
fn crossing(ty: &FuncType, left: &mut usize) -> Option<(Crossing, Crossing)> {
    let (mut params, mut result) = (Crossing::default(), Crossing::default());
    for element in &ty.params.elements {
        params.add(&element.ty, left)?;
    }
    if let Some(ty) = &ty.result {
        result.add(ty, left)?;
    }
    (ty.params.layout.size < MAX_SIZE).then_some((params, result))
}

impl Crossing {
    /// Looks at a type; nothing when it is not supported or `left` types are not enough.
    fn add(&mut self, ty: &ValType, left: &mut usize) -> Option<()> {
        *left = left.checked_sub(1)?;
        if ty.size() >= MAX_SIZE {
            return None;
        }
        let mut part = |ty: &ValType| self.add(ty, left);
        match ty {
            ValType::String => self.strings = true,
            ValType::List(list) => {
                // A list of a fixed length may be among core values, element after element.
                let copies = list.length.filter(|_| list.layout.flat.is_some()).unwrap_or(1);
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
