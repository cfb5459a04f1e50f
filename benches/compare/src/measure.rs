//! Measuring a row: batches of both sides in turn.

use crate::figure::Rounds;
use crate::row::{Batch, Failure, Row, Work};

/// How long to measure.
#[derive(Clone, Copy)]
pub struct Effort {
    /// Nanoseconds of a batch.
    pub batch: f64,
    pub rounds: usize,
}

impl Effort {
    pub const USUAL: Effort = Effort { batch: 2e7, rounds: 15 };
    /// Shows that a row works; its figures say little.
    pub const QUICK: Effort = Effort { batch: 1e6, rounds: 3 };
}

/// Batches with which the peer's settings are compared.
const TRIALS: usize = 3;

/// The figures of a row.
pub struct Measured {
    pub ours: Rounds,
    pub peer: Option<(&'static str, Rounds)>,
    pub limit: Option<(&'static str, Rounds)>,
}

/// One of those who take turns.
struct Side {
    work: Work,
    batch: u64,
    rounds: Rounds,
}

impl Side {
    fn new(mut work: Work, batch: Batch, effort: Effort) -> Result<Side, Failure> {
        let batch = match batch {
            Batch::UpTo(most) => calibrate(&mut work, most, effort.batch)?,
            Batch::Single { .. } => 1,
        };
        Ok(Side { work, batch, rounds: Rounds::default() })
    }

    fn turn(&mut self) -> Result<(), Failure> {
        let figure = (self.work)(self.batch)?;
        self.rounds.0.push(figure.per(self.batch));
        Ok(())
    }
}

/// Measures a row: ours, the peer's, the limit's, ours, the peer's, …
pub fn measure(row: &Row, effort: Effort) -> Result<Measured, Failure> {
    let rounds = match row.batch {
        Batch::UpTo(_) => effort.rounds,
        Batch::Single { rounds } => rounds.min(effort.rounds),
    };
    let mut ours = Side::new((row.ours)()?, row.batch, effort)?;
    let mut peer = fastest_peer(row, effort)?;
    let mut limit = match &row.limit {
        Some(limit) => Some((limit.name, Side::new((limit.prepare)()?, row.batch, effort)?)),
        None => None,
    };
    for _ in 0..rounds {
        ours.turn()?;
        if let Some((_, peer)) = &mut peer {
            peer.turn()?;
        }
        if let Some((_, limit)) = &mut limit {
            limit.turn()?;
        }
    }
    Ok(Measured {
        ours: ours.rounds,
        peer: peer.map(|(settings, side)| (settings, side.rounds)),
        limit: limit.map(|(name, side)| (name, side.rounds)),
    })
}

/// The peer with the settings that suit this row best.
fn fastest_peer(row: &Row, effort: Effort) -> Result<Option<(&'static str, Side)>, Failure> {
    let mut best: Option<(&'static str, Side)> = None;
    for peer in &row.peers {
        let mut side = Side::new((peer.prepare)()?, row.batch, effort)?;
        if row.peers.len() > 1 {
            for _ in 0..TRIALS {
                side.turn()?;
            }
        }
        if best.as_ref().is_none_or(|(_, best)| side.rounds.median() < best.rounds.median()) {
            best = Some((peer.settings, side));
        }
    }
    if let Some((_, side)) = &mut best {
        side.rounds = Rounds::default();
    }
    Ok(best)
}

/// How many operations take about `target` nanoseconds.
fn calibrate(work: &mut Work, most: u64, target: f64) -> Result<u64, Failure> {
    let mut n = 1;
    loop {
        let took = work(n)?.value.max(1.0);
        if took > target / 8.0 || n >= most {
            return Ok(((n as f64 * target / took) as u64).clamp(1, most));
        }
        n = (n * 4).min(most);
    }
}
