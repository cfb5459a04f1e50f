//! From bytes to a checked component with its plan.

mod artifact;
mod binary;
mod cache;
mod calls;
mod cancellable;
mod code;
#[allow(clippy::module_inception, reason = "the standard's name")]
mod component;
mod composition;
mod decode;
mod definition;
mod engine;
mod excerpt;
mod extern_name;
mod given;
mod header;
mod load;
mod module;
mod precompiled;
mod shed;
#[cfg(test)]
mod tests;
mod validate;

pub use calls::CallReport;
pub use cancellable::cancellable_immediates;
pub(crate) use code::{Code, Source};
pub use component::Component;
pub use composition::Plug;
pub(crate) use definition::{ComponentNumber, Definition, Definitions, ModuleNumber};
pub use engine::{Config, Engine};
pub(crate) use excerpt::excerpt;
pub use extern_name::{Annotation, ExternName, InterfaceName, PlainName};
pub(crate) use given::Comparison;
pub(crate) use load::Loaded;
#[cfg(test)]
pub(crate) use load::load;
pub use module::Module;
pub(crate) use shed::SHED;
