//! What the code of a component's core modules says, as far as it is needed again at every start: which trampolines can be
//! reached. Found when the component is compiled, and kept with its code.

use super::{LiftIndex, OptionsIndex, Plan, TrampolineIndex};

/// Bytes that it may take.
const MAX_SIZE: usize = 4 << 20;

/// Sets of trampolines that code can reach without leaving its component instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reached {
    /// How many lifted functions there are.
    lifts: usize,
    /// Bytes of a set.
    width: usize,
    /// A bit for each trampoline in a row: of the core function and the callback of each lifted function, then of what else
    /// is called by each of the options.
    bits: Vec<u8>,
}

impl Reached {
    /// What the core modules of `plan` reach, of components with these `bytes`; none if that is too much to find out.
    pub(crate) fn of(plan: &Plan, bytes: &[u8]) -> Option<Reached> {
        if plan.lifts.is_empty() || size(plan) > MAX_SIZE {
            return None;
        }
        super::reach::reach(plan, bytes)
    }

    pub(super) fn nothing(plan: &Plan) -> Reached {
        Reached { lifts: plan.lifts.len(), width: width(plan), bits: vec![0; size(plan)] }
    }

    /// Notes that the set `number` has a trampoline.
    pub(super) fn add(&mut self, number: usize, trampoline: usize) -> Option<()> {
        *self.bits.get_mut(number * self.width + trampoline / 8)? |= 1 << (trampoline % 8);
        Some(())
    }

    fn set(&self, number: usize) -> impl Iterator<Item = TrampolineIndex> {
        let first = number.saturating_mul(self.width);
        let bytes = self.bits.get(first..first.saturating_add(self.width)).unwrap_or_default();
        let bits = |(at, byte): (usize, &u8)| {
            let byte = *byte;
            (0..8).filter(move |bit| byte >> bit & 1 == 1).map(move |bit| at * 8 + bit)
        };
        bytes.iter().enumerate().filter(|(_, byte)| **byte != 0).flat_map(bits).map(|at| TrampolineIndex(at as u32))
    }

    /// Whether the core function or the callback of a lifted function reaches a trampoline.
    pub(super) fn has(&self, LiftIndex(lift): LiftIndex, trampoline: usize) -> bool {
        let byte = self.bits.get((lift as usize).saturating_mul(self.width).saturating_add(trampoline / 8));
        byte.is_none_or(|byte| byte >> (trampoline % 8) & 1 == 1)
    }

    /// What the core function and the callback of a lifted function reach.
    pub(crate) fn by_lift(&self, index: LiftIndex) -> impl Iterator<Item = TrampolineIndex> {
        self.set(index.at())
    }

    /// What `realloc` and `post-return` of these options reach.
    pub(crate) fn by_options(&self, index: OptionsIndex) -> impl Iterator<Item = TrampolineIndex> {
        self.set(self.lifts + index.at())
    }

    /// As bytes, for [`read`](Self::read); they are some.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bits
    }

    /// What [`bytes`](Self::bytes) of such a plan were made of; none if they are of another.
    pub(crate) fn read(plan: &Plan, bytes: &[u8]) -> Option<Reached> {
        let (width, count) = (width(plan), plan.trampolines.len());
        // No set has more than there is.
        let used = count - 8 * (width - 1).min(count / 8);
        let whole = |set: &[u8]| set.last().is_some_and(|last| u16::from(*last) >> used == 0);
        let fits = bytes.len() == size(plan) && bytes.chunks(width).all(whole);
        fits.then(|| Reached { lifts: plan.lifts.len(), width, bits: bytes.to_vec() })
    }
}

/// Bytes of a set; one that is empty has one.
fn width(plan: &Plan) -> usize {
    plan.trampolines.len().div_ceil(8).max(1)
}

fn size(plan: &Plan) -> usize {
    plan.lifts.len().saturating_add(plan.options.len()).saturating_mul(width(plan))
}
