//! `--invoke 'f("x", {a: 1})'`: calls any exported function, with values as WAVE text.

mod argument;
mod call;
mod exported;
mod result;
mod wave_type;

pub use call::Invocation;
pub use exported::{ExportedFunc, exported_funcs, type_text};
pub use result::result_text;
