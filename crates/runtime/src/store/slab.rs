//! A vector with holes: numbers stay valid until removed, freed numbers are used again, last freed first.

use std::marker::PhantomData;
use std::num::NonZeroU32;

use crate::Result;
use crate::error::bug;

/// A typed number in a [`Slab`].
pub(crate) struct Id<T> {
    index: u32,
    /// Never 0, so that an optional number takes no more room than a number.
    generation: NonZeroU32,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Id<T> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        (self.index, self.generation) == (other.index, other.generation)
    }
}

impl<T> Eq for Id<T> {}

impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.index, self.generation).cmp(&(other.index, other.generation))
    }
}

impl<T> std::hash::Hash for Id<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.index, self.generation).hash(state);
    }
}

impl<T> std::fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.index)
    }
}

impl<T> Id<T> {
    /// A number that nothing ever has.
    pub(crate) const NONE: Self = Id { index: u32::MAX, generation: NonZeroU32::MAX, of: PhantomData };

    /// The number as people see it in reports.
    pub(crate) fn number(self) -> u32 {
        self.index
    }
}

/// See the page. A stale [`Id`] (removed, the place used again) is found out by its generation.
pub(crate) struct Slab<T> {
    places: Vec<(NonZeroU32, Option<T>)>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab { places: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// Puts `value` in.
    #[inline]
    pub(crate) fn insert(&mut self, value: T) -> Id<T> {
        self.insert_with(|| value)
    }

    /// Puts the value in that `make` makes, where it stays.
    #[inline]
    pub(crate) fn insert_with(&mut self, make: impl FnOnce() -> T) -> Id<T> {
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                self.places.push((NonZeroU32::MIN, None));
                (self.places.len() - 1) as u32
            }
        };
        let place = &mut self.places[index as usize];
        // A free place has no value.
        place.1.get_or_insert_with(make);
        Id { index, generation: place.0, of: PhantomData }
    }

    /// The number that the next value gets that is put in.
    #[inline]
    pub(crate) fn next_id(&self) -> Id<T> {
        let index = self.free.last().copied().unwrap_or(self.places.len() as u32);
        let generation = self.places.get(index as usize).map_or(NonZeroU32::MIN, |place| place.0);
        Id { index, generation, of: PhantomData }
    }

    /// The number of the value that is at the place `number` now.
    #[inline]
    pub(crate) fn at(&self, number: u32) -> Option<Id<T>> {
        let (generation, value) = self.places.get(number as usize)?;
        value.as_ref().map(|_| Id { index: number, generation: *generation, of: PhantomData })
    }

    /// The value, if it is still there.
    #[inline]
    pub(crate) fn find(&self, id: Id<T>) -> Option<&T> {
        self.places.get(id.index as usize).filter(|place| place.0 == id.generation)?.1.as_ref()
    }

    /// The value to change, if it is still there.
    #[inline]
    pub(crate) fn find_mut(&mut self, id: Id<T>) -> Option<&mut T> {
        self.places.get_mut(id.index as usize).filter(|place| place.0 == id.generation)?.1.as_mut()
    }

    /// The value, which must be there.
    #[inline]
    pub(crate) fn get(&self, id: Id<T>) -> Result<&T> {
        self.find(id).ok_or_else(|| stale::<T>(id.index))
    }

    /// The value to change, which must be there.
    #[inline]
    pub(crate) fn get_mut(&mut self, id: Id<T>) -> Result<&mut T> {
        self.find_mut(id).ok_or_else(|| stale::<T>(id.index))
    }

    /// Takes the value out; its place may be used again.
    #[inline]
    pub(crate) fn remove(&mut self, id: Id<T>) -> Option<T> {
        let place = self.places.get_mut(id.index as usize).filter(|place| place.0 == id.generation)?;
        let value = place.1.take()?;
        place.0 = after(place.0);
        self.free.push(id.index);
        Some(value)
    }

    /// Drops the value where it is; its place may be used again.
    #[inline(always)]
    pub(crate) fn discard(&mut self, id: Id<T>) {
        if let Some(place) = self.places.get_mut(id.index as usize)
            && place.0 == id.generation
            && place.1.is_some()
        {
            place.1 = None;
            place.0 = after(place.0);
            self.free.push(id.index);
        }
    }

    /// How many values there are.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// Every value with its number, in order of the numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Id<T>, &T)> {
        self.places.iter().enumerate().filter_map(|(index, (generation, value))| {
            let id = Id { index: index as u32, generation: *generation, of: PhantomData };
            value.as_ref().map(|value| (id, value))
        })
    }

    /// Every value to change, in order of the numbers.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.places.iter_mut().filter_map(|(_, value)| value.as_mut())
    }
}

/// The generation after `generation`.
#[inline]
fn after(generation: NonZeroU32) -> NonZeroU32 {
    generation.checked_add(1).unwrap_or(NonZeroU32::MIN)
}

#[cold]
fn stale<T>(index: u32) -> crate::Error {
    bug!("{} {index} is gone", std::any::type_name::<T>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_freed_place_is_used_again_but_the_old_number_is_stale() {
        let mut slab = Slab::default();
        let a = slab.insert("a");
        let b = slab.insert("b");
        assert_eq!(slab.remove(a), Some("a"));
        let next = slab.next_id();
        let c = slab.insert("c");
        assert!(next == c);
        assert_eq!(c.number(), a.number());
        assert!(slab.at(a.number()) == Some(c) && slab.at(7).is_none());
        assert!(slab.find(a).is_none());
        assert!(slab.get(a).is_err());
        assert_eq!((slab.find(b), slab.find(c), slab.len()), (Some(&"b"), Some(&"c"), 2));
    }
}
