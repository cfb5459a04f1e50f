//! The core type of each built-in. Spec: `flatten_functype`, and the signatures in "Canonical Definitions".

use crate::plan::{Canon, Kind, Lift, Plan, Trampoline};
use crate::types::{FlatType, FuncType, MAX_FLAT_ASYNC_PARAMS, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, ValType};

use FlatType::{I32, I64};

pub(crate) type Signature = (Vec<FlatType>, Option<FlatType>);

/// The core parameters and the core result of a trampoline.
pub(crate) fn signature(trampoline: &Trampoline, plan: &Plan) -> Signature {
    let i32s = |n: usize, result: bool| (vec![I32; n], result.then_some(I32));
    match &trampoline.canon {
        Canon::Lower { ty, options, .. } => {
            lowered(ty, plan.options.get(options.at()).is_some_and(|options| options.async_))
        }
        Canon::TaskReturn { result, .. } => (flat_params(result.iter(), MAX_FLAT_PARAMS), None),
        Canon::ContextGet { i64, .. } => (vec![], Some(if *i64 { I64 } else { I32 })),
        Canon::ContextSet { i64, .. } => (vec![if *i64 { I64 } else { I32 }], None),
        Canon::New { .. } => (vec![], Some(I64)),
        Canon::Copy { kind: Kind::Stream, .. } => i32s(3, true),
        Canon::Copy { kind: Kind::Future, .. } => i32s(2, true),
        Canon::CancelCopy { .. } | Canon::SubtaskCancel { .. } => i32s(1, true),
        Canon::ResourceNew { .. } | Canon::ResourceRep { .. } => i32s(1, true),
        Canon::ResourceDrop { .. } | Canon::DropEnd { .. } | Canon::SubtaskDrop => i32s(1, false),
        Canon::WaitableSetDrop | Canon::ThreadResumeLater | Canon::ErrorContextDrop => i32s(1, false),
        Canon::TaskCancel | Canon::BackpressureInc | Canon::BackpressureDec => i32s(0, false),
        Canon::WaitableSetNew | Canon::ThreadYield { .. } | Canon::ThreadIndex | Canon::ThreadSuspend { .. } => {
            i32s(0, true)
        }
        Canon::WaitableSetWait { .. } | Canon::WaitableSetPoll { .. } => i32s(2, true),
        Canon::ThreadNewIndirect { .. } | Canon::ErrorContextNew { .. } => i32s(2, true),
        Canon::WaitableJoin | Canon::ErrorContextDebugMessage { .. } | Canon::Forward { .. } => i32s(2, false),
        Canon::ThreadSuspendThenResume { .. }
        | Canon::ThreadYieldThenResume { .. }
        | Canon::ThreadSuspendThenPromote { .. }
        | Canon::ThreadYieldThenPromote { .. } => i32s(1, true),
    }
}

fn flat_params<'a>(types: impl Iterator<Item = &'a ValType>, max: usize) -> Vec<FlatType> {
    let mut flat = Vec::new();
    for ty in types {
        match &ty.layout().flat {
            Some(one) => flat.extend_from_slice(one),
            None => return vec![I32],
        }
    }
    if flat.len() > max { vec![I32] } else { flat }
}

/// Spec: `flatten_functype(opts, ft, 'lower')`.
fn lowered(ty: &FuncType, async_: bool) -> Signature {
    let max = if async_ { MAX_FLAT_ASYNC_PARAMS } else { MAX_FLAT_PARAMS };
    let mut params = flat_params(ty.params.elements.iter().map(|element| &element.ty), max);
    let results = ty.result.as_ref().map(|result| result.layout().flat.as_deref());
    if async_ {
        if results.is_some() {
            params.push(I32);
        }
        return (params, Some(I32));
    }
    match results {
        None => (params, None),
        Some(Some(flat)) if flat.len() <= MAX_FLAT_RESULTS => (params, flat.first().copied()),
        Some(_) => {
            params.push(I32);
            (params, None)
        }
    }
}

/// Spec: `flatten_functype(opts, ft, 'lift')`.
pub(super) fn lifted(lift: &Lift, plan: &Plan) -> Signature {
    let params = flat_params(lift.ty.params.elements.iter().map(|element| &element.ty), MAX_FLAT_PARAMS);
    let options = plan.options.get(lift.options.at());
    let (async_, callback) = options.map_or((false, false), |options| (options.async_, options.callback.is_some()));
    let result = match (async_, &lift.ty.result) {
        (true, _) => callback.then_some(I32),
        (false, None) => None,
        (false, Some(result)) => match &result.layout().flat {
            Some(flat) if flat.len() <= MAX_FLAT_RESULTS => flat.first().copied(),
            _ => Some(I32),
        },
    };
    (params, result)
}
