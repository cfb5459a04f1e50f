//! What WASI is, as data: its functions and types by line, and the same in the words of WIT.

mod facts;
mod words;

pub use facts::{Definition, Fact, facts, generation, lines, missing};
pub use words::packages;
