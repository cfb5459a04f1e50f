//! Spec: wasi:clocks/wall-clock.

use thalweg::{Linker, Result};

use crate::WasiView;
use crate::sys::{Code, Instant};

const NANOSECONDS_PER_SECOND: u64 = 1_000_000_000;

thalweg::wit_record! {
    /// A moment since 1970, or a length of time. Spec: wasi:clocks/wall-clock.datetime.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Datetime {
        /// Whole seconds.
        seconds: u64 as "seconds",
        /// The rest, below a second.
        nanoseconds: u32 as "nanoseconds",
    }
}

impl Datetime {
    /// The moment 1970-01-01T00:00:00Z.
    const ZERO: Datetime = Datetime { seconds: 0, nanoseconds: 0 };

    /// `instant`; nothing when it was before 1970, which 0.2 cannot say.
    pub fn of(instant: Instant) -> Option<Self> {
        let seconds = u64::try_from(instant.seconds).ok()?;
        Some(Datetime { seconds, nanoseconds: instant.nanoseconds })
    }

    /// A length of time.
    fn of_length(nanoseconds: u64) -> Self {
        let rest = (nanoseconds % NANOSECONDS_PER_SECOND) as u32;
        Datetime { seconds: nanoseconds / NANOSECONDS_PER_SECOND, nanoseconds: rest }
    }
}

impl TryFrom<Datetime> for Instant {
    type Error = Code;

    fn try_from(datetime: Datetime) -> Result<Self, Code> {
        let seconds = i64::try_from(datetime.seconds).map_err(|_| Code::Overflow)?;
        if u64::from(datetime.nanoseconds) >= NANOSECONDS_PER_SECOND {
            return Err(Code::Invalid);
        }
        Ok(Instant { seconds, nanoseconds: datetime.nanoseconds })
    }
}

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker
        .instance("wasi:clocks/wall-clock@0.2.12")?
        .func("now", |mut caller, ()| {
            let now = caller.data_mut().wasi().system_clock.now();
            Ok(Datetime::of(now).unwrap_or(Datetime::ZERO))
        })?
        .func("resolution", |mut caller, ()| {
            Ok(Datetime::of_length(caller.data_mut().wasi().system_clock.resolution()))
        })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_go_both_ways_where_both_can_say_them() {
        let instant = Instant { seconds: 5, nanoseconds: 7 };
        let datetime = Datetime::of(instant).expect("after 1970");
        assert_eq!(Instant::try_from(datetime), Ok(instant));
        assert_eq!(Datetime::of(Instant { seconds: -1, nanoseconds: 0 }), None);
        assert_eq!(Instant::try_from(Datetime { seconds: u64::MAX, nanoseconds: 0 }), Err(Code::Overflow));
        assert_eq!(Instant::try_from(Datetime { seconds: 0, nanoseconds: 1_000_000_000 }), Err(Code::Invalid));
    }

    #[test]
    fn a_length_is_split_at_the_second() {
        assert_eq!(Datetime::of_length(1), Datetime { seconds: 0, nanoseconds: 1 });
        assert_eq!(Datetime::of_length(2_000_000_003), Datetime { seconds: 2, nanoseconds: 3 });
    }
}
