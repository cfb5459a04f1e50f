//! Whether an instance may be left. Spec: `ComponentInstance.may_leave`.
//!
//! Compiled adapters look at these without the runtime, so instances of a component that has adapters have them in a core
//! global. Where no adapter changes them, the host knows them besides: to read a global takes longer.

use super::InstanceId;
use crate::Result;
use crate::engine::{CoreGlobal, StoreMut};
use crate::store::State;

/// Spec: `ComponentInstance.may_leave`, as a bit.
pub(crate) const MAY_LEAVE: u32 = 1;

/// Where the bits are.
#[derive(Clone, Copy)]
pub(crate) enum Flags {
    /// Here.
    Plain(u32),
    /// Here, and in a global that compiled adapters only look at.
    Shown(u32, CoreGlobal),
    /// In a global that compiled adapters change.
    Shared(CoreGlobal),
}

/// What compiled adapters do with the flags of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlagsUse {
    /// Nothing: there are none.
    None,
    /// They look at them, or at those of others.
    Read,
    /// They change them, too.
    Write,
}

impl Flags {
    /// The flags of a new instance.
    pub(super) fn new(store: &mut StoreMut<'_>, adapters: FlagsUse) -> Result<Flags> {
        Ok(match adapters {
            FlagsUse::None => Flags::Plain(MAY_LEAVE),
            FlagsUse::Read => Flags::Shown(MAY_LEAVE, CoreGlobal::new(store, MAY_LEAVE)?),
            FlagsUse::Write => Flags::Shared(CoreGlobal::new(store, MAY_LEAVE)?),
        })
    }
}

#[inline]
fn flags(state: &State, instance: InstanceId) -> Result<Flags> {
    Ok(state.instances.get(instance)?.flags)
}

/// A global that generated code looks at: with the flags of `instance`, or one that lets it do everything. Flags that are
/// no global change only while the host runs.
pub(crate) fn flags_global(store: &mut StoreMut<'_>, instance: InstanceId) -> Result<CoreGlobal> {
    match flags(store.state(), instance)? {
        Flags::Plain(_) => CoreGlobal::new(store, MAY_LEAVE),
        Flags::Shown(_, global) | Flags::Shared(global) => Ok(global),
    }
}

/// Whether `bit` is set.
#[inline]
pub(crate) fn may(store: &mut StoreMut<'_>, instance: InstanceId, bit: u32) -> Result<bool> {
    let bits = match flags(store.state(), instance)? {
        Flags::Plain(bits) | Flags::Shown(bits, _) => bits,
        Flags::Shared(global) => global.get(store),
    };
    Ok(bits & bit != 0)
}

/// Sets or clears `bit`, and says what it was.
#[inline]
pub(super) fn replace(store: &mut StoreMut<'_>, instance: InstanceId, bit: u32, on: bool) -> Result<bool> {
    let with = |bits: u32| if on { bits | bit } else { bits & !bit };
    let before = match flags(store.state(), instance)? {
        Flags::Plain(bits) => {
            let instance = store.state_mut().instances.get_mut(instance)?;
            instance.flags = Flags::Plain(with(bits));
            instance.show();
            bits
        }
        Flags::Shown(bits, global) => {
            store.state_mut().instances.get_mut(instance)?.flags = Flags::Shown(with(bits), global);
            global.set(store, with(bits))?;
            bits
        }
        Flags::Shared(global) => {
            let bits = global.get(store);
            global.set(store, with(bits))?;
            bits
        }
    };
    Ok(before & bit != 0)
}
