//! Canonical definitions: lifted functions, and the core functions that become trampolines when they are used.
//!
//! Spec: Binary.md, "Canonical Definitions".

use wasmparser::{CanonicalFunction as Function, CanonicalOption};

use super::Builder;
use super::export::unnamed;
use super::item::{CoreItem, FuncItem, Item, TypeItem};
use super::scope::{ScopeIndex, at};
use crate::Result;
use crate::error::bug;
use crate::plan::{
    Canon, End, FuncDef, Kind, Lift, LiftIndex, PlannedResource, TableIndex, Trampoline, TrampolineIndex,
};
use crate::types::{PtrType, ResourceIndex, ValType};

/// A core function made by a canonical definition.
#[derive(Debug)]
pub(super) struct CanonItem<'d> {
    function: &'d Function,
    cancellable: bool,
    scope: ScopeIndex,
    /// Its place in the plan, once it is in use.
    trampoline: Option<TrampolineIndex>,
}

impl<'d> Builder<'d> {
    pub fn define_canon(&mut self, scope: ScopeIndex, function: &'d Function, cancellable: bool) -> Result<()> {
        if let Function::Lift { core_func_index, type_index, options } = function {
            return self.lift(scope, *core_func_index, *type_index, options);
        }
        if let Some(options) = options_of(function) {
            self.use_option_funcs(scope, options)?;
        }
        self.canons.push(CanonItem { function, cancellable, scope, trampoline: None });
        let item = CoreItem::Canon(self.canons.len() - 1);
        self.scope_mut(scope)?.core.funcs.push(item);
        Ok(())
    }

    fn lift(&mut self, scope: ScopeIndex, callee: u32, ty: u32, options: &[CanonicalOption]) -> Result<()> {
        let current = self.scope(scope)?;
        let TypeItem::Func(ty) = current.ty(ty)? else { return Err(bug!("type {ty} is not a function type")) };
        let ty = ty.clone();
        let callee = current.core_func(callee)?;
        let callee = self.func_slot(callee)?;
        let options = self.options(scope, options)?;
        let number = self.budget.entry(self.plan.lifts.len(), "lifted functions")?;
        let name = unnamed("func", self.plan.lifts.len());
        self.plan.lifts.push(Lift { callee, ty: ty.clone(), options, name });
        self.push(scope, Item::Func(FuncItem { def: FuncDef::Lift(LiftIndex(number)), ty }))
    }

    /// The trampoline of a canonical definition, made when it is first used.
    pub fn trampoline(&mut self, number: usize) -> Result<TrampolineIndex> {
        let item = self.canons.get(number).ok_or_else(|| bug!("canonical definition {number}"))?;
        if let Some(index) = item.trampoline {
            return Ok(index);
        }
        let (function, cancellable, scope) = (item.function, item.cancellable, item.scope);
        let canon = self.canon(scope, function, cancellable)?;
        let instance = self.scope(scope)?.instance;
        let index = TrampolineIndex(self.budget.entry(self.plan.trampolines.len(), "trampolines")?);
        self.plan.trampolines.push(Trampoline { instance, canon });
        if let Some(item) = self.canons.get_mut(number) {
            item.trampoline = Some(index);
        }
        Ok(index)
    }

