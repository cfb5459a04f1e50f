//! The core store with the runtime's [`State`] inside, and the one way to reach both.

use std::cell::UnsafeCell;
use std::ptr::NonNull;

use wasmtime::{AsContext, AsContextMut, StoreContext, StoreContextMut};

use super::config::CoreEngine;
use super::memory::CoreMemory;
use crate::store::State;

/// Owner of a core store.
///
/// The store is behind a raw pointer because continuations reach it while their resumer still has a (dormant)
/// [`StoreMut`]; see the contract in the module's page.
pub(crate) struct EngineStore(StoreHandle);

/// A copyable way to the store, for continuations.
#[derive(Clone, Copy)]
pub(super) struct StoreHandle(NonNull<UnsafeCell<wasmtime::Store<State>>>);

// SAFETY: the handle is used only by whoever executes the store (contract 1); the store itself is `Send`.
unsafe impl Send for StoreHandle {}
// SAFETY: a shared handle gives nothing without contract 1.
unsafe impl Sync for StoreHandle {}

impl AsContext for StoreHandle {
    type Data = State;

    fn as_context(&self) -> StoreContext<'_, State> {
        // SAFETY: contract 1: nobody else executes or borrows actively; contract 3: the store outlives its continuations.
        unsafe { (*self.0.as_ref().get()).as_context() }
    }
}

impl AsContextMut for StoreHandle {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, State> {
        // SAFETY: as above; the store is `!Unpin`, so this reference claims no uniqueness over what others reach by
        // raw pointers while it is dormant.
        unsafe { (*self.0.as_ref().get()).as_context_mut() }
    }
}

impl EngineStore {
    /// A store over `engine` that owns `state`.
    pub(crate) fn new(engine: &CoreEngine, state: State) -> Self {
        let mut store = wasmtime::Store::new(engine.inner(), state);
        store.limiter(|state| &mut state.core_limits);
        let boxed = Box::new(UnsafeCell::new(store));
        EngineStore(StoreHandle(NonNull::from(Box::leak(boxed))))
    }

    /// Access to everything. Exclusive by the borrow of `self`.
    pub(crate) fn as_mut(&mut self) -> StoreMut<'_> {
        // SAFETY: `&mut self` and contract 1: no continuation runs while the owner is borrowed from outside.
        let store = unsafe { &mut *self.0.0.as_ref().get() };
        StoreMut { context: store.as_context_mut(), handle: self.0 }
    }

    /// The state, for reading.
    pub(crate) fn state(&self) -> &State {
        // SAFETY: shared borrow of the owner; nothing runs meanwhile (contract 1).
        unsafe { (*self.0.0.as_ref().get()).data() }
    }
}

impl Drop for EngineStore {
    fn drop(&mut self) {
        // Contract 3: suspended stacks go first, while the store they point into is alive.
        let continuations = self.as_mut().state_mut().take_continuations();
        drop(continuations);
        // SAFETY: made by `Box::leak` in `new`, dropped once, here.
        drop(unsafe { Box::from_raw(self.0.0.as_ptr()) });
    }
}

/// Exclusive access to a core store and the runtime's state in it.
pub(crate) struct StoreMut<'a> {
    pub(super) context: StoreContextMut<'a, State>,
    pub(super) handle: StoreHandle,
}

impl StoreMut<'_> {
    /// The same access for a shorter time.
    pub(crate) fn reborrow(&mut self) -> StoreMut<'_> {
        StoreMut { context: self.context.as_context_mut(), handle: self.handle }
    }

    /// The runtime's state.
    pub(crate) fn state(&self) -> &State {
        self.context.data()
    }

    /// The runtime's state, to change.
    pub(crate) fn state_mut(&mut self) -> &mut State {
        self.context.data_mut()
    }

    /// The bytes of a memory.
    pub(crate) fn memory(&self, memory: CoreMemory) -> &[u8] {
        memory.0.data(&self.context)
    }

    /// The bytes of a memory, to change.
    pub(crate) fn memory_mut(&mut self, memory: CoreMemory) -> &mut [u8] {
        memory.0.data_mut(&mut self.context)
    }

    /// The bytes of a memory and the state, both to change.
    pub(crate) fn memory_and_state(&mut self, memory: CoreMemory) -> (&mut [u8], &mut State) {
        memory.0.data_and_store_mut(&mut self.context)
    }

    /// Sets the number of epochs until the guest is interrupted.
    pub(crate) fn set_epoch_deadline(&mut self, ticks: u64) {
        self.context.set_epoch_deadline(ticks);
    }

    /// Sets the fuel that is left.
    pub(crate) fn set_fuel(&mut self, fuel: u64) -> crate::Result<()> {
        self.context.set_fuel(fuel).map_err(super::convert::error)
    }
}
