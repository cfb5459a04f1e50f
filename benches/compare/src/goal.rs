//! What a row is to reach.

use std::fmt;

/// A bound on a row's figures.
#[derive(Clone, Copy)]
pub enum Goal {
    /// The peer takes at least so many times as much.
    Faster(f64),
    /// Not slower than the peer, within what two runs of the same work differ by.
    NotSlower,
    /// At most so many times the machine's limit.
    OfLimit(f64),
    /// At most so much, in the row's unit.
    AtMost(f64),
}

/// By how much two runs of the same work differ here.
const NOISE: f64 = 0.05;

/// What a goal is held against.
pub struct Reached {
    pub ours: f64,
    /// How many times as much the peer took.
    pub times: Option<f64>,
    pub limit: Option<f64>,
}

impl Goal {
    /// Whether it is reached; `None` when the figure it needs is missing.
    pub fn is_met(self, reached: &Reached) -> Option<bool> {
        match self {
            Goal::Faster(factor) => reached.times.map(|times| times >= factor),
            Goal::NotSlower => reached.times.map(|times| times >= 1.0 - NOISE),
            Goal::OfLimit(factor) => reached.limit.map(|limit| reached.ours <= limit * factor),
            Goal::AtMost(most) => Some(reached.ours <= most),
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Goal::Faster(factor) => write!(f, ">= {factor}x"),
            Goal::NotSlower => write!(f, "not slower"),
            Goal::OfLimit(factor) => write!(f, "<= {factor} of limit"),
            Goal::AtMost(most) => write!(f, "<= {most}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_goal_can_be_missed() {
        let reached = Reached { ours: 10.0, times: Some(2.0), limit: Some(8.0) };
        for (met, missed) in [
            (Goal::Faster(2.0), Goal::Faster(2.1)),
            (Goal::OfLimit(1.25), Goal::OfLimit(1.2)),
            (Goal::AtMost(10.0), Goal::AtMost(9.0)),
        ] {
            assert_eq!((met.is_met(&reached), missed.is_met(&reached)), (Some(true), Some(false)), "{met}");
        }
        let slower = |times| Goal::NotSlower.is_met(&Reached { ours: 1.0, times: Some(times), limit: None });
        assert_eq!((slower(0.96), slower(0.9)), (Some(true), Some(false)));
    }

    #[test]
    fn a_missing_figure_is_no_success() {
        let reached = Reached { ours: 10.0, times: None, limit: None };
        assert_eq!(Goal::Faster(1.0).is_met(&reached), None);
        assert_eq!(Goal::OfLimit(1.0).is_met(&reached), None);
    }
}
