//! What adapter modules import, and the names by which they say so.
//!
//! A compiled adapter is matched with its imports by these names alone, so code from a cache needs no second look at
//! the plan.

use wasm_encoder::{EntityType, GlobalType, ImportSection, MemoryType, TypeSection, ValType};

use crate::Result;
use crate::error::bug;
use crate::plan::{FuncIndex, InstanceIndex, LiftIndex, MemoryIndex, TrampolineIndex};
use crate::types::{FlatType, PtrType, ResourceIndex};

/// One import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Import {
    /// A memory of the plan.
    Memory(MemoryIndex),
    /// The flags of a component instance, to be looked at.
    Flags(InstanceIndex),
    /// The same, to be changed.
    ChangedFlags(InstanceIndex),
    /// A core function of the plan.
    Func(FuncIndex),
    /// Ends the call with a trap, given by its number.
    Trap,
    /// Traps unless a range of the memory is UTF-8.
    CheckUtf8(MemoryIndex),
    /// Converts code units from one memory into another.
    Convert(MemoryIndex, MemoryIndex),
    /// Makes Latin-1 of UTF-16 in place.
    Narrow(MemoryIndex),
    /// Moves an owned handle from table to table.
    Own(InstanceIndex, InstanceIndex, ResourceIndex),
    /// Lends a handle to another table.
    Borrow(InstanceIndex, InstanceIndex, ResourceIndex),
    /// Lends a handle to the instance that defined the resource, which gets its representation.
    Lend(InstanceIndex, ResourceIndex),
    /// Gives the representation of a handle's resource.
    Rep(InstanceIndex, ResourceIndex),
    /// A call begins that counts what is borrowed.
    BeginBorrows,
    /// The callee of such a call has returned.
    EndBorrows,
    /// Gives the running thread empty thread-local storage. Spec: `Thread.storage`.
    EnterStorage,
    /// Gives the thread its former storage back.
    LeaveStorage,
    /// The memory in which calls are noted.
    Board,
    /// What goes the plain way for a trampoline.
    Plain(TrampolineIndex),
    /// What ends the call of a trampoline whose core call has returned.
    End(TrampolineIndex),
    /// The call whose note the host has carried out has its result, which is given if it is flat.
    Returned,
    /// An allocator of an instance runs from now on.
    EnterLeaf(InstanceIndex),
    /// It has run.
    LeaveLeaf(InstanceIndex),
    /// The callee's code runs from now on, a lifted function that may ask for its task.
    EnterTask(LiftIndex),
    /// It has run.
    LeaveTask,
}

impl Import {
    /// Its two names.
    fn names(self) -> (&'static str, String) {
        match self {
            Import::Memory(index) => ("memory", index.0.to_string()),
            Import::Flags(index) => ("flags", index.0.to_string()),
            Import::ChangedFlags(index) => ("changed-flags", index.0.to_string()),
            Import::Func(index) => ("func", index.0.to_string()),
            Import::CheckUtf8(index) => ("check-utf8", index.0.to_string()),
            Import::Convert(from, to) => ("convert", format!("{} {}", from.0, to.0)),
            Import::Narrow(index) => ("narrow", index.0.to_string()),
            Import::Own(from, to, resource) => ("own", format!("{} {} {}", from.0, to.0, resource.0)),
            Import::Borrow(from, to, resource) => ("borrow", format!("{} {} {}", from.0, to.0, resource.0)),
            Import::Lend(from, resource) => ("lend", format!("{} {}", from.0, resource.0)),
            Import::Rep(from, resource) => ("rep", format!("{} {}", from.0, resource.0)),
            Import::BeginBorrows => ("rt", "begin-borrows".into()),
            Import::EndBorrows => ("rt", "end-borrows".into()),
            Import::Trap => ("rt", "trap".into()),
            Import::EnterStorage => ("rt", "enter-storage".into()),
            Import::LeaveStorage => ("rt", "leave-storage".into()),
            Import::Board => ("rt", "board".into()),
            Import::Plain(index) => ("plain", index.0.to_string()),
            Import::End(index) => ("end", index.0.to_string()),
            Import::Returned => ("rt", "returned".into()),
            Import::EnterLeaf(index) => ("enter-leaf", index.0.to_string()),
            Import::LeaveLeaf(index) => ("leave-leaf", index.0.to_string()),
            Import::EnterTask(lift) => ("enter-task", lift.0.to_string()),
            Import::LeaveTask => ("rt", "leave-task".into()),
        }
    }

