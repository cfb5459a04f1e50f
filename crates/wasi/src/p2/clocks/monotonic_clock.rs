//! Spec: wasi:clocks/monotonic-clock.

use thalweg::{Linker, Resource, Result};

use crate::p2::io::Pollable;
use crate::{WasiContext, WasiView};

/// A pollable that is ready from `mark` on. Dropping it ends the timer.
fn subscribe(wasi: &mut WasiContext, mark: u64) -> Result<Resource<Pollable>> {
    let clock = &wasi.monotonic_clock;
    let due = clock.now() >= mark;
    let timer = if due { Box::pin(std::future::ready(())) } else { clock.sleep_until(mark) };
    wasi.table.push(Pollable::future(timer))
}

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker
        .instance("wasi:clocks/monotonic-clock@0.2.12")?
        .func("now", |mut caller, ()| Ok(caller.data_mut().wasi().monotonic_clock.now()))?
        .func("resolution", |mut caller, ()| Ok(caller.data_mut().wasi().monotonic_clock.resolution()))?
        .func("subscribe-instant", |mut caller, (when,): (u64,)| subscribe(caller.data_mut().wasi(), when))?
        .func("subscribe-duration", |mut caller, (how_long,): (u64,)| {
            let mut data = caller.data_mut();
            let wasi = data.wasi();
            let mark = wasi.monotonic_clock.now().saturating_add(how_long);
            subscribe(wasi, mark)
        })?;
    Ok(())
}
