//! From bytes to a checked component with its plan.

mod decode;
mod definition;
mod excerpt;
mod extern_name;
mod header;
mod load;
#[cfg(test)]
mod tests;
mod validate;

pub(crate) use definition::{ComponentNumber, Definition, Definitions, ModuleNumber};
pub(crate) use excerpt::excerpt;
pub use extern_name::{Annotation, ExternName, InterfaceName, PlainName};
pub(crate) use load::{Loaded, load};