    /// The import of these names.
    pub(super) fn named(module: &str, field: &str) -> Result<Import> {
        let unknown = || bug!("an adapter imports `{field}` from `{module}`");
        let numbers: Vec<u32> = field.split(' ').filter_map(|number| number.parse().ok()).collect();
        Ok(match (module, field, numbers.as_slice()) {
            ("rt", "trap", []) => Import::Trap,
            ("rt", "enter-storage", []) => Import::EnterStorage,
            ("rt", "leave-storage", []) => Import::LeaveStorage,
            ("rt", "leave-task", []) => Import::LeaveTask,
            ("enter-task", _, &[lift]) => Import::EnterTask(LiftIndex(lift)),
            ("rt", "begin-borrows", []) => Import::BeginBorrows,
            ("rt", "end-borrows", []) => Import::EndBorrows,
            ("rt", "board", []) => Import::Board,
            ("rt", "returned", []) => Import::Returned,
            ("enter-leaf", _, &[index]) => Import::EnterLeaf(InstanceIndex(index)),
            ("leave-leaf", _, &[index]) => Import::LeaveLeaf(InstanceIndex(index)),
            ("plain", _, &[index]) => Import::Plain(TrampolineIndex(index)),
            ("end", _, &[index]) => Import::End(TrampolineIndex(index)),
            ("memory", _, &[index]) => Import::Memory(MemoryIndex(index)),
            ("flags", _, &[index]) => Import::Flags(InstanceIndex(index)),
            ("changed-flags", _, &[index]) => Import::ChangedFlags(InstanceIndex(index)),
            ("func", _, &[index]) => Import::Func(FuncIndex(index)),
            ("check-utf8", _, &[index]) => Import::CheckUtf8(MemoryIndex(index)),
            ("narrow", _, &[index]) => Import::Narrow(MemoryIndex(index)),
            ("convert", _, &[from, to]) => Import::Convert(MemoryIndex(from), MemoryIndex(to)),
            ("own", _, &[from, to, resource]) => {
                Import::Own(InstanceIndex(from), InstanceIndex(to), ResourceIndex(resource))
            }
            ("borrow", _, &[from, to, resource]) => {
                Import::Borrow(InstanceIndex(from), InstanceIndex(to), ResourceIndex(resource))
            }
            ("lend", _, &[from, resource]) => Import::Lend(InstanceIndex(from), ResourceIndex(resource)),
            ("rep", _, &[from, resource]) => Import::Rep(InstanceIndex(from), ResourceIndex(resource)),
            _ => return Err(unknown()),
        })
    }
}

/// The core value type of a flat type.
pub(super) fn val_type(ty: FlatType) -> ValType {
    match ty {
        FlatType::I32 => ValType::I32,
        FlatType::I64 => ValType::I64,
        FlatType::F32 => ValType::F32,
        FlatType::F64 => ValType::F64,
    }
}

/// A core function type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CoreType {
    /// Its parameters.
    pub(super) params: Vec<FlatType>,
    /// Its result.
    pub(super) result: Option<FlatType>,
}

/// The types and imports of a module that is being written.
#[derive(Default)]
pub(super) struct Imports {
    types: Vec<(Vec<FlatType>, Vec<FlatType>)>,
    memories: Vec<(Import, PtrType)>,
    globals: Vec<Import>,
    funcs: Vec<(Import, u32)>,
}

fn place<T: PartialEq>(all: &mut Vec<T>, import: T) -> u32 {
    let found = all.iter().position(|other| *other == import);
    found.unwrap_or_else(|| {
        all.push(import);
        all.len() - 1
    }) as u32
}

impl Imports {
    /// The number of a function type.
    pub(super) fn ty(&mut self, ty: CoreType) -> u32 {
        self.type_of(ty.params, ty.result.into_iter().collect())
    }

