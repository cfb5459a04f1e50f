//! The core store with the runtime's [`State`] inside, and the one way to reach both.

use std::cell::{Cell, OnceCell, UnsafeCell};
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::Arc;

use wasmtime::{AsContext, AsContextMut, StoreContext, StoreContextMut};

use super::config::CoreEngine;
use super::continuation::Job;
use super::host_funcs::Seam;
use super::keep::Keep;
use super::memory::CoreMemory;
use super::word::SharedWord;
use crate::store::State;

/// An epoch that is never reached; a sum with the current one does not overflow.
const NO_DEADLINE: u64 = u64::MAX / 2;

/// A core store, and what the seam itself remembers about who executes it.
///
/// It is reached by raw pointer because continuations run while their resumer still has a (dormant) [`StoreMut`]; see
/// the contract in the folder's page.
struct StoreCell {
    store: UnsafeCell<wasmtime::Store<State>>,
    turn: Turn,
}

// SAFETY: the store is `Send` (its `State` is, which `StoreKeeper`'s use in an engine future requires), and a cell is
// used only by the one who executes it (contract 1), so never by two threads at once.
unsafe impl Send for StoreCell {}
// SAFETY: a shared cell gives nothing without contract 1.
unsafe impl Sync for StoreCell {}

/// Where a stack begins of which that is not known: somewhere below every address.
pub(super) const UNKNOWN_STACK: usize = 1;

/// The same for a stack on which a module is instantiated. Its start function may park, which elsewhere is not known of an
/// unknown stack.
pub(super) const STARTING_STACK: usize = 2;

/// Where the embedder's stack begins: above every address.
const EMBEDDERS_STACK: usize = usize::MAX;

/// What is done before the host does anything else.
pub(crate) type BeforeHost = fn(&mut StoreMut<'_>) -> crate::Result<()>;

/// Who executes the store, and how its last stack gave control back.
pub(super) struct Turn {
    /// Set by the parking function just before it suspends. A suspension without it is the engine's own (its collector
    /// yields between steps) and nobody else may use the store until it is over.
    pub(super) parked: Cell<bool>,
    /// Where the stack begins on which the store is executed.
    pub(super) stack: Cell<usize>,
    /// How many bytes of an own stack may be in use when a call is made on it: enough are left for the wasm of the call
    /// and for frames of the host.
    spare: usize,
    /// Whether the innermost call of a guest has frames of the host below it, which cannot be suspended.
    pub(super) plain: Cell<bool>,
    /// Whether there is a function that suspends. The engine makes no plain instances then.
    pub(super) suspends: Cell<bool>,
    /// What is done before a function of the host does anything that a guest calls.
    pub(super) before_host: Cell<Option<BeforeHost>>,
    /// What else is done then, as long as a word is not 0.
    while_not_zero: Cell<Option<(SharedWord, BeforeHost)>>,
    /// What own stacks begin with, once there is one.
    pub(super) runner: OnceCell<wasmtime::TypedFunc<(), ()>>,
    /// What the next stack runs.
    pub(super) job: Cell<Option<Job>>,
    /// What the last stack that ended came to.
    pub(super) answer: Cell<u64>,
    /// What functions that stores share keep here.
    pub(super) keep: Keep,
}

impl Turn {
    fn new(spare: usize) -> Self {
        Turn {
            parked: Cell::new(false),
            stack: Cell::new(EMBEDDERS_STACK),
            spare,
            plain: Cell::new(false),
            suspends: Cell::new(false),
            before_host: Cell::new(None),
            while_not_zero: Cell::new(None),
            runner: OnceCell::new(),
            job: Cell::new(None),
            answer: Cell::new(0),
            keep: Keep::default(),
        }
    }

    /// Whether guests can be called on the stack that executes.
    ///
    /// On the embedder's stack the engine keeps the limit of the outermost call. On an own one it grants every call the
    /// whole of `max_wasm_stack` anew.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        let here = 0u8;
        let used = self.stack.get().checked_sub((&raw const here).addr());
        self.stack.get() == EMBEDDERS_STACK || used.is_some_and(|used| used <= self.spare)
    }
}

/// Owner of a core store.
pub(crate) struct EngineStore {
    handle: StoreHandle,
    /// `Send` and `Sync` exactly if the state is.
    owns: PhantomData<State>,
}

