//! Under which schedules a script runs.

use std::str::FromStr;

use thalweg::Schedule;

/// Schedules of one script that `exhaustive` runs at most.
const MAX_SCHEDULES: usize = 10_000;

/// Under which schedules a script runs.
#[derive(Debug, Clone)]
pub enum Schedules {
    /// First come first served.
    First,
    /// Under each of these seeds.
    Seeds(std::ops::Range<u64>),
    /// These choices.
    Choices(Vec<usize>),
    /// Under every one, at most so many.
    Exhaustive(usize),
}

/// The value of `--schedules`.
#[derive(Debug, Clone, Copy)]
pub struct Exhaustive(pub usize);

impl FromStr for Exhaustive {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (word, max) = text.split_once(':').map_or((text, None), |(word, max)| (word, Some(max)));
        if word != "exhaustive" {
            return Err("expected `exhaustive` or `exhaustive:MAX`".into());
        }
        match max {
            None => Ok(Exhaustive(MAX_SCHEDULES)),
            Some(max) => max.parse().map(Exhaustive).map_err(|_| format!("`{max}` is not a number")),
        }
    }
}

/// What comes after a run.
pub enum Next {
    /// Another run.
    Run(Schedule),
    /// Nothing: that was all.
    Done,
    /// There is more, but not so much was asked for.
    TooMany(usize),
}

impl Schedules {
    /// The first run's.
    pub fn first(&self) -> Schedule {
        match self {
            Schedules::First | Schedules::Exhaustive(_) => Schedule::default(),
            Schedules::Seeds(seeds) => Schedule::seeded(seeds.start),
            Schedules::Choices(choices) => Schedule::of(choices.clone()),
        }
    }

    /// What comes after `runs` runs, the last of them with `schedule`.
    pub fn next(&self, runs: usize, schedule: &Schedule) -> Next {
        match self {
            Schedules::First | Schedules::Choices(_) => Next::Done,
            Schedules::Seeds(seeds) => match seeds.clone().nth(runs) {
                Some(seed) => Next::Run(Schedule::seeded(seed)),
                None => Next::Done,
            },
            Schedules::Exhaustive(max) => match schedule.next() {
                Some(_) if runs >= *max => Next::TooMany(*max),
                Some(next) => Next::Run(next),
                None => Next::Done,
            },
        }
    }

    /// What went on in run number `runs`, for a report of failure.
    pub fn describe(&self, runs: usize, schedule: &Schedule) -> Option<String> {
        // The first is what comes after the last choice anyway.
        let choices = schedule.choices();
        let length = choices.iter().rposition(|&choice| choice != 0).map_or(1, |last| last + 1);
        let choices: Vec<_> = choices.iter().take(length).map(usize::to_string).collect();
        let choices = if choices.is_empty() { "0".into() } else { choices.join(",") };
        match self {
            Schedules::First => None,
            Schedules::Seeds(seeds) => Some(format!("seed {}, choices {choices}", seeds.start + runs as u64)),
            Schedules::Choices(_) | Schedules::Exhaustive(_) => Some(format!("choices {choices}")),
        }
    }
}
