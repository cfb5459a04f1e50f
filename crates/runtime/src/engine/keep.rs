//! What functions that stores share keep in each store: cells that are filled once and stay where they are, so that a call
//! can use what is in them and the store at the same time.

use std::cell::OnceCell;
use std::marker::PhantomData;

use super::store::{StoreHandle, StoreMut};
use crate::canon::Kept;

/// The cells of one place, by number.
type Cells = Box<[OnceCell<Kept>]>;

/// The cells of a store. They are beside the engine's store, not in it.
#[derive(Default)]
pub(super) struct Keep {
    /// Those of place 0, which most stores have alone.
    first: OnceCell<Cells>,
    others: OnceCell<Box<[OnceCell<Cells>]>>,
}

/// How many places there are.
pub(crate) const PLACES: usize = 64;

/// What is kept goes where its store goes.
const _: () = {
    const fn goes_anywhere<T: Send + Sync>() {}
    goes_anywhere::<Kept>();
};

impl Keep {
    #[inline]
    fn kept(&self, place: usize, number: usize) -> Option<&Kept> {
        let cells = match place {
            0 => self.first.get()?,
            _ => self.others.get()?.get(place - 1)?.get()?,
        };
        cells.get(number)?.get()
    }

    #[cold]
    fn cell(&self, place: usize, count: usize, number: usize) -> Option<&OnceCell<Kept>> {
        let cells = match place {
            0 => &self.first,
            _ => self.others.get_or_init(|| (1..PLACES).map(|_| OnceCell::new()).collect()).get(place - 1)?,
        };
        cells.get_or_init(|| (0..count).map(|_| OnceCell::new()).collect()).get(number)
    }
}

/// The way to a store's cells, for as long as somebody may use the store.
#[derive(Clone, Copy)]
pub(crate) struct Keeper<'a> {
    store: StoreHandle,
    of: PhantomData<&'a ()>,
}

impl<'a> StoreMut<'a> {
    /// The way to what is kept. It borrows nothing of the store.
    #[inline]
    pub(crate) fn keeper(&self) -> Keeper<'a> {
        Keeper { store: self.handle, of: PhantomData }
    }
}

impl Keeper<'_> {
    /// What is in cell `number` of `place`.
    #[inline]
    pub(crate) fn kept(&self, place: usize, number: usize) -> Option<&Kept> {
        self.store.turn().keep.kept(place, number)
    }

    /// The cell `number` of the `count` cells of `place`; none beyond them, or beyond [`PLACES`].
    pub(crate) fn cell(&self, place: usize, count: usize, number: usize) -> Option<&OnceCell<Kept>> {
        self.store.turn().keep.cell(place, count, number)
    }
}
