//! Spec: `wasi:clocks/monotonic-clock`.

use thalweg::{Linker, Result};

use crate::WasiView;

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker
        .instance("wasi:clocks/monotonic-clock@0.3.2")?
        .func("now", |mut caller, ()| Ok(caller.data_mut().wasi().monotonic_clock.now()))?
        .func("get-resolution", |mut caller, ()| Ok(caller.data_mut().wasi().monotonic_clock.resolution()))?
        .func_async("wait-until", |access, (when,): (u64,)| {
            let clock = access.with(|data| data.wasi().monotonic_clock.clone());
            async move {
                clock.sleep_until(when).await;
                Ok(())
            }
        })?
        .func_async("wait-for", |access, (how_long,): (u64,)| {
            // The mark is taken at the call: how late the future is first polled does not lengthen the wait.
            let (clock, when) = access.with(|data| {
                let clock = data.wasi().monotonic_clock.clone();
                let when = clock.now().saturating_add(how_long);
                (clock, when)
            });
            async move {
                clock.sleep_until(when).await;
                Ok(())
            }
        })?;
    Ok(())
}
