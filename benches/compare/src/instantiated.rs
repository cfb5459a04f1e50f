//! What is instantiated, and how, for both sides.

/// What is instantiated, and how.
#[derive(Clone, Copy)]
pub struct Instantiated {
    /// The component, which exports `ready: func() -> u32`.
    pub text: &'static str,
    /// How many instances one store gets before it is dropped.
    pub per_store: u64,
    /// Whether `ready` is called, too.
    pub call: bool,
}

impl Instantiated {
    /// How many instances each store gets so that there are `n`.
    pub fn stores(self, n: u64) -> impl Iterator<Item = u64> {
        (0..n).step_by(self.per_store as usize).map(move |at| self.per_store.min(n - at))
    }
}
