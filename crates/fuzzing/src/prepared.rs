//! Components that a target compiles for its input, kept for the next inputs, which mostly want the same ones.

use std::collections::HashMap;
use std::rc::Rc;

/// So many are kept; then all go.
const KEPT: usize = 200;

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
