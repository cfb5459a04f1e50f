//! Compiled adapters: core wasm that does a whole call from one component to another.
//!
//! A call that cannot wait needs no task and no host: generated code checks and sets the flags of both instances, lifts
//! the arguments out of the caller's memory and lowers them into the callee's, calls, brings the result back the same
//! way, and calls `post-return`. Which calls have an adapter is decided from the plan alone ([`supports`]); the others
//! go the plain way through `canon/lower.rs` and `abi/`, which does the same in Rust and is what adapters are compared
//! with.
//!
//! An adapter differs from its plain twin in what no guest can rely on: a NaN keeps its bits, no bound of the host
//! applies to bytes that never reach it, and of two faults in one call another may be the one that is reported.

mod address;
mod allocate;
mod call;
mod code;
mod convert;
mod encode;
mod handles;
mod import;
mod instantiate;
mod leaf;
mod list;
mod noted;
mod place;
mod scalar;
mod string;
mod supports;
mod transcode;
mod utf8;
mod value;
mod variant;

pub(crate) use encode::{adapted_calls, encode_adapters};
pub(crate) use handles::AdaptedCall;
pub(crate) use instantiate::{Adapters, instantiate_noted};
pub(crate) use noted::{NotedPlan, encode_noted};
