//! What the command itself says: failures, notes, results.
//!
//! A failure has at most three parts (what is wrong, what there is instead, what to do), and a trap the guest's stack.

mod bytes;
mod failure;
mod print;

pub use bytes::bytes;
pub use failure::Failure;
pub use print::{HeldNotes, fail, hold_notes, line, note, out, stderr_is_terminal};