/// A copyable way to the store, for whoever executes it; valid as long as the store lives.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct StoreHandle(NonNull<StoreCell>);

// SAFETY: the handle is used only by whoever executes the store (contract 1).
unsafe impl Send for StoreHandle {}
// SAFETY: a shared handle gives nothing without contract 1.
unsafe impl Sync for StoreHandle {}

impl StoreHandle {
    #[inline]
    pub(super) fn turn(&self) -> &Turn {
        // SAFETY: whoever has the handle executes the store, so it lives; the cells are apart from the store proper.
        unsafe { &self.0.as_ref().turn }
    }

    /// What own stacks begin with.
    pub(super) fn runner(&self) -> Option<&wasmtime::TypedFunc<(), ()>> {
        self.turn().runner.get()
    }

    /// A share in the store's life, for a continuation.
    pub(super) fn keep(self) -> StoreKeeper {
        // SAFETY: the pointer comes from `Arc::into_raw` in `EngineStore::new`, and whoever has the handle executes the
        // store, so it lives.
        unsafe { Arc::increment_strong_count(self.0.as_ptr()) };
        // SAFETY: takes over the count added above.
        StoreKeeper(unsafe { Arc::from_raw(self.0.as_ptr()) })
    }
}

/// What a continuation reaches the store by. It keeps the store's memory, so that a continuation that is dropped late
/// unwinds a stack that still has a store.
pub(super) struct StoreKeeper(Arc<StoreCell>);

impl AsContext for StoreKeeper {
    type Data = State;

    fn as_context(&self) -> StoreContext<'_, State> {
        // SAFETY: contract 1: the continuation executes, so nobody else does or uses a borrow of the store.
        unsafe { (*self.0.store.get()).as_context() }
    }
}

impl AsContextMut for StoreKeeper {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, State> {
        // SAFETY: as above; the engine's store is not `Unpin`, so this reference claims no uniqueness over what others
        // reach by raw pointers while it is dormant.
        unsafe { (*self.0.store.get()).as_context_mut() }
    }
}

impl EngineStore {
    /// A store over `engine` that owns `state`. Deadline and fuel, where the engine counts them, are out of reach.
    pub(crate) fn new(engine: &CoreEngine, state: State) -> Self {
        let mut store = wasmtime::Store::new(engine.inner(), state);
        store.limiter(|state| &mut state.core_limits);
        store.set_epoch_deadline(NO_DEADLINE);
        if engine.counts_fuel() {
            // It fails only where fuel is not counted.
            let _ = store.set_fuel(u64::MAX);
        }
        let cell = Arc::new(StoreCell { store: UnsafeCell::new(store), turn: Turn::new(engine.spare_stack()) });
        // SAFETY: `Arc::into_raw` never gives null.
        let cell = unsafe { NonNull::new_unchecked(Arc::into_raw(cell).cast_mut()) };
        let mut this = EngineStore { handle: StoreHandle(cell), owns: PhantomData };
        let seam = Seam(Some(this.handle));
        this.as_mut().state_mut().seam = seam;
        this
    }

    /// Access to everything. Exclusive by the borrow of `self`.
    #[inline]
    pub(crate) fn as_mut(&mut self) -> StoreMut<'_> {
        // SAFETY: `&mut self` and contract 1: no continuation runs while the owner is borrowed from outside.
        let store = unsafe { &mut *self.handle.0.as_ref().store.get() };
        StoreMut { context: store.as_context_mut(), handle: self.handle }
    }

    /// The state, for reading.
    #[inline]
    pub(crate) fn state(&self) -> &State {
        // SAFETY: shared borrow of the owner; nothing runs meanwhile (contract 1).
        unsafe { (*self.handle.0.as_ref().store.get()).data() }
    }
}

impl Drop for EngineStore {
    fn drop(&mut self) {
        // Contract 3: suspended stacks go first. Each keeps the store that keeps it, so they must be taken out.
        let continuations = self.as_mut().state_mut().take_continuations();
        drop(continuations);
        // SAFETY: the count that `Arc::into_raw` gave away in `new`, taken back once, here.
        drop(unsafe { Arc::from_raw(self.handle.0.as_ptr()) });
    }
}

/// Exclusive access to a core store and the runtime's state in it.
pub(crate) struct StoreMut<'a> {
    pub(super) context: StoreContextMut<'a, State>,
    pub(super) handle: StoreHandle,
}

