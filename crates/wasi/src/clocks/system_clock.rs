//! Spec: `wasi:clocks/system-clock`.

use thalweg::{Linker, Result};

use crate::WasiView;
use crate::sys;

thalweg::wit_record! {
    /// A moment. Spec: `wasi:clocks/system-clock.instant`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Instant {
        seconds: i64 as "seconds",
        nanoseconds: u32 as "nanoseconds",
    }
}

impl From<sys::Instant> for Instant {
    fn from(instant: sys::Instant) -> Self {
        Instant { seconds: instant.seconds, nanoseconds: instant.nanoseconds }
    }
}

impl From<Instant> for sys::Instant {
    fn from(instant: Instant) -> Self {
        sys::Instant { seconds: instant.seconds, nanoseconds: instant.nanoseconds }
    }
}

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker
        .instance("wasi:clocks/system-clock@0.3.2")?
        .func("now", |mut caller, ()| Ok(Instant::from(caller.data_mut().wasi().system_clock.now())))?
        .func("get-resolution", |mut caller, ()| Ok(caller.data_mut().wasi().system_clock.resolution()))?;
    Ok(())
}
