//! The adapter modules of a plan.
//!
//! A module holds the adapters that are needed first by the same step of instantiating: everything that they import
//! exists then, for a plan names nothing before it is made.

use std::collections::HashSet;

use wasm_encoder::{CodeSection, ExportKind, ExportSection, FunctionSection, Module, NameMap, NameSection};

use super::call::{Call, lifted, trap_import};
use super::code::Code;
use super::convert::{PARAMS as CONVERT_PARAMS, RANGE};
use super::import::{CoreType, Import, Imports};
use super::leaf::Leaf;
use super::place::Side;
use super::string::is_copied;
use super::supports::{Adapted, Crossing, Supports};
use super::transcode::Transcoder;
use super::utf8::check_utf8;
use crate::Result;
use crate::canon::signature;
use crate::error::bug;
use crate::plan::{
    CanonicalOptions, CoreDef, InstanceIndex, LiftIndex, MemoryIndex, OptionsIndex, Plan, PlannedResource, Reached,
    TrampolineIndex,
};
use crate::types::{FlatType, PtrType, ResourceIndex, ValType};

/// The adapter modules of `plan`, whose code reaches what was `reached`, in the order in which they are needed.
pub(crate) fn encode_adapters(plan: &Plan, reached: Option<&Reached>) -> Result<Vec<Vec<u8>>> {
    let mut supports = Supports::new(plan, reached);
    let mut seen = HashSet::new();
    let mut modules = Vec::new();
    for step in &plan.steps {
        let mut calls = Vec::new();
        for def in step.defs() {
            if let CoreDef::Trampoline(index) = def
                && seen.insert(*index)
                && let Some(adapted) = supports.adapted(*index)
            {
                calls.push((*index, adapted));
            }
        }
        if !calls.is_empty() {
            modules.push(
                Writer { plan, supports: &supports, imports: Imports::default(), helpers: Vec::new() }
                    .module(&calls)?,
            );
        }
    }
    Ok(modules)
}

/// The trampolines of `plan` that have an adapter.
pub(crate) fn adapted_calls(plan: &Plan, reached: Option<&Reached>) -> Vec<TrampolineIndex> {
    let mut supports = Supports::new(plan, reached);
    let mut seen = HashSet::new();
    let named = plan.steps.iter().flat_map(|step| step.defs()).filter_map(|def| match def {
        CoreDef::Trampoline(index) => Some(*index),
        CoreDef::Export { .. } => None,
    });
    named.filter(|index| seen.insert(*index) && supports.adapted(*index).is_some()).collect()
}

/// A module that is being written.
struct Writer<'w, 'p> {
    plan: &'p Plan,
    supports: &'w Supports<'p>,
    imports: Imports,
    /// What is needed to move strings.
    helpers: Vec<Helper>,
}

/// A function that several adapters call, by the plan's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Helper {
    /// Checks that a string in a memory is UTF-8.
    CheckUtf8(MemoryIndex),
    /// Moves a string from memory to memory.
    Transcode(OptionsIndex, OptionsIndex),
}

