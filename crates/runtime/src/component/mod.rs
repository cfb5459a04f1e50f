//! From bytes to a checked component with its plan.

mod artifact;
mod cache;
mod code;
#[allow(clippy::module_inception, reason = "the standard's name")]
mod component;
mod composition;
mod decode;
mod definition;
mod engine;
mod excerpt;
mod extern_name;
mod header;
mod load;
mod precompiled;
mod shed;
#[cfg(test)]
mod tests;
mod validate;

pub(crate) use code::{Code, Source};
pub use component::Component;
pub use composition::Plug;
pub(crate) use definition::{ComponentNumber, Definition, Definitions, ModuleNumber};
pub use engine::{Config, Engine};
pub(crate) use excerpt::excerpt;
pub use extern_name::{Annotation, ExternName, InterfaceName, PlainName};
pub(crate) use load::Loaded;
#[cfg(test)]
pub(crate) use load::load;
