//! What a callback, or the core function before it, answers in its lower four bits. Spec: `CallbackCode`.

/// The bits; the others are a handle.
pub(crate) const MASK: u32 = 0xf;
/// The task is over.
pub(super) const EXIT: u32 = 0;
/// Another turn.
pub(super) const YIELD: u32 = 1;
/// An event of the set that the other bits name.
pub(super) const WAIT: u32 = 2;
