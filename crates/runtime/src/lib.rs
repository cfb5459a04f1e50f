//! The component model runtime: from a component's bytes to a plan of what instantiating it does.

mod component;
mod error;
mod features;
pub mod plan;
pub mod types;

pub use error::{Error, ErrorKind, Result, Trap};
pub use features::{Features, Gate};