    fn canon(&mut self, scope: ScopeIndex, function: &Function, cancellable: bool) -> Result<Canon> {
        Ok(match function {
            Function::Lift { .. } => return Err(bug!("a lift is no core function")),
            Function::Lower { func_index, options } => {
                let FuncItem { def, ty } = at(&self.scope(scope)?.funcs, *func_index, "function")?.clone();
                Canon::Lower { callee: def, ty, options: self.options(scope, options)? }
            }
            Function::ResourceNew { resource } => {
                let resource = self.scope(scope)?.resource(*resource)?;
                Canon::ResourceNew { resource, rep: self.rep_type(resource) }
            }
            Function::ResourceDrop { resource } => {
                Canon::ResourceDrop { resource: self.scope(scope)?.resource(*resource)? }
            }
            Function::ResourceRep { resource } => {
                let resource = self.scope(scope)?.resource(*resource)?;
                Canon::ResourceRep { resource, rep: self.rep_type(resource) }
            }
            Function::TaskReturn { result, options } => Canon::TaskReturn {
                result: self.optional_type(scope, *result)?,
                options: self.options(scope, options)?,
            },
            Function::TaskCancel => Canon::TaskCancel,
            Function::ContextGet { ty, slot } => {
                Canon::ContextGet { slot: *slot, i64: *ty == wasmparser::ValType::I64 }
            }
            Function::ContextSet { ty, slot } => {
                Canon::ContextSet { slot: *slot, i64: *ty == wasmparser::ValType::I64 }
            }
            Function::BackpressureInc => Canon::BackpressureInc,
            Function::BackpressureDec => Canon::BackpressureDec,
            Function::SubtaskCancel { async_ } => Canon::SubtaskCancel { async_: *async_ },
            Function::SubtaskDrop => Canon::SubtaskDrop,
            Function::WaitableSetNew => Canon::WaitableSetNew,
            Function::WaitableSetWait { memory } => {
                let (memory, ptr) = self.option_memory(scope, *memory)?;
                Canon::WaitableSetWait { memory, ptr, cancellable }
            }
            Function::WaitableSetPoll { memory } => {
                let (memory, ptr) = self.option_memory(scope, *memory)?;
                Canon::WaitableSetPoll { memory, ptr, cancellable }
            }
            Function::WaitableSetDrop => Canon::WaitableSetDrop,
            Function::WaitableJoin => Canon::WaitableJoin,
            Function::ErrorContextNew { options } => Canon::ErrorContextNew { options: self.options(scope, options)? },
            Function::ErrorContextDebugMessage { options } => {
                Canon::ErrorContextDebugMessage { options: self.options(scope, options)? }
            }
            Function::ErrorContextDrop => Canon::ErrorContextDrop,
            _ => match self.thread_canon(scope, function, cancellable)? {
                Some(canon) => canon,
                None => self.copy_canon(scope, function)?,
            },
        })
    }

    fn thread_canon(&mut self, scope: ScopeIndex, function: &Function, cancellable: bool) -> Result<Option<Canon>> {
        Ok(Some(match function {
            Function::ThreadYield => Canon::ThreadYield { cancellable },
            Function::ThreadIndex => Canon::ThreadIndex,
            Function::ThreadNewIndirect { func_ty_index, table_index } => {
                let (table, index) = self.option_table(scope, *table_index)?;
                let context = at(&self.scope(scope)?.core_types, *func_ty_index, "core type")?
                    .ok_or_else(|| bug!("core type {func_ty_index} is not that of a thread's function"))?;
                Canon::ThreadNewIndirect { table, index, context }
            }
            Function::ThreadResumeLater => Canon::ThreadResumeLater,
            Function::ThreadSuspend => Canon::ThreadSuspend { cancellable },
            Function::ThreadSuspendThenResume => Canon::ThreadSuspendThenResume { cancellable },
            Function::ThreadYieldThenResume => Canon::ThreadYieldThenResume { cancellable },
            Function::ThreadSuspendThenPromote => Canon::ThreadSuspendThenPromote { cancellable },
            Function::ThreadYieldThenPromote => Canon::ThreadYieldThenPromote { cancellable },
            _ => return Ok(None),
        }))
    }

    /// The type of a resource's representations.
    fn rep_type(&self, resource: ResourceIndex) -> PtrType {
        match self.plan.resources.get(resource.0 as usize) {
            Some(PlannedResource::Defined { rep, .. }) => *rep,
            _ => PtrType::I32,
        }
    }

    fn option_table(&mut self, scope: ScopeIndex, index: u32) -> Result<(TableIndex, PtrType)> {
        let table = *at(&self.scope(scope)?.core.tables, index, "core table")?;
        let ptr = self.ptr_type(table)?;
        Ok((self.table_slot(table)?, ptr))
    }

