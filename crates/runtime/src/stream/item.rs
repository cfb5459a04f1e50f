//! What a stream or future is of, as short as it can be told.

use crate::types::ValType;

/// A payload type in one byte, which tells numbers apart, and those from all other types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Item(u8);

impl Item {
    /// Any type that is not a number.
    const OTHER: Item = Item(u8::MAX);

    /// That of a payload.
    pub(crate) fn of(payload: Option<&ValType>) -> Self {
        Item(match payload {
            None => 0,
            Some(ValType::U8) => 1,
            Some(ValType::U16) => 2,
            Some(ValType::U32) => 3,
            Some(ValType::U64) => 4,
            Some(ValType::S8) => 5,
            Some(ValType::S16) => 6,
            Some(ValType::S32) => 7,
            Some(ValType::S64) => 8,
            Some(ValType::F32) => 9,
            Some(ValType::F64) => 10,
            Some(_) => return Item::OTHER,
        })
    }

    /// Whether it is a number or nothing: its bytes are all there is to copy.
    #[inline]
    pub(crate) fn is_plain(self) -> bool {
        self != Item::OTHER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_an_item_of_its_own() {
        use ValType::{F32, F64, S8, S16, S32, S64, U8, U16, U32, U64};
        let numbers = [U8, U16, U32, U64, S8, S16, S32, S64, F32, F64];
        let mut items: Vec<_> = numbers.iter().map(Some).chain([None]).map(Item::of).collect();
        assert!(items.iter().all(|item| item.is_plain()));
        items.sort_unstable_by_key(|item| item.0);
        items.dedup();
        assert_eq!(items.len(), 11);
        for other in [ValType::Bool, ValType::Char, ValType::String, ValType::list(U8, None)] {
            assert!(!Item::of(Some(&other)).is_plain());
        }
    }
}
