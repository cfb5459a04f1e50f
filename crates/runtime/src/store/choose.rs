//! The one source of chance: whenever the standard leaves open what comes next, it is asked here.

/// How open choices are made.
#[derive(Debug, Clone)]
pub struct Choose(Kind);

#[derive(Debug, Clone)]
enum Kind {
    First,
    Seeded(u64),
}

impl Choose {
    /// Always the first, which is first come first served.
    #[must_use]
    pub fn first() -> Self {
        Choose(Kind::First)
    }

    /// By a generator that starts at `seed`; the same seed gives the same choices.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Choose(Kind::Seeded(seed))
    }

    /// Whether it is always the first.
    pub(crate) fn is_first(&self) -> bool {
        matches!(self.0, Kind::First)
    }

    /// One of `count` (at least 1).
    pub(crate) fn among(&mut self, count: usize) -> usize {
        match &mut self.0 {
            Kind::First => 0,
            Kind::Seeded(state) => {
                // SplitMix64: small, and every seed is as good as another.
                *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut z = *state;
                z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                ((z ^ (z >> 31)) % count.max(1) as u64) as usize
            }
        }
    }
}

impl Default for Choose {
    fn default() -> Self {
        Choose::first()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_choices() {
        let choices = |seed| {
            let mut choose = Choose::seeded(seed);
            (0..64).map(|_| choose.among(5)).collect::<Vec<_>>()
        };
        assert_eq!(choices(7), choices(7));
        assert_ne!(choices(7), choices(8));
        assert!((0..5).all(|n| choices(7).contains(&n)));
        assert_eq!(Choose::first().among(5), 0);
    }
}
