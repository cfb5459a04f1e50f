//! Slots for core memories, functions and tables: one for each definition, filled when it is first needed.

use std::collections::HashMap;

use super::Builder;
use super::item::CoreItem;
use crate::Result;
use crate::error::bug;
use crate::plan::{CanonicalOptions, CoreDef, FuncIndex, MemoryIndex, OptionsIndex, Step, TableIndex};
use crate::types::PtrType;

/// The slots that there are, by what fills them.
#[derive(Debug, Default)]
pub(super) struct Slots {
    memories: HashMap<CoreDef, MemoryIndex>,
    memory_types: Vec<PtrType>,
    funcs: HashMap<CoreDef, FuncIndex>,
    tables: HashMap<CoreDef, TableIndex>,
    options: HashMap<CanonicalOptions, OptionsIndex>,
}

impl Slots {
    /// The memories, and how many functions and tables.
    pub fn counts(&mut self) -> Result<(Vec<PtrType>, u32, u32)> {
        Ok((std::mem::take(&mut self.memory_types), count(self.funcs.len())?, count(self.tables.len())?))
    }
}

fn count(count: usize) -> Result<u32> {
    u32::try_from(count).map_err(|_| bug!("{count} slots"))
}

impl<'d> Builder<'d> {
    pub fn memory_slot(&mut self, item: CoreItem<'d>, ptr: PtrType) -> Result<MemoryIndex> {
        let def = self.core_def(item)?;
        if let Some(slot) = self.slots.memories.get(&def) {
            return Ok(*slot);
        }
        let slot = MemoryIndex(count(self.slots.memories.len())?);
        self.slots.memories.insert(def.clone(), slot);
        self.slots.memory_types.push(ptr);
        self.step(Step::ExtractMemory(slot, def))?;
        Ok(slot)
    }

    pub fn func_slot(&mut self, item: CoreItem<'d>) -> Result<FuncIndex> {
        let def = self.core_def(item)?;
        if let Some(slot) = self.slots.funcs.get(&def) {
            return Ok(*slot);
        }
        let slot = FuncIndex(count(self.slots.funcs.len())?);
        self.slots.funcs.insert(def.clone(), slot);
        self.step(Step::ExtractFunc(slot, def))?;
        Ok(slot)
    }

    pub fn table_slot(&mut self, item: CoreItem<'d>) -> Result<TableIndex> {
        let def = self.core_def(item)?;
        if let Some(slot) = self.slots.tables.get(&def) {
            return Ok(*slot);
        }
        let slot = TableIndex(count(self.slots.tables.len())?);
        self.slots.tables.insert(def.clone(), slot);
        self.step(Step::ExtractTable(slot, def))?;
        Ok(slot)
    }

    pub fn options_slot(&mut self, options: CanonicalOptions) -> Result<OptionsIndex> {
        if let Some(slot) = self.slots.options.get(&options) {
            return Ok(*slot);
        }
        let slot = OptionsIndex(self.budget.entry(self.plan.options.len(), "canonical options")?);
        self.plan.options.push(options.clone());
        self.slots.options.insert(options, slot);
        Ok(slot)
    }
}
