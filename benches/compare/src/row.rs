//! A row of the comparison: the same work for both runtimes, and what we want of it.

use crate::figure::Figure;
use crate::goal::Goal;

/// Why a row has no figures.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Does an operation so many times and says what that cost.
pub type Work = Box<dyn FnMut(u64) -> Result<Figure, Failure>>;

/// Gets everything ready, so that the work alone is measured.
pub type Prepare = Box<dyn Fn() -> Result<Work, Failure>>;

/// Work whose CPU time on this thread is the figure.
pub fn timed(mut work: impl FnMut(u64) -> Result<(), Failure> + 'static) -> Work {
    Box::new(move |n| Figure::of(|| work(n)))
}

/// How many operations are one batch.
#[derive(Clone, Copy)]
pub enum Batch {
    /// As many as take the time of a batch, up to this many.
    UpTo(u64),
    /// One by itself is enough work; this many rounds of it.
    Single { rounds: usize },
}

/// The peer with one of its settings. The fastest one counts.
pub struct Peer {
    pub settings: &'static str,
    pub prepare: Prepare,
}

/// What the machine, or core wasm alone, needs for as much.
pub struct Limit {
    pub name: &'static str,
    pub prepare: Prepare,
}

/// One line of the table.
pub struct Row {
    pub name: String,
    /// What the figures are: `ns/call`, `B/task`.
    pub unit: &'static str,
    pub batch: Batch,
    pub ours: Prepare,
    pub peers: Vec<Peer>,
    pub limit: Option<Limit>,
    pub goals: Vec<Goal>,
    /// Whether the time that passed is of interest too.
    pub by_wall: bool,
}

impl Row {
    pub fn new(name: impl Into<String>, unit: &'static str, ours: impl Fn() -> Result<Work, Failure> + 'static) -> Row {
        Row {
            name: name.into(),
            unit,
            batch: Batch::UpTo(u64::from(u32::MAX)),
            ours: Box::new(ours),
            peers: Vec::new(),
            limit: None,
            goals: Vec::new(),
            by_wall: false,
        }
    }

    pub fn peer(mut self, settings: &'static str, prepare: impl Fn() -> Result<Work, Failure> + 'static) -> Row {
        self.peers.push(Peer { settings, prepare: Box::new(prepare) });
        self
    }

    pub fn limit(mut self, name: &'static str, prepare: impl Fn() -> Result<Work, Failure> + 'static) -> Row {
        self.limit = Some(Limit { name, prepare: Box::new(prepare) });
        self
    }

    pub fn batch(mut self, batch: Batch) -> Row {
        self.batch = batch;
        self
    }

    /// Shows how many times as long the peer took by the clock on the wall.
    pub fn by_wall(mut self) -> Row {
        self.by_wall = true;
        self
    }

    pub fn goal(mut self, goal: Goal) -> Row {
        self.goals.push(goal);
        self
    }
}
