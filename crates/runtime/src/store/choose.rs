//! The one source of chance: whenever the standard leaves open what comes next, it is asked here.

use std::sync::{Arc, Mutex, PoisonError};

/// Choices of one [`Schedule`] that are open; after them, first come goes first. A run that spins has no last choice.
const MAX_CHOICES: usize = 1_000;

/// How open choices are made. Clones of one share what it remembers, except for [`Choose::seeded`].
#[derive(Debug, Clone)]
pub struct Choose(Kind);

#[derive(Debug, Clone)]
enum Kind {
    First,
    Seeded(Generator),
    Scheduled(Schedule),
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
        Choose(Kind::Seeded(Generator(seed)))
    }

    /// Whether it is always the first.
    #[inline]
    pub(crate) fn is_first(&self) -> bool {
        matches!(self.0, Kind::First)
    }

    /// One of `count` (at least 1).
    #[inline]
    pub(crate) fn among(&mut self, count: usize) -> usize {
        if self.is_first() { 0 } else { self.drawn(count) }
    }

    fn drawn(&mut self, count: usize) -> usize {
        match &mut self.0 {
            Kind::First => 0,
            Kind::Seeded(generator) => generator.among(count),
            Kind::Scheduled(schedule) => schedule.among(count),
        }
    }
}

impl Default for Choose {
    fn default() -> Self {
        Choose::first()
    }
}

/// SplitMix64: small, and every seed is as good as another.
#[derive(Debug, Clone)]
struct Generator(u64);

impl Generator {
    fn among(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % count.max(1) as u64) as usize
    }
}

/// One run's choices: what is to be chosen, and what there was to choose from. After 1,000 choices, first come goes first.
///
/// All schedules of a run, depth first: begin with [`Schedule::default`], run, and go on with [`Schedule::next`] until there
/// is none. The run must be the same but for its choices.
#[derive(Debug, Clone, Default)]
pub struct Schedule(Arc<Mutex<Record>>);

#[derive(Debug, Default)]
struct Record {
    /// What is to be chosen first.
    given: Vec<usize>,
    /// What chooses then; without it, always the first.
    generator: Option<Generator>,
    /// What was chosen, among how many. A choice among one is none.
    made: Vec<(usize, usize)>,
}

impl Schedule {
    /// These choices, and always the first after them.
    #[must_use]
    pub fn of(choices: Vec<usize>) -> Self {
        Schedule(Arc::new(Mutex::new(Record { given: choices, ..Record::default() })))
    }

    /// The choices of [`Choose::seeded`], written down.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Schedule(Arc::new(Mutex::new(Record { generator: Some(Generator(seed)), ..Record::default() })))
    }

    /// What makes its choices. All such share the schedule, so that several stores can follow it.
    #[must_use]
    pub fn choose(&self) -> Choose {
        Choose(Kind::Scheduled(self.clone()))
    }

    /// What was chosen so far.
    #[must_use]
    pub fn choices(&self) -> Vec<usize> {
        self.with(|record| record.made.iter().map(|(chosen, _)| *chosen).collect())
    }

    /// Among how many each of [`choices`](Self::choices) was made.
    #[must_use]
    pub fn counts(&self) -> Vec<usize> {
        self.with(|record| record.made.iter().map(|(_, count)| *count).collect())
    }

    /// The schedule after this one: another choice at the last place where there is another.
    #[must_use]
    pub fn next(&self) -> Option<Self> {
        let mut made = self.with(|record| record.made.clone());
        while let Some((chosen, count)) = made.pop() {
            if chosen + 1 < count {
                let before = made.iter().map(|(chosen, _)| *chosen);
                return Some(Schedule::of(before.chain([chosen + 1]).collect()));
            }
        }
        None
    }

    fn among(&self, count: usize) -> usize {
        if count < 2 {
            return 0;
        }
        self.with(|record| {
            if record.made.len() >= MAX_CHOICES {
                return 0;
            }
            let chosen = match (record.given.get(record.made.len()), &mut record.generator) {
                (Some(&given), _) => given.min(count - 1),
                (None, Some(generator)) => generator.among(count),
                (None, None) => 0,
            };
            record.made.push((chosen, count));
            chosen
        })
    }

    fn with<R>(&self, body: impl FnOnce(&mut Record) -> R) -> R {
        body(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
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

    #[test]
    fn a_seeded_schedule_is_repeated_by_its_list() {
        let counts = [2, 1, 5, 3, 7];
        let run = |schedule: &Schedule| counts.map(|count| schedule.choose().among(count));
        let seeded = Schedule::seeded(3);
        let chosen = run(&seeded);
        assert_eq!(seeded.counts(), [2, 5, 3, 7], "a choice among one is none");
        assert_eq!(run(&Schedule::of(seeded.choices())), chosen);
    }

    #[test]
    fn a_run_that_spins_comes_to_an_end_of_its_choices() {
        let schedule = Schedule::seeded(1);
        let mut choose = schedule.choose();
        let chosen: Vec<_> = (0..2 * MAX_CHOICES).map(|_| choose.among(2)).collect();
        assert_eq!(schedule.choices(), chosen[..MAX_CHOICES]);
        assert!(chosen[MAX_CHOICES..].iter().all(|&chosen| chosen == 0));
    }

    #[test]
    fn every_schedule_is_met_once() {
        // What the second choice is among depends on the first.
        let run = |schedule: &Schedule| {
            let mut choose = schedule.choose();
            let first = choose.among(3);
            (first, choose.among(first + 1))
        };
        let mut met = Vec::new();
        let mut schedule = Some(Schedule::default());
        while let Some(this) = schedule {
            met.push(run(&this));
            schedule = this.next();
        }
        assert_eq!(met, [(0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2)]);
    }
}
