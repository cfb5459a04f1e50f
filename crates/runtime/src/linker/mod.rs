//! From the names that a component imports to definitions of the host.

mod define;
mod host_types;
mod missing;
mod resolve;
mod semver_name;

pub(crate) use define::HostDrop;
pub use define::{Linker, LinkerInstance};
pub use host_types::HostTypes;
pub(crate) use resolve::LinkedImports;
pub(crate) use semver_name::{SemverName, compatible};
