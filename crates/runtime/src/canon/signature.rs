//! The core type of each built-in. Spec: `flatten_functype`, and the signatures in "Canonical Definitions".

use crate::plan::{Canon, Kind, Lift, OptionsIndex, Plan, Trampoline};
use crate::types::{FlatType, FuncType, MAX_FLAT_ASYNC_PARAMS, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, PtrType, ValType};

use FlatType::{I32, I64};

pub(crate) type Signature = (Vec<FlatType>, Option<FlatType>);

/// The core parameters and the core result of a trampoline.
pub(crate) fn signature(trampoline: &Trampoline, plan: &Plan) -> Signature {
    let i32s = |n: usize, result: bool| (vec![I32; n], result.then_some(I32));
    match &trampoline.canon {
        Canon::Lower { ty, options, .. } => {
            let (async_, ptr) = of_options(plan, *options);
            lowered(ty, async_, ptr)
        }
        Canon::TaskReturn { result, options } => {
            (flat_params(result.iter(), MAX_FLAT_PARAMS, of_options(plan, *options).1), None)
        }
        Canon::ContextGet { i64, .. } => (vec![], Some(if *i64 { I64 } else { I32 })),
        Canon::ContextSet { i64, .. } => (vec![if *i64 { I64 } else { I32 }], None),
        Canon::New { .. } => (vec![], Some(I64)),
        Canon::Copy { kind: Kind::Stream, ptr, .. } => (vec![I32, ptr.flat(), ptr.flat()], Some(ptr.flat())),
        Canon::Copy { kind: Kind::Future, ptr, .. } => (vec![I32, ptr.flat()], Some(I32)),
        Canon::CancelCopy { .. } | Canon::SubtaskCancel { .. } => i32s(1, true),
        Canon::ResourceNew { rep, .. } => (vec![rep.flat()], Some(I32)),
        Canon::ResourceRep { rep, .. } => (vec![I32], Some(rep.flat())),
        Canon::ResourceDrop { .. } | Canon::DropEnd { .. } | Canon::SubtaskDrop => i32s(1, false),
        Canon::WaitableSetDrop | Canon::ThreadResumeLater | Canon::ErrorContextDrop => i32s(1, false),
        Canon::TaskCancel | Canon::BackpressureInc | Canon::BackpressureDec => i32s(0, false),
        Canon::WaitableSetNew | Canon::ThreadYield { .. } | Canon::ThreadIndex | Canon::ThreadSuspend { .. } => {
            i32s(0, true)
        }
        Canon::WaitableSetWait { ptr, .. } | Canon::WaitableSetPoll { ptr, .. } => (vec![I32, ptr.flat()], Some(I32)),
        Canon::ThreadNewIndirect { index, context, .. } => (vec![index.flat(), context.flat()], Some(I32)),
        Canon::ErrorContextNew { options } => (vec![of_options(plan, *options).1.flat(); 2], Some(I32)),
        Canon::ErrorContextDebugMessage { options } => (vec![I32, of_options(plan, *options).1.flat()], None),
        Canon::WaitableJoin | Canon::Forward { .. } => i32s(2, false),
        Canon::ThreadSuspendThenResume { .. }
        | Canon::ThreadYieldThenResume { .. }
        | Canon::ThreadSuspendThenPromote { .. }
        | Canon::ThreadYieldThenPromote { .. } => i32s(1, true),
    }
}

/// Whether options are `async`, and the type of their memory's addresses.
fn of_options(plan: &Plan, index: OptionsIndex) -> (bool, PtrType) {
    plan.options.get(index.at()).map_or((false, PtrType::I32), |options| (options.async_, options.ptr_type))
}

fn flat_params<'a>(types: impl Iterator<Item = &'a ValType>, max: usize, ptr: PtrType) -> Vec<FlatType> {
    let mut flat = Vec::new();
    for ty in types {
        match &ty.layout(ptr).flat {
            Some(one) => flat.extend_from_slice(one),
            None => return vec![ptr.flat()],
        }
    }
    if flat.len() > max { vec![ptr.flat()] } else { flat }
}

/// Spec: `flatten_functype(opts, ft, 'lower')`.
fn lowered(ty: &FuncType, async_: bool, ptr: PtrType) -> Signature {
    let max = if async_ { MAX_FLAT_ASYNC_PARAMS } else { MAX_FLAT_PARAMS };
    let mut params = flat_params(ty.params.elements.iter().map(|element| &element.ty), max, ptr);
    let results = ty.result.as_ref().map(|result| result.layout(ptr).flat.as_deref());
    if async_ {
        if results.is_some() {
            params.push(ptr.flat());
        }
        return (params, Some(I32));
    }
    match results {
        None => (params, None),
        Some(Some(flat)) if flat.len() <= MAX_FLAT_RESULTS => (params, flat.first().copied()),
        Some(_) => {
            params.push(ptr.flat());
            (params, None)
        }
    }
}

/// Spec: `flatten_functype(opts, ft, 'lift')`.
pub(super) fn lifted(lift: &Lift, plan: &Plan) -> Signature {
    let (async_, ptr) = of_options(plan, lift.options);
    let params = flat_params(lift.ty.params.elements.iter().map(|element| &element.ty), MAX_FLAT_PARAMS, ptr);
    let callback = plan.options.get(lift.options.at()).is_some_and(|options| options.callback.is_some());
    let result = match (async_, &lift.ty.result) {
        (true, _) => callback.then_some(I32),
        (false, None) => None,
        (false, Some(result)) => match &result.layout(ptr).flat {
            Some(flat) if flat.len() <= MAX_FLAT_RESULTS => flat.first().copied(),
            _ => Some(ptr.flat()),
        },
    };
    (params, result)
}