    /// The number of a function type that may have several results.
    pub(super) fn type_of(&mut self, params: Vec<FlatType>, results: Vec<FlatType>) -> u32 {
        let ty = (params, results);
        let found = self.types.iter().position(|other| *other == ty);
        found.unwrap_or_else(|| {
            self.types.push(ty);
            self.types.len() - 1
        }) as u32
    }

    /// The number of a memory.
    pub(super) fn memory(&mut self, index: MemoryIndex, ptr: PtrType) -> u32 {
        place(&mut self.memories, (Import::Memory(index), ptr))
    }

    /// The number of a memory that is not the plan's.
    pub(super) fn memory_of(&mut self, import: Import) -> u32 {
        place(&mut self.memories, (import, PtrType::I32))
    }

    /// The number of the global that holds an instance's flags, which are `changed` or not.
    pub(super) fn flags(&mut self, index: InstanceIndex, changed: bool) -> u32 {
        place(&mut self.globals, if changed { Import::ChangedFlags(index) } else { Import::Flags(index) })
    }

    /// The number of a function.
    pub(super) fn func(&mut self, import: Import, params: &[FlatType], result: Option<FlatType>) -> u32 {
        let ty = self.ty(CoreType { params: params.into(), result });
        let found = self.funcs.iter().position(|other| *other == (import, ty));
        found.unwrap_or_else(|| {
            self.funcs.push((import, ty));
            self.funcs.len() - 1
        }) as u32
    }

    /// How many functions are imported.
    pub(super) fn func_count(&self) -> u32 {
        self.funcs.len() as u32
    }

    /// The sections.
    pub(super) fn sections(&self) -> (TypeSection, ImportSection) {
        let (mut types, mut imports) = (TypeSection::new(), ImportSection::new());
        for (params, results) in &self.types {
            types.ty().function(params.iter().copied().map(val_type), results.iter().copied().map(val_type));
        }
        let memory = |ptr| {
            let memory64 = ptr == PtrType::I64;
            EntityType::Memory(MemoryType { minimum: 0, maximum: None, memory64, shared: false, page_size_log2: None })
        };
        let global = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
        let memories = self.memories.iter().map(|(import, ptr)| (*import, memory(*ptr)));
        let globals = self.globals.iter().map(|import| (*import, EntityType::Global(global)));
        let funcs = self.funcs.iter().map(|(import, ty)| (*import, EntityType::Function(*ty)));
        for (import, ty) in memories.chain(globals).chain(funcs) {
            let (module, field) = import.names();
            imports.import(module, &field, ty);
        }
        (types, imports)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_which_import() {
        let all = [
            Import::Memory(MemoryIndex(3)),
            Import::Flags(InstanceIndex(1)),
            Import::ChangedFlags(InstanceIndex(2)),
            Import::Func(FuncIndex(20)),
            Import::CheckUtf8(MemoryIndex(0)),
            Import::Convert(MemoryIndex(4), MemoryIndex(15)),
            Import::Narrow(MemoryIndex(2)),
            Import::Own(InstanceIndex(1), InstanceIndex(2), ResourceIndex(3)),
            Import::Borrow(InstanceIndex(10), InstanceIndex(2), ResourceIndex(0)),
            Import::Lend(InstanceIndex(1), ResourceIndex(7)),
            Import::Rep(InstanceIndex(1), ResourceIndex(7)),
            Import::BeginBorrows,
            Import::EndBorrows,
            Import::Trap,
            Import::EnterStorage,
            Import::LeaveStorage,
            Import::Board,
            Import::Plain(TrampolineIndex(4)),
            Import::End(TrampolineIndex(5)),
            Import::Returned,
            Import::EnterLeaf(InstanceIndex(3)),
            Import::LeaveLeaf(InstanceIndex(4)),
            Import::EnterTask(LiftIndex(12)),
            Import::LeaveTask,
        ];
        for import in all {
            let (module, field) = import.names();
            assert_eq!(Import::named(module, &field).unwrap(), import);
        }
        assert!(Import::named("memory", "x").is_err());
        assert!(Import::named("convert", "1").is_err());
        assert!(Import::named("env", "trap").is_err());
    }
}