impl<'p> Writer<'_, 'p> {
    fn module(mut self, calls: &[(TrampolineIndex, Adapted<'p>)]) -> Result<Vec<u8>> {
        let trap = trap_import(&mut self.imports);
        let mut prepared =
            calls.iter().map(|(index, adapted)| self.call(*index, adapted)).collect::<Result<Vec<_>>>()?;
        let (mut functions, mut exports, mut code) = (FunctionSection::new(), ExportSection::new(), CodeSection::new());
        let helpers = self.helpers.clone();
        let helpers =
            helpers.into_iter().map(|helper| self.helper(helper, trap)).collect::<Result<Vec<(u32, Code)>>>()?;
        // Functions that are defined here come after those that are imported, of which there are no more from here on.
        let first = self.imports.func_count();
        let first_adapter = first + helpers.len() as u32;
        for (ty, helper) in helpers {
            functions.function(ty);
            code.function(&helper.finish());
        }
        let mut names = NameMap::new();
        for (i, ((index, adapted), call)) in (first_adapter..).zip(calls.iter().zip(&mut prepared)) {
            for strings in [&mut call.strings.0, &mut call.strings.1] {
                *strings = strings.map(|helper| first + helper);
            }
            functions.function(self.imports.ty(call.signature.clone()));
            exports.export(&index.0.to_string(), ExportKind::Func, i);
            code.function(&call.encode(trap)?);
            names.append(i, &adapted.lift.name);
        }
        let (types, imports) = self.imports.sections();
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions).section(&exports).section(&code);
        // For backtraces.
        let mut section = NameSection::new();
        section.module("adapter");
        section.functions(&names);
        module.section(&section);
        Ok(module.finish())
    }

    /// The type and the code of a helper.
    fn helper(&mut self, helper: Helper, trap: u32) -> Result<(u32, Code)> {
        let range = |ptr: PtrType| vec![ptr.flat(), FlatType::I32];
        match helper {
            Helper::CheckUtf8(index) => {
                let host = self.imports.func(Import::CheckUtf8(index), &RANGE, None);
                let ptr = self.plan.memories.get(index.at()).copied().unwrap_or_default();
                let check = check_utf8((self.imports.memory(index, ptr), ptr), host, trap);
                Ok((self.imports.type_of(range(ptr), Vec::new()), check))
            }
            Helper::Transcode(from, to) => {
                let (source, target) = (self.options(from)?.memory, self.options(to)?.memory);
                let (Some(source), Some(target)) = (source, target) else {
                    return Err(bug!("strings without a memory"));
                };
                let convert = self.imports.func(Import::Convert(source, target), &CONVERT_PARAMS, Some(FlatType::I64));
                let narrow = self.imports.func(Import::Narrow(target), &RANGE, None);
                let transcoder = Transcoder { from: self.side(from)?, to: self.side(to)?, convert, narrow };
                let ty = self.imports.type_of(range(transcoder.from.ptr), range(transcoder.to.ptr));
                Ok((ty, transcoder.encode(trap)?))
            }
        }
    }

    fn call(&mut self, index: TrampolineIndex, adapted: &Adapted<'p>) -> Result<Call> {
        let Adapted { caller, lift, callee, crossing: (there_crossing, back_crossing), .. } = adapted;
        let trampoline = self.plan.trampolines.get(index.at()).ok_or_else(|| bug!("no trampoline {}", index.0))?;
        let (params, result) = signature(trampoline, self.plan);
        let lifted = lifted(&lift.ty, callee.ptr_type);
        let func = self.imports.func(Import::Func(lift.callee), &lifted.params, lifted.result);
        let post_return =
            callee.post_return.map(|func| self.imports.func(Import::Func(func), lifted.result.as_slice(), None));
        let (caller_side, callee_side) = (self.side(adapted.options)?, self.side(lift.options)?);
        let storage = callee_side.storage.is_some() || self.supports.uses_storage(adapted.number);
        let thread = match adapted.asks {
            true => Some(self.task(adapted.number)),
            false => storage.then(|| self.storage()),
        };
        let (there, back) = ((adapted.options, lift.options), (lift.options, adapted.options));
        let counted = self.counts_borrows(there_crossing, callee.instance);
        Ok(Call {
            ty: lift.ty.clone(),
            signature: CoreType { params, result },
            strings: (
                self.strings(there_crossing.strings, (&caller_side, &callee_side), there),
                self.strings(back_crossing.strings, (&callee_side, &caller_side), back),
            ),
            handles: (
                self.handles(there_crossing, (caller.instance, callee.instance), counted),
                self.handles(back_crossing, (callee.instance, caller.instance), counted),
            ),
            borrows: counted.then(|| {
                let begin = self.imports.func(Import::BeginBorrows, &[], None);
                (begin, self.imports.func(Import::EndBorrows, &[], None))
            }),
            caller: caller_side,
            callee: callee_side,
            func,
            post_return,
            thread,
        })
    }

    /// What moves strings, if there are `any`: its number among the helpers, for the moment.
    fn strings(
        &mut self,
        any: bool,
        (from, to): (&Side, &Side),
        (source, target): (OptionsIndex, OptionsIndex),
    ) -> Option<u32> {
        let memory = self.plan.options.get(source.at())?.memory.filter(|_| any)?;
        let helper = if is_copied(from, to) { Helper::CheckUtf8(memory) } else { Helper::Transcode(source, target) };
        let found = self.helpers.iter().position(|other| *other == helper);
        let number = found.unwrap_or_else(|| {
            self.helpers.push(helper);
            self.helpers.len() - 1
        });
        Some(number as u32)
    }

    /// Whether a call must count what it borrows: someone else than the definer gets a handle, or what is lent could be
    /// given away in the same call.
    fn counts_borrows(&self, params: &Crossing, callee: InstanceIndex) -> bool {
        let borrows = params.handles.iter().filter_map(|ty| match ty {
            ValType::Borrow(resource) => Some(*resource),
            _ => None,
        });
        let owns = params.handles.iter().any(|ty| matches!(ty, ValType::Own(_)));
        borrows.into_iter().any(|resource| owns || !self.defines(callee, resource))
    }

    fn defines(&self, instance: InstanceIndex, resource: ResourceIndex) -> bool {
        let planned = self.plan.resources.get(resource.0 as usize);
        matches!(planned, Some(PlannedResource::Defined { instance: definer, .. }) if *definer == instance)
    }

    /// What moves handles of each type.
    fn handles(
        &mut self,
        crossing: &Crossing,
        (from, to): (InstanceIndex, InstanceIndex),
        counted: bool,
    ) -> Vec<(ValType, u32)> {
        let mut handles = Vec::new();
        for ty in &crossing.handles {
            let import = match *ty {
                ValType::Own(resource) => Import::Own(from, to, resource),
                ValType::Borrow(resource) if !self.defines(to, resource) => Import::Borrow(from, to, resource),
                ValType::Borrow(resource) if counted => Import::Lend(from, resource),
                ValType::Borrow(resource) => Import::Rep(from, resource),
                _ => continue,
            };
            handles.push((ty.clone(), self.imports.func(import, &[FlatType::I32], Some(FlatType::I32))));
        }
        handles
    }

    fn options(&self, index: OptionsIndex) -> Result<&'p CanonicalOptions> {
        self.plan.options.get(index.at()).ok_or_else(|| bug!("no options {}", index.0))
    }

    fn side(&mut self, index: OptionsIndex) -> Result<Side> {
        let options = self.options(index)?;
        Ok(Side {
            ptr: options.ptr_type,
            memory: options.memory.map(|memory| self.imports.memory(memory, options.ptr_type)),
            realloc: options.realloc.map(|func| {
                self.imports.func(Import::Func(func), &[options.ptr_type.flat(); 4], Some(options.ptr_type.flat()))
            }),
            flags: self.imports.flags(options.instance, options.realloc.is_some() || options.post_return.is_some()),
            storage: self.supports.options_use_storage(index).then(|| self.storage()),
            leaf: Leaf::Told,
            encoding: options.string_encoding,
        })
    }

    /// What gives code empty thread-local storage, and takes that back.
    fn storage(&mut self) -> (u32, u32) {
        let enter = self.imports.func(Import::EnterStorage, &[], None);
        (enter, self.imports.func(Import::LeaveStorage, &[], None))
    }

    /// What makes an entry of the call of a lifted function, and takes it away.
    fn task(&mut self, lift: LiftIndex) -> (u32, u32) {
        let enter = self.imports.func(Import::EnterTask(lift), &[], None);
        (enter, self.imports.func(Import::LeaveTask, &[], None))
    }
}
