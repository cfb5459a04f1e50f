//! Spec: `canon backpressure.{inc,dec}`.

use super::{Outcome, Site};
use crate::Result;
use crate::Trap;
use crate::engine::StoreMut;
use crate::task::enter::wake_entrants;

/// Spec: the counter is a 16-bit one.
const LIMIT: u32 = 1 << 16;

/// Spec: `canon_backpressure_inc`.
pub(super) fn inc(store: &mut StoreMut<'_>, site: Site) -> Result<Outcome> {
    let instance = store.state_mut().instances.get_mut(site.instance)?;
    if instance.backpressure + 1 == LIMIT {
        return Err(Trap::BackpressureOverflow.into());
    }
    instance.backpressure += 1;
    instance.show();
    Ok(Outcome::Done(0))
}

/// Spec: `canon_backpressure_dec`.
pub(super) fn dec(store: &mut StoreMut<'_>, site: Site) -> Result<Outcome> {
    let state = store.state_mut();
    let instance = state.instances.get_mut(site.instance)?;
    instance.backpressure = instance.backpressure.checked_sub(1).ok_or(Trap::BackpressureOverflow)?;
    instance.show();
    wake_entrants(state, site.instance)?;
    Ok(Outcome::Done(0))
}
