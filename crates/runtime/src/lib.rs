//! Thalweg: a WASI 0.3 runtime. This crate is the Component Model with native async; it touches no clock, file or
//! socket (the crate `thalweg-wasi` does).
//!
//! Bytes become an immutable [`Component`]; a [`Linker`] says what it may import; a [`Store`] holds what lives while it
//! runs; an [`Instance`] has functions, and a started call is a value. `ARCHITECTURE.md` draws the paths.
#![deny(unsafe_code)]

mod abi;
mod adapter;
mod canon;
mod component;
mod engine;
mod error;
mod features;
mod host;
mod instance;
mod limits;
mod linker;
pub mod plan;
mod store;
mod stream;
mod task;
pub mod types;

#[doc(hidden)]
pub use abi::declare;
pub use abi::{
    Case, Flat, FlatIter, LiftCx, LiftFrom, LowerCx, LowerTo, Params, Payload, ResourceAny, ReturnVal, Returns, Val,
    WitType,
};
pub use component::{
    Annotation, CallReport, Component, Config, Engine, ExternName, InterfaceName, Module, PlainName, Plug,
    cancellable_immediates,
};
pub use error::{Error, ErrorKind, Result, Trap};
pub use features::{AsyncRules, Features, Gate};
pub use host::{
    Access, Caller, Destination, Flow, Func, FutureReader, FutureWriter, FutureWritten, Instance, ReaderDropped,
    Resource, ResourceTable, ResourceType, Source, StartedCall, StreamConsumer, StreamProducer, StreamReader,
    StreamWriter, TypedFunc,
};
pub use limits::Limits;
pub use linker::{Definition, DefinitionKind, HostTypes, Linker, LinkerInstance, Prepared};
pub use store::{Choose, DataGuard, Live, Schedule, Store};
