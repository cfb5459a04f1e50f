//! `realloc` within a call that generated code makes by itself: that it runs is noted, so that whoever asks knows that its
//! instance may not be left and that it is a thread of its own. Spec: `LiftLowerContext.reallocate`.

use wasm_encoder::{BlockType, Instruction};

use super::code::Code;
use super::place::mem_arg;
use crate::instance::MAY_LEAVE;
use crate::task::noted::DEPTH;

/// What is done around a call of `realloc`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Leaf {
    /// Flags are changed, and it gets storage of its own: nothing else says that it runs.
    Told,
    /// It is noted that it runs.
    Noted(NotedLeaf),
    /// Nothing: its code reaches no import, so nobody asks.
    Unseen,
}

/// Where that is noted.
#[derive(Debug, Clone, Copy)]
pub(super) struct NotedLeaf {
    /// The memory with the notes.
    pub(super) board: u32,
    /// The local with the number of notes.
    pub(super) depth: u32,
    /// What is added to it while `realloc` runs.
    pub(super) mark: u32,
    /// What tells the host that it begins and that it is over, when nothing is noted any more.
    pub(super) tells: (u32, u32),
    /// The global with the flags of its instance, which adapters look at.
    pub(super) flags: Option<u32>,
}

impl NotedLeaf {
    /// `realloc` is called next.
    pub(super) fn enter(&self, code: &mut Code) {
        let depth = |code: &mut Code| _ = code.get(self.depth);
        self.change(code, depth, |code| self.marked(code), (0, self.tells.0));
    }

    /// It has returned.
    pub(super) fn leave(&self, code: &mut Code) {
        let depth = |code: &mut Code| _ = code.get(self.depth);
        self.change(code, |code| self.marked(code), depth, (MAY_LEAVE, self.tells.1));
    }

    fn marked(&self, code: &mut Code) {
        code.get(self.depth).i32(self.mark).op(Instruction::I32Or);
    }

    /// What is noted becomes `new` if it is `old`; else the host is told.
    fn change(&self, code: &mut Code, old: impl Fn(&mut Code), new: impl Fn(&mut Code), (flags, tells): (u32, u32)) {
        let depth = mem_arg(self.board, DEPTH, 4);
        code.i32(0).op(Instruction::I32Load(depth));
        old(code);
        code.op(Instruction::I32Eq).op(Instruction::If(BlockType::Empty)).i32(0);
        new(code);
        code.op(Instruction::I32Store(depth));
        if let Some(global) = self.flags {
            code.set_global(global, flags);
        }
        code.op(Instruction::Else).call(tells).op(Instruction::End);
    }
}
