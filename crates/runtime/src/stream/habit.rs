//! Who copies at the same end again and again by the host: a window is opened for such a guest while it runs.

use super::CopyEndId;
use super::window::{SiteNumber, open_between};
use crate::Result;
use crate::engine::StoreMut;

/// Windows that nobody used, in a row, after which one is opened most rarely: once in 256 copies.
const MOST_MISSES: u8 = 8;

/// What the host did for a built-in that can have windows.
#[derive(Default)]
pub(super) struct Habit {
    /// The end of the last copy.
    last: Option<CopyEndId>,
    /// Copies there since a window was opened.
    again: u32,
    /// Windows in a row that were opened for nothing.
    misses: u8,
    /// How many were used.
    #[cfg(test)]
    pub(super) used: u32,
}

impl Habit {
    /// The host has done a copy at `end`; says whether another one is likely to follow.
    fn copied(&mut self, end: CopyEndId) -> bool {
        if self.last != Some(end) {
            (self.last, self.again) = (Some(end), 0);
            return false;
        }
        self.again += 1;
        let likely = self.again >> self.misses > 0;
        if likely {
            self.again = 0;
        }
        likely
    }

    /// A window that was opened for that reason is closed.
    pub(super) fn was_used(&mut self, used: bool) {
        self.misses = if used { 0 } else { MOST_MISSES.min(self.misses + 1) };
        #[cfg(test)]
        {
            self.used += u32::from(used);
        }
    }
}

/// The host has done a copy at `end` for the built-in `site`, at once, and the other end takes or has more.
#[inline]
pub(super) fn copied(store: &mut StoreMut<'_>, site: SiteNumber, end: CopyEndId) -> Result<()> {
    let site = store.state_mut().windows.site(site);
    if site.is_some_and(|site| site.habit.copied(end)) { open_between(store, end) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{End, Kind};
    use crate::store::Slab;
    use crate::stream::{CopyEnd, Item, SharedId};

    #[test]
    fn windows_that_nobody_uses_become_rare() {
        let mut ends = Slab::default();
        let [one, other] = [(); 2]
            .map(|()| ends.insert(CopyEnd::new(SharedId::NONE, (Kind::Stream, End::Writable), Item::of(None), 1)));
        let mut habit = Habit::default();
        assert_eq!([one, other, one, one].map(|end| habit.copied(end)), [false, false, false, true]);
        let copies_before_next = |habit: &mut Habit| (1..).find(|_| habit.copied(one)).unwrap();
        let all: Vec<u32> = (0..11)
            .map(|_| {
                habit.was_used(false);
                copies_before_next(&mut habit)
            })
            .collect();
        assert_eq!(all, [2, 4, 8, 16, 32, 64, 128, 256, 256, 256, 256]);
        habit.was_used(true);
        assert_eq!(copies_before_next(&mut habit), 1);
    }
}
