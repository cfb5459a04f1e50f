//! The seam: everything that this project asks of the core-wasm engine, and the only folder that names it.
//!
//! The engine executes core modules. It knows nothing of components. What crosses the seam is small: compile a module,
//! instantiate it with externs, read and write a memory, call a function, offer a host function, and run a call as a
//! [`Continuation`] that may suspend and be resumed in any order among others.
//!
//! # The contract of this folder (the only one with `unsafe`)
//!
//! 1. One execution at a time per store. A continuation is resumed only by code that holds a [`StoreMut`] and does not
//!    use anything borrowed from it until the resume returns.
//! 2. Nothing borrowed from the store lives across a park: the only suspending host function, [`park_func`], drops
//!    its access before it suspends. When the engine itself suspends a stack, that stack is resumed before anything
//!    else runs. Below a guest on a stack there is one frame of the host, that of [`run_func`], which uses nothing
//!    while it waits for the guest and gives its access up and takes it anew between the calls that a stack makes one
//!    after the other; below a start function there is none ([`CoreInstance::begin`]); with any other frame of the host
//!    below it a guest is not suspended ([`StoreMut::can_park`]).
//! 3. A continuation never outlives its store: it owns a share in it. Those inside of the store's state would keep it for
//!    ever, so [`EngineStore`]'s `Drop` takes them out first.
//! 4. The collector is the null collector: roots on suspended stacks are not traced by the others.
//! 5. A continuation is dropped only where it could be resumed: unwinding its stack uses the store.
//! 6. Wasm is called on a stack only where the whole of `max_wasm_stack` and frames of the host still fit.
//!
//! `docs/UNSAFE.md` lists each unsafe block with the test that stresses it.
#![allow(unsafe_code, reason = "the seam; the contract is above")]

mod config;
mod continuation;
mod convert;
mod func;
mod global;
mod host_func;
mod host_funcs;
mod instance;
mod keep;
mod limits;
#[cfg_attr(not(all(target_os = "linux", target_arch = "x86_64")), path = "mapped_elsewhere.rs")]
mod mapped;
mod memory;
mod module;
#[cfg_attr(not(target_os = "linux"), path = "pool_elsewhere.rs")]
mod pool;
mod store;
#[cfg(test)]
mod stress;
mod word;

pub(crate) use config::{CoreEngine, EngineOptions};
pub(crate) use continuation::{Continuation, GoOn, Step, run_func, set_runner};
pub(crate) use convert::GENERATED;
pub(crate) use func::CoreFunc;
pub(crate) use global::CoreGlobal;
pub(crate) use host_func::{CoreFuncType, host_func, host_func_3, host_func_late, host_func_of, park_func};
pub(crate) use host_funcs::{CorePrepared, HostFuncs, Seam};
pub(crate) use instance::{CoreExtern, CoreExterns, CoreInstance, CoreInstanceToBe, CoreTable};
pub(crate) use keep::{Keeper, PLACES};
pub(crate) use limits::CoreLimits;
pub(crate) use memory::{CoreMemory, convert_memory, copy_memory};
pub(crate) use module::{CoreExport, CoreModule, compile_all};
pub(crate) use store::{EngineStore, StoreMut};
pub(crate) use word::{SharedWord, SharedWords};