    fn copy_canon(&mut self, scope: ScopeIndex, function: &Function) -> Result<Canon> {
        use End::{Readable, Writable};
        use Kind::{Future, Stream};
        match function {
            Function::StreamNew { ty } => self.new_canon(scope, Stream, *ty),
            Function::FutureNew { ty } => self.new_canon(scope, Future, *ty),
            Function::StreamRead { ty, options } => self.copy(scope, (Stream, Readable), *ty, options),
            Function::StreamWrite { ty, options } => self.copy(scope, (Stream, Writable), *ty, options),
            Function::FutureRead { ty, options } => self.copy(scope, (Future, Readable), *ty, options),
            Function::FutureWrite { ty, options } => self.copy(scope, (Future, Writable), *ty, options),
            Function::StreamCancelRead { ty, async_ } => self.cancel_copy(scope, (Stream, Readable), *ty, *async_),
            Function::StreamCancelWrite { ty, async_ } => self.cancel_copy(scope, (Stream, Writable), *ty, *async_),
            Function::FutureCancelRead { ty, async_ } => self.cancel_copy(scope, (Future, Readable), *ty, *async_),
            Function::FutureCancelWrite { ty, async_ } => self.cancel_copy(scope, (Future, Writable), *ty, *async_),
            Function::StreamDropReadable { ty } => self.drop_end(scope, (Stream, Readable), *ty),
            Function::StreamDropWritable { ty } => self.drop_end(scope, (Stream, Writable), *ty),
            Function::FutureDropReadable { ty } => self.drop_end(scope, (Future, Readable), *ty),
            Function::FutureDropWritable { ty } => self.drop_end(scope, (Future, Writable), *ty),
            Function::StreamForward { ty } => self.forward(scope, Stream, *ty),
            Function::FutureForward { ty } => self.forward(scope, Future, *ty),
            _ => Err(bug!("a built-in behind a closed gate got past the validator: {function:?}")),
        }
    }

    fn new_canon(&mut self, scope: ScopeIndex, kind: Kind, ty: u32) -> Result<Canon> {
        Ok(Canon::New { kind, payload: self.payload(scope, kind, ty)? })
    }

    fn copy(
        &mut self,
        scope: ScopeIndex,
        (kind, end): (Kind, End),
        ty: u32,
        options: &[CanonicalOption],
    ) -> Result<Canon> {
        let payload = self.payload(scope, kind, ty)?;
        let options = self.options(scope, options)?;
        let ptr = self.plan.options.get(options.at()).map_or(PtrType::I32, |options| options.ptr_type);
        Ok(Canon::Copy { kind, end, payload, options, ptr })
    }

    fn cancel_copy(&mut self, scope: ScopeIndex, (kind, end): (Kind, End), ty: u32, async_: bool) -> Result<Canon> {
        Ok(Canon::CancelCopy { kind, end, payload: self.payload(scope, kind, ty)?, async_ })
    }

    fn drop_end(&mut self, scope: ScopeIndex, (kind, end): (Kind, End), ty: u32) -> Result<Canon> {
        Ok(Canon::DropEnd { kind, end, payload: self.payload(scope, kind, ty)? })
    }

    fn forward(&mut self, scope: ScopeIndex, kind: Kind, ty: u32) -> Result<Canon> {
        Ok(Canon::Forward { kind, payload: self.payload(scope, kind, ty)? })
    }

    fn payload(&self, scope: ScopeIndex, kind: Kind, ty: u32) -> Result<Option<ValType>> {
        match (kind, self.scope(scope)?.ty(ty)?) {
            (Kind::Stream, TypeItem::Value(ValType::Stream(ty))) => Ok(ty.payload.clone()),
            (Kind::Future, TypeItem::Value(ValType::Future(ty))) => Ok(ty.payload.clone()),
            _ => Err(bug!("type {ty} is not a {kind:?}")),
        }
    }
}

/// The options of a core function, as far as they can refer to functions.
fn options_of(function: &Function) -> Option<&[CanonicalOption]> {
    match function {
        Function::Lower { options, .. }
        | Function::TaskReturn { options, .. }
        | Function::StreamRead { options, .. }
        | Function::StreamWrite { options, .. }
        | Function::FutureRead { options, .. }
        | Function::FutureWrite { options, .. }
        | Function::ErrorContextNew { options }
        | Function::ErrorContextDebugMessage { options } => Some(options),
        _ => None,
    }
}
