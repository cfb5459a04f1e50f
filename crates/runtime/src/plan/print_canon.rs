//! Built-ins as text, by the names of the standard.

use std::fmt::{self, Display, Formatter};

use super::print::{cut, if_long, type_name};
use super::{Canon, End, FuncDef, Kind, Plan};
use crate::types::{PtrType, ValType};

/// A built-in with the plan that its numbers refer to.
pub(super) struct InPlan<'a> {
    canon: &'a Canon,
    plan: &'a Plan,
}

impl Canon {
    pub(super) fn in_plan<'a>(&'a self, plan: &'a Plan) -> InPlan<'a> {
        InPlan { canon: self, plan }
    }

    /// The name of the standard, such as `waitable-set.new`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Canon::Lower { .. } => "lower",
            Canon::ResourceNew { .. } => "resource.new",
            Canon::ResourceDrop { .. } => "resource.drop",
            Canon::ResourceRep { .. } => "resource.rep",
            Canon::TaskReturn { .. } => "task.return",
            Canon::TaskCancel => "task.cancel",
            Canon::ContextGet { .. } => "context.get",
            Canon::ContextSet { .. } => "context.set",
            Canon::BackpressureInc => "backpressure.inc",
            Canon::BackpressureDec => "backpressure.dec",
            Canon::SubtaskCancel { .. } => "subtask.cancel",
            Canon::SubtaskDrop => "subtask.drop",
            Canon::WaitableSetNew => "waitable-set.new",
            Canon::WaitableSetWait { .. } => "waitable-set.wait",
            Canon::WaitableSetPoll { .. } => "waitable-set.poll",
            Canon::WaitableSetDrop => "waitable-set.drop",
            Canon::WaitableJoin => "waitable.join",
            Canon::ThreadYield { .. } => "thread.yield",
            Canon::ThreadIndex => "thread.index",
            Canon::ThreadNewIndirect { .. } => "thread.new-indirect",
            Canon::ThreadResumeLater => "thread.resume-later",
            Canon::ThreadSuspend { .. } => "thread.suspend",
            Canon::ThreadSuspendThenResume { .. } => "thread.suspend-then-resume",
            Canon::ThreadYieldThenResume { .. } => "thread.yield-then-resume",
            Canon::ThreadSuspendThenPromote { .. } => "thread.suspend-then-promote",
            Canon::ThreadYieldThenPromote { .. } => "thread.yield-then-promote",
            Canon::ErrorContextNew { .. } => "error-context.new",
            Canon::ErrorContextDebugMessage { .. } => "error-context.debug-message",
            Canon::ErrorContextDrop => "error-context.drop",
            Canon::New { kind, .. } => of(*kind, ["stream.new", "future.new"]),
            Canon::Copy { kind, end: End::Readable, .. } => of(*kind, ["stream.read", "future.read"]),
            Canon::Copy { kind, end: End::Writable, .. } => of(*kind, ["stream.write", "future.write"]),
            Canon::CancelCopy { kind, end, .. } => match end {
                End::Readable => of(*kind, ["stream.cancel-read", "future.cancel-read"]),
                End::Writable => of(*kind, ["stream.cancel-write", "future.cancel-write"]),
            },
            Canon::Forward { kind, .. } => of(*kind, ["stream.forward", "future.forward"]),
            Canon::DropEnd { kind, end, .. } => match end {
                End::Readable => of(*kind, ["stream.drop-readable", "future.drop-readable"]),
                End::Writable => of(*kind, ["stream.drop-writable", "future.drop-writable"]),
            },
        }
    }
}

fn of(kind: Kind, [stream, future]: [&'static str; 2]) -> &'static str {
    match kind {
        Kind::Stream => stream,
        Kind::Future => future,
    }
}

impl Display for InPlan<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.canon.name())?;
        match self.canon {
            Canon::Lower { callee, ty, options } => {
                write!(f, " {callee} {} options {}: {}", callee_name(self.plan, *callee), options.0, type_name(ty))
            }
            Canon::ResourceNew { resource, .. }
            | Canon::ResourceDrop { resource }
            | Canon::ResourceRep { resource, .. } => {
                write!(f, " resource {}", resource.0)
            }
            Canon::TaskReturn { result, options } => {
                payload(f, result.as_ref())?;
                write!(f, " options {}", options.0)
            }
            Canon::ContextGet { slot, i64 } | Canon::ContextSet { slot, i64 } => {
                write!(f, " {} {slot}", if *i64 { "i64" } else { "i32" })
            }
            Canon::SubtaskCancel { async_ } => flag(f, *async_, "async"),
            Canon::WaitableSetWait { memory, ptr, cancellable }
            | Canon::WaitableSetPoll { memory, ptr, cancellable } => {
                flag(f, *cancellable, "cancellable")?;
                write!(f, " memory {}{}", memory.0, if_long(*ptr))
            }
            Canon::ThreadYield { cancellable }
            | Canon::ThreadSuspend { cancellable }
            | Canon::ThreadSuspendThenResume { cancellable }
            | Canon::ThreadYieldThenResume { cancellable }
            | Canon::ThreadSuspendThenPromote { cancellable }
            | Canon::ThreadYieldThenPromote { cancellable } => flag(f, *cancellable, "cancellable"),
            Canon::New { payload: ty, .. }
            | Canon::DropEnd { payload: ty, .. }
            | Canon::Forward { payload: ty, .. } => payload(f, ty.as_ref()),
            Canon::Copy { payload: ty, options, .. } => {
                payload(f, ty.as_ref())?;
                write!(f, " options {}", options.0)
            }
            Canon::CancelCopy { payload: ty, async_, .. } => {
                payload(f, ty.as_ref())?;
                flag(f, *async_, "async")
            }
            Canon::ThreadNewIndirect { table, index, context } => {
                write!(f, " table {}{}", table.0, if_long(*index))?;
                if *context == PtrType::I64 { f.write_str(" context i64") } else { Ok(()) }
            }
            Canon::ErrorContextNew { options } | Canon::ErrorContextDebugMessage { options } => {
                write!(f, " options {}", options.0)
            }
            _ => Ok(()),
        }
    }
}

fn payload(f: &mut Formatter<'_>, ty: Option<&ValType>) -> fmt::Result {
    ty.map_or(Ok(()), |ty| write!(f, " {}", cut(ty.to_string())))
}

fn flag(f: &mut Formatter<'_>, on: bool, word: &str) -> fmt::Result {
    if on { write!(f, " {word}") } else { Ok(()) }
}

fn callee_name(plan: &Plan, callee: FuncDef) -> String {
    match callee {
        FuncDef::Lift(index) => plan.lifts.get(index.at()).map(|lift| lift.name.clone()),
        FuncDef::Imported(index) => plan.imported_funcs.get(index.at()).map(|func| {
            if func.interface.is_empty() { func.name.clone() } else { format!("{}#{}", func.interface, func.name) }
        }),
    }
    .unwrap_or_default()
}
