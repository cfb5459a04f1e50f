//! What of WebAssembly and of the Component Model is on.
//!
//! Everything that 0.3.x shipped is always on. What the standard still gates has a [`Gate`] here, off by default. Some
//! gates cannot be switched on: they exist so that an error can name what a component needs.

use wasmparser::WasmFeatures;

use crate::{Error, Result};

macro_rules! gates {
    ($($(#[$doc:meta])* $gate:ident = $name:literal, $flag:ident, $supported:literal;)*) => {
        /// A part of the standard that is not shipped yet, by its own gate.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Gate {
            $($(#[$doc])* $gate,)*
        }

        impl Gate {
            /// Every gate.
            pub const ALL: &'static [Gate] = &[$(Gate::$gate),*];

            /// Its name in messages and on the command line.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Gate::$gate => $name,)*
                }
            }

            /// Whether this runtime can do what is behind the gate.
            #[must_use]
            pub fn is_supported(self) -> bool {
                match self {
                    $(Gate::$gate => $supported,)*
                }
            }

            fn flag(self) -> WasmFeatures {
                match self {
                    $(Gate::$gate => WasmFeatures::$flag,)*
                }
            }
        }
    };
}

gates! {
    /// The type `error-context` and its built-ins.
    ErrorContext = "error-context", CM_ERROR_CONTEXT, true;
    /// `list<T, N>`
    FixedLengthLists = "fixed-length-lists", CM_FIXED_LENGTH_LISTS, true;
    /// Synchronous copies, asynchronous cancels.
    MoreAsyncBuiltins = "more-async-builtins", CM_MORE_ASYNC_BUILTINS, true;
    /// Async lifting without a callback.
    AsyncStackful = "async-stackful", CM_ASYNC_STACKFUL, true;
    /// Cooperative threads.
    Threading = "threading", CM_THREADING, true;
    /// Nested namespaces and packages in names.
    NestedNames = "nested-names", CM_NESTED_NAMES, true;
    /// Interface names with a canonical version and a version suffix.
    CanonicalNames = "canonical-names", CM_CANON_NAMES, true;
    /// `[get]` and `[set]` in names.
    Accessors = "accessors", CM_ACCESSORS, true;
    /// `stream.forward` and `future.forward`.
    Forward = "forward", CM_FORWARD, true;
    /// Value imports and exports, and component start functions.
    Values = "values", CM_VALUES, false;
    /// 64-bit memories in canonical options, and resources, thread-local storage and tables with numbers of 64 bits.
    Memory64 = "memory64", CM64, true;
    /// The garbage-collected form of the Canonical ABI.
    Gc = "gc", CM_GC, false;
    /// Threads that run in parallel over shared memory.
    SharedEverythingThreads = "shared-everything-threads", SHARED_EVERYTHING_THREADS, false;
}

/// Which rules of the standard hold for calls that wait.
///
/// In September 2026 the standard changed some of them (component-model#705, #716). Components that were made and tested
/// before may count on the rules of August 2026, which the runtimes of that time have:
///
/// - An instance can't be entered from itself, from the instance that instantiated it, nor from one that it instantiated
///   (directly or through others): such a call traps.
/// - While a function that is not async waits, its instance's event loops, and calls that wait to enter it, wait too.
/// - A function that is not async traps at once when it calls something that may block, unless another thread of its
///   instance is ready: before operands are looked at, and before the callee starts.
/// - Built-ins that wait can be `cancellable`: then the wait ends when the task is cancelled.
/// - A call that finds its instance locked by a thread that is ready lets that thread go on first.
///
/// `stream.forward` and `future.forward` do not exist yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum AsyncRules {
    /// Those of the standard as it is.
    #[default]
    Current,
    /// Those of August 2026: WebAssembly/component-model at 6d28164, as its tests have them.
    August2026,
}

impl AsyncRules {
    /// The name of [`AsyncRules::August2026`] in messages and on the command line.
    pub const AUGUST_2026: &'static str = "async-2026-08";

    /// Whether they are those of August 2026.
    #[inline]
    #[must_use]
    pub fn are_of_august_2026(self) -> bool {
        self == AsyncRules::August2026
    }
}

/// Which gates are open, and which rules hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Features {
    flags: WasmFeatures,
    async_rules: AsyncRules,
}

