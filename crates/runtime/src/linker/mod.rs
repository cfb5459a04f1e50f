//! From the names that a component imports to definitions of the host.

mod complete;
mod define;
mod host_types;
mod list;
mod missing;
mod package;
mod prepared;
mod resolve;
mod semver_name;

pub(crate) use define::{HostDrop, ImportedResource};
pub use define::{Linker, LinkerInstance};
pub use host_types::HostTypes;
pub use list::{Definition, DefinitionKind};
pub(crate) use prepared::Linked;
pub use prepared::Prepared;
pub(crate) use semver_name::{SemverName, compatible};
