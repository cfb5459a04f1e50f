//! Bounds on a plan: a small component can instantiate nested ones exponentially.

use crate::types::{PtrType, TupleType};
use crate::{Error, ErrorKind, Result};

/// Component instances of a plan.
const MAX_INSTANCES: usize = 10_000;
/// How deep component instances are nested.
const MAX_INSTANCE_DEPTH: usize = 100;
/// Steps, trampolines, lifts, resources and imported functions of a plan, each.
const MAX_ENTRIES: usize = 100_000;
/// Definitions that planning goes through, counted again for each instantiation; long ones count more than once.
const MAX_WORK: usize = 2_000_000;
/// So many bytes of names cost as much as one definition.
const BYTES_PER_WORK: usize = 32;

/// What planning has used up.
#[derive(Debug, Default)]
pub(super) struct Budget {
    work: usize,
    depth: usize,
}

impl Budget {
    /// Counts `amount` definitions.
    pub fn work(&mut self, amount: usize) -> Result<()> {
        self.work = self.work.saturating_add(amount);
        if self.work > MAX_WORK { Err(exceeded("definitions to go through", MAX_WORK)) } else { Ok(()) }
    }

    /// Counts a name that is copied.
    pub fn name(&mut self, name: &str) -> Result<()> {
        self.work(1 + name.len() / BYTES_PER_WORK)
    }

    /// The number of the next component instance.
    pub fn instance(&self, count: usize) -> Result<u32> {
        number(count, MAX_INSTANCES, "component instances")
    }

    /// The number of the next of the plan's `what`.
    pub fn entry(&self, count: usize, what: &str) -> Result<u32> {
        number(count, MAX_ENTRIES, what)
    }

    /// Checks that the parameters of a function have places in memory, however large addresses are. Each of them is
    /// smaller than 2^28 bytes by the standard; together they may be larger than any memory.
    pub fn params(&self, params: &TupleType) -> Result<()> {
        match params.layout.of(PtrType::I64).size {
            // Sums stop there, and are rounded down to an alignment.
            0xffff_fff8.. => Err(exceeded("bytes for the parameters of a function", u32::MAX as usize)),
            _ => Ok(()),
        }
    }

    /// Goes into a component instance.
    pub fn enter(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > MAX_INSTANCE_DEPTH {
            return Err(exceeded("levels of nested component instances", MAX_INSTANCE_DEPTH));
        }
        Ok(())
    }

    /// Leaves it.
    pub fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }
}

fn number(count: usize, limit: usize, what: &str) -> Result<u32> {
    match u32::try_from(count) {
        Ok(number) if count < limit => Ok(number),
        _ => Err(exceeded(what, limit)),
    }
}

fn exceeded(what: &str, limit: usize) -> Error {
    Error::new(ErrorKind::Limit, format!("the component is too large to plan: more than {limit} {what}"))
}