impl StoreMut<'_> {
    /// The same access for a shorter time.
    #[inline]
    pub(crate) fn reborrow(&mut self) -> StoreMut<'_> {
        StoreMut { context: self.context.as_context_mut(), handle: self.handle }
    }

    /// The runtime's state.
    #[inline]
    pub(crate) fn state(&self) -> &State {
        self.context.data()
    }

    /// The runtime's state, to change.
    #[inline]
    pub(crate) fn state_mut(&mut self) -> &mut State {
        self.context.data_mut()
    }

    /// The bytes of a memory.
    #[inline]
    pub(crate) fn memory(&self, memory: CoreMemory) -> &[u8] {
        memory.0.data(&self.context)
    }

    /// The bytes of a memory, to change.
    #[inline]
    pub(crate) fn memory_mut(&mut self, memory: CoreMemory) -> &mut [u8] {
        memory.0.data_mut(&mut self.context)
    }

    /// Whether it is a store of this engine.
    pub(crate) fn is_of(&self, engine: &CoreEngine) -> bool {
        wasmtime::Engine::same(self.context.engine(), engine.inner())
    }

    /// Whether the innermost call of a guest can be suspended: all that is below it on its stack is wasm.
    #[inline]
    pub(crate) fn can_park(&self) -> bool {
        let turn = self.handle.turn();
        !turn.plain.get() && turn.stack.get() != EMBEDDERS_STACK && turn.stack.get() != UNKNOWN_STACK
    }

    /// Whether guests can be called on the stack that executes.
    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        self.handle.turn().has_room()
    }

    /// Whether the end of the innermost call of a guest is noticed: [`host_runs`](Self::host_runs) before anything else of
    /// the host does. Nobody notices the end of a start function, or of a call that the engine makes by itself.
    #[inline]
    pub(crate) fn notices_return(&self) -> bool {
        let turn = self.handle.turn();
        let stack = turn.stack.get();
        turn.plain.get() || !matches!(stack, EMBEDDERS_STACK | UNKNOWN_STACK | STARTING_STACK)
    }

    /// Lets `what` be done, once, before a function of the host does anything that a guest calls: guests may run until
    /// then. It is done as well when the guest [returns](Self::notices_return).
    #[inline]
    pub(crate) fn before_host(&mut self, what: BeforeHost) {
        self.handle.turn().before_host.set(Some(what));
    }

    /// The host goes on: what was to be done before is done, if it was not yet.
    #[inline]
    pub(crate) fn host_runs(&mut self) -> crate::Result<()> {
        self.host_runs_soon()?;
        match self.handle.turn().while_not_zero.get() {
            Some((word, what)) if word.get() != 0 => what(self),
            _ => Ok(()),
        }
    }

    /// The first half of [`host_runs`](Self::host_runs), for whoever looks at the word itself before the other half.
    #[inline]
    pub(crate) fn host_runs_soon(&mut self) -> crate::Result<()> {
        let turn = self.handle.turn();
        match turn.before_host.get() {
            Some(what) => {
                turn.before_host.set(None);
                what(self)
            }
            None => Ok(()),
        }
    }

    /// Lets `what` be done before a function of the host does anything that a guest calls, whenever `word` is not 0.
    pub(crate) fn while_not_zero(&mut self, word: SharedWord, what: BeforeHost) {
        self.handle.turn().while_not_zero.set(Some((word, what)));
    }

    /// Whether the store is executed on the stack of the embedder, not on one that can be suspended.
    #[inline]
    pub(crate) fn on_embedders_stack(&self) -> bool {
        self.handle.turn().stack.get() == EMBEDDERS_STACK
    }

    /// The bytes of a memory, to change, and the state, for reading.
    #[inline]
    pub(crate) fn memory_and_state(&mut self, memory: CoreMemory) -> (&mut [u8], &State) {
        let (bytes, state) = memory.0.data_and_store_mut(&mut self.context);
        (bytes, state)
    }

    /// Sets the number of epochs until the guest is interrupted.
    pub(crate) fn set_epoch_deadline(&mut self, ticks: u64) {
        self.context.set_epoch_deadline(ticks.min(NO_DEADLINE));
    }

    /// Sets the fuel that is left.
    pub(crate) fn set_fuel(&mut self, fuel: u64) -> crate::Result<()> {
        self.context.set_fuel(fuel).map_err(super::convert::error)
    }
}
