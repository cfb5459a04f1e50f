//! Components in text for random types, and values and memory for them: what tests of the Canonical ABI and the fuzz targets
//! share.

mod allocator;
mod both;
mod echo;
mod pair;
mod random;
mod run;
mod twins;

pub use allocator::{allocator, ptr_name};
pub use both::both;
pub use echo::{Echo, pad};
pub use pair::{ENCODINGS, Pair};
pub use random::Random;
pub use run::{instantiate, instantiate_with};
pub use twins::{Twins, image, without_nans};
