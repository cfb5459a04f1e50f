//! From bytes to a checked component with its plan.

mod decode;
mod definition;
mod extern_name;
mod header;
mod load;
mod validate;

pub(crate) use definition::{ComponentDefinition, ComponentNumber, Definition, Definitions, ModuleNumber};
pub use extern_name::{Annotation, ExternName, InterfaceName, PlainName};
pub(crate) use load::{Loaded, load};