impl Default for Features {
    fn default() -> Self {
        Features::shipped()
    }
}

impl Features {
    /// What 0.3.x shipped: every gate is closed.
    #[must_use]
    pub fn shipped() -> Self {
        // The engine is built without its threads feature, so core wasm's shared memories stay off.
        let core = WasmFeatures::WASM3.difference(WasmFeatures::THREADS);
        let component =
            WasmFeatures::COMPONENT_MODEL | WasmFeatures::CM_ASYNC | WasmFeatures::CM_MAP | WasmFeatures::CM_IMPLEMENTS;
        Features { flags: core | component, async_rules: AsyncRules::Current }
    }

    /// Opens `gate`.
    pub fn open(&mut self, gate: Gate) -> Result<&mut Self> {
        if !gate.is_supported() {
            return Err(Error::host(format!("the feature `{}` is not supported", gate.name())));
        }
        self.flags |= gate.flag();
        Ok(self)
    }

    /// Chooses the rules for calls that wait. What a component that is loaded means depends on them.
    pub fn set_async_rules(&mut self, rules: AsyncRules) -> &mut Self {
        self.async_rules = rules;
        self
    }

    /// The rules for calls that wait.
    #[must_use]
    pub fn async_rules(&self) -> AsyncRules {
        self.async_rules
    }

    /// Opens the gate of this name, or chooses the rules of this name.
    pub fn open_named(&mut self, name: &str) -> Result<&mut Self> {
        if name == AsyncRules::AUGUST_2026 {
            return Ok(self.set_async_rules(AsyncRules::August2026));
        }
        match Gate::ALL.iter().find(|gate| gate.name() == name) {
            Some(&gate) => self.open(gate),
            None => {
                let names = Gate::ALL.iter().filter(|gate| gate.is_supported()).map(|gate| gate.name());
                let names = names.chain([AsyncRules::AUGUST_2026]);
                Err(Error::host(format!("there is no feature `{name}`"))
                    .with_have(format!("features: {}", names.collect::<Vec<_>>().join(", "))))
            }
        }
    }

    /// Opens every gate that is supported. The rules stay the current ones.
    #[must_use]
    pub fn all() -> Self {
        let mut features = Features::shipped();
        for gate in Gate::ALL.iter().filter(|gate| gate.is_supported()) {
            features.flags |= gate.flag();
        }
        features
    }

    /// Whether `gate` is open.
    #[must_use]
    pub fn is_open(&self, gate: Gate) -> bool {
        self.flags.contains(gate.flag())
    }

    /// The same for the validator.
    #[must_use]
    pub(crate) fn wasm_features(&self) -> WasmFeatures {
        self.flags
    }

    /// The gate that stands behind a flag of the validator.
    #[must_use]
    pub(crate) fn gate_of(flags: WasmFeatures) -> Option<Gate> {
        Gate::ALL.iter().copied().find(|gate| flags.contains(gate.flag()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_features_open_no_gate() {
        let features = Features::default();
        assert!(Gate::ALL.iter().all(|&gate| !features.is_open(gate)));
        assert!(features.wasm_features().contains(WasmFeatures::CM_ASYNC | WasmFeatures::CM_MAP | WasmFeatures::SIMD));
        assert!(!features.wasm_features().contains(WasmFeatures::THREADS));
    }

    #[test]
    fn an_unsupported_gate_stays_closed() {
        let mut features = Features::shipped();
        assert!(features.open(Gate::Values).is_err());
        assert!(features.open_named("threading").is_ok_and(|features| features.is_open(Gate::Threading)));
        assert_eq!(
            features.open_named("wings").map_err(|error| error.to_string()).err().as_deref(),
            Some("there is no feature `wings`")
        );
        assert!(Features::all().is_open(Gate::Memory64) && !Features::all().is_open(Gate::Values));
    }

    #[test]
    fn older_rules_are_asked_for_by_name() {
        assert_eq!(Features::all().async_rules(), AsyncRules::Current);
        let mut features = Features::shipped();
        let older = features.open_named("async-2026-08").map(|features| features.async_rules());
        assert!(older.is_ok_and(AsyncRules::are_of_august_2026));
        assert!(Gate::ALL.iter().all(|&gate| !features.is_open(gate)));
    }
}
