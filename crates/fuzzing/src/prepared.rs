//! Components that a target compiles for its input, kept for the next inputs, which mostly want the same ones.

use std::collections::HashMap;
use std::rc::Rc;

use thalweg_testkit::abi::Random;

/// So many are kept; then all go.
const KEPT: usize = 300;
/// Numbers of a first byte that stand for a shape; with any other, the bytes behind it choose the shape.
const SHAPES: u8 = 250;
/// How many bytes do.
const SHAPE_BYTES: usize = 48;

/// What chooses the shape of components, and the rest of the input. Compiling takes a thousand times as long as calling, so
/// most inputs share one of a few shapes.
pub fn shape(data: &[u8]) -> (Random, &[u8]) {
    match data {
        [number @ ..SHAPES, rest @ ..] => (Random::new((*number).into()), rest),
        [_, rest @ ..] => {
            let (shape, rest) = rest.split_at(rest.len().min(SHAPE_BYTES));
            (Random::of_bytes(shape), rest)
        }
        [] => (Random::of_bytes(data), data),
    }
}

/// What was made, by the text it was made of.
pub struct Kept<T>(HashMap<String, Rc<T>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Kept(HashMap::new())
    }
}

impl<T> Kept<T> {
    /// What `make` makes of `text`, or made of it before.
    pub fn get(&mut self, text: String, make: impl FnOnce(&str) -> T) -> Rc<T> {
        if let Some(made) = self.0.get(&text) {
            return made.clone();
        }
        if self.0.len() >= KEPT {
            self.0.clear();
        }
        let made = Rc::new(make(&text));
        self.0.insert(text, made.clone());
        made
    }
}
