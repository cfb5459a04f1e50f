//! What one batch of work cost, and what a row of batches says.

use std::time::Instant;

use cpu_time::ThreadTime;

/// The cost of a batch, or of one operation of it.
#[derive(Clone, Copy)]
pub struct Figure {
    /// What the row is about: nanoseconds of CPU, or bytes.
    pub value: f64,
    /// Nanoseconds that passed.
    pub wall: f64,
}

impl Figure {
    /// Runs `work` and says what CPU time this thread spent on it. Other people's load on the machine does not count.
    pub fn of<E>(work: impl FnOnce() -> Result<(), E>) -> Result<Figure, E> {
        let (cpu, wall) = (thread_cpu(), Instant::now());
        work()?;
        let cpu = thread_cpu() - cpu;
        Ok(Figure { value: cpu, wall: wall.elapsed().as_nanos() as f64 })
    }

    /// The share of one of `n` operations.
    pub fn per(self, n: u64) -> Figure {
        Figure { value: self.value / n as f64, wall: self.wall / n as f64 }
    }
}

/// Nanoseconds of CPU that this thread used.
pub fn thread_cpu() -> f64 {
    ThreadTime::now().as_duration().as_nanos() as f64
}

/// The figures of one side, one for each round, in the order of the rounds.
#[derive(Clone, Default)]
pub struct Rounds(pub Vec<Figure>);

impl Rounds {
    /// The middle one.
    pub fn median(&self) -> f64 {
        median(self.0.iter().map(|figure| figure.value))
    }

    /// The middle one by the clock on the wall.
    pub fn median_wall(&self) -> f64 {
        median(self.0.iter().map(|figure| figure.wall))
    }

    /// The smallest one.
    pub fn best(&self) -> f64 {
        self.0.iter().map(|figure| figure.value).fold(f64::INFINITY, f64::min)
    }

    /// How far the middle half of the rounds lies apart, as a share of the median.
    pub fn spread(&self) -> f64 {
        let sorted = sorted(self.0.iter().map(|figure| figure.value));
        let at = |quarter: usize| sorted.get(sorted.len() * quarter / 4).copied().unwrap_or(f64::NAN);
        (at(3) - at(1)) / self.median()
    }

    /// How many times as much `other` took: the middle of the quotients of rounds that ran one after the other, which a
    /// machine that becomes slower in between does not disturb.
    pub fn times(&self, other: &Rounds, of: impl Fn(&Figure) -> f64) -> f64 {
        median(self.0.iter().zip(&other.0).map(|(ours, theirs)| of(theirs) / of(ours)))
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let sorted = sorted(values);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(values: &[f64]) -> Rounds {
        Rounds(values.iter().map(|&value| Figure { value, wall: 2.0 * value }).collect())
    }

    #[test]
    fn the_middle_counts() {
        let rounds = rounds(&[5.0, 1.0, 100.0, 3.0, 4.0]);
        assert_eq!((rounds.median(), rounds.median_wall(), rounds.best()), (4.0, 8.0, 1.0));
        assert_eq!(rounds.spread(), (5.0 - 3.0) / 4.0);
    }

    #[test]
    fn a_machine_that_slows_down_does_not_change_the_quotient() {
        let (ours, theirs) = (rounds(&[1.0, 2.0, 9.0]), rounds(&[3.0, 6.0, 27.0]));
        assert_eq!(ours.times(&theirs, |figure| figure.value), 3.0);
    }
}
