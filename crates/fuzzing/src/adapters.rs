//! Compiled adapters against the runtime's own way of calling: the same memory afterwards, or the same trap.

use std::cell::RefCell;

use thalweg_testkit::abi::{ENCODINGS, Pair, Random, Twins, image, without_nans};

use crate::prepared::{Kept, shape};

/// Types of one pair of components.
const TYPES: usize = 3;

thread_local! {
    static KEPT: RefCell<Kept<Twins>> = RefCell::default();
}

/// The first bytes choose types, encodings and the function, the others are what lies in the memory of the caller, or choose
/// it.
pub fn adapters(data: &[u8]) {
    let (mut random, memory) = shape(data);
    let encodings = [0; 2].map(|_| ENCODINGS[random.below(3)]);
    let types: Vec<_> = (0..TYPES).map(|_| random.ty(3)).collect();
    let ptrs = [0; 2].map(|_| random.ptr());
    let twins = KEPT.with_borrow_mut(|kept| kept.get(Pair::of(&types, encodings, ptrs), Twins::of));
    let mut random = Random::of_bytes(memory);
    let (call, as_they_are) = (random.below(3), random.coin());
    let memory = memory.get(2..).unwrap_or_default();
    for (i, ty) in types.iter().enumerate() {
        let kind = ["flat", "memory", "back"][(call + i) % 3];
        let giver = ptrs[usize::from(kind == "back")];
        let image = match as_they_are {
            true => without_nans(memory.to_vec()),
            false => image(&mut Random::of_bytes(memory), giver),
        };
        if kind != "flat" || ty.flat_count().is_some() {
            let _ = twins.call(&format!("{kind}{i}"), &image);
        }
    }
}
