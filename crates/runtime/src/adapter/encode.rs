//! The adapter modules of a plan.
//!
//! A module holds the adapters that are needed first by the same step of instantiating: everything that they import
//! exists then, for a plan names nothing before it is made.

use std::collections::HashSet;

use wasm_encoder::{CodeSection, ExportKind, ExportSection, FunctionSection, Module, NameMap, NameSection};

use super::call::{Call, lifted, trap_import};
use super::import::{CoreType, Import, Imports};
use super::place::Side;
use super::supports::{Adapted, Supports};
use super::utf8::check_utf8;
use crate::Result;
use crate::canon::signature;
use crate::error::bug;
use crate::plan::{CanonicalOptions, CoreDef, MemoryIndex, Plan, Step, TrampolineIndex};
use crate::types::FlatType;

/// The adapter modules of `plan`, in the order in which they are needed.
pub(crate) fn encode_adapters(plan: &Plan) -> Result<Vec<Vec<u8>>> {
    let mut supports = Supports::new(plan);
    let mut seen = HashSet::new();
    let mut modules = Vec::new();
    for step in &plan.steps {
        let defs = match step {
            Step::Instantiate { args, .. } => args.as_slice(),
            Step::ExtractMemory(_, def) | Step::ExtractFunc(_, def) | Step::ExtractTable(_, def) => {
                std::slice::from_ref(def)
            }
        };
        let mut calls = Vec::new();
        for def in defs {
            if let CoreDef::Trampoline(index) = def
                && seen.insert(*index)
                && let Some(adapted) = supports.adapted(*index)
            {
                calls.push((*index, adapted));
            }
        }
        if !calls.is_empty() {
            modules.push(
                Writer { plan, supports: &supports, imports: Imports::default(), checks: Vec::new() }.module(&calls)?,
            );
        }
    }
    Ok(modules)
}

/// A module that is being written.
struct Writer<'w, 'p> {
    plan: &'p Plan,
    supports: &'w Supports<'p>,
    imports: Imports,
    /// Memories in which strings are checked.
    checks: Vec<MemoryIndex>,
}

impl<'p> Writer<'_, 'p> {
    fn module(mut self, calls: &[(TrampolineIndex, Adapted<'p>)]) -> Result<Vec<u8>> {
        let trap = trap_import(&mut self.imports);
        let mut prepared =
            calls.iter().map(|(index, adapted)| self.call(*index, adapted)).collect::<Result<Vec<_>>>()?;
        let (mut functions, mut exports, mut code) = (FunctionSection::new(), ExportSection::new(), CodeSection::new());
        let check = CoreType { params: vec![FlatType::I32; 2], result: None };
        let checks = self.checks.clone();
        let hosts: Vec<u32> =
            checks.iter().map(|&memory| self.imports.func(Import::CheckUtf8(memory), &check.params, None)).collect();
        // Functions that are defined here come after those that are imported, of which there are no more from here on.
        let first = self.imports.func_count();
        for (memory, host) in checks.iter().zip(hosts) {
            functions.function(self.imports.ty(check.clone()));
            code.function(&check_utf8(self.imports.memory(*memory), host, trap).finish());
        }
        let first_adapter = first + checks.len() as u32;
        let mut names = NameMap::new();
        for (i, ((index, adapted), call)) in (first_adapter..).zip(calls.iter().zip(&mut prepared)) {
            for side in [&mut call.caller, &mut call.callee] {
                side.check_utf8 = side.check_utf8.map(|check| first + check);
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

    fn call(&mut self, index: TrampolineIndex, adapted: &Adapted<'p>) -> Result<Call> {
        let Adapted { caller, lift, callee, strings } = adapted;
        let trampoline = self.plan.trampolines.get(index.at()).ok_or_else(|| bug!("no trampoline {}", index.0))?;
        let (params, result) = signature(trampoline, self.plan);
        let lifted = lifted(&lift.ty);
        let func = self.imports.func(Import::Func(lift.callee), &lifted.params, lifted.result);
        let post_return =
            callee.post_return.map(|func| self.imports.func(Import::Func(func), lifted.result.as_slice(), None));
        Ok(Call {
            ty: lift.ty.clone(),
            signature: CoreType { params, result },
            caller: self.side(caller, strings.0),
            callee: self.side(callee, strings.1),
            func,
            post_return,
        })
    }

    /// `strings`: whether strings are lifted out of it. Their check has a number among such checks for the moment.
    fn side(&mut self, options: &CanonicalOptions, strings: bool) -> Side {
        let check_utf8 = options.memory.filter(|_| strings).map(|memory| {
            let found = self.checks.iter().position(|other| *other == memory);
            found.unwrap_or_else(|| {
                self.checks.push(memory);
                self.checks.len() - 1
            }) as u32
        });
        let realloc = options.realloc;
        let storage = self.supports.uses_storage(options.instance);
        Side {
            memory: options.memory.map(|memory| self.imports.memory(memory)),
            realloc: realloc
                .map(|func| self.imports.func(Import::Func(func), &[FlatType::I32; 4], Some(FlatType::I32))),
            flags: self.imports.flags(options.instance),
            storage: storage.then(|| {
                let enter = self.imports.func(Import::EnterStorage, &[], None);
                (enter, self.imports.func(Import::LeaveStorage, &[], None))
            }),
            check_utf8,
        }
    }
}
