//! Whether types of two components are the same: their resources have other numbers.

use super::{ResourceIndex, ValType};

/// Whether `a` is `b` but for the numbers of resources, of which `same` knows which mean the same.
pub(crate) fn same_type(a: &ValType, b: &ValType, same: &impl Fn(ResourceIndex, ResourceIndex) -> bool) -> bool {
    let each = |a: &ValType, b: &ValType| same_type(a, b, same);
    match (a, b) {
        (ValType::Own(a), ValType::Own(b)) | (ValType::Borrow(a), ValType::Borrow(b)) => same(*a, *b),
        (ValType::List(a), ValType::List(b)) => a.length == b.length && each(&a.element, &b.element),
        (ValType::Record(a), ValType::Record(b)) => {
            let fields = || a.fields.iter().zip(&b.fields);
            a.fields.len() == b.fields.len() && fields().all(|(a, b)| a.name == b.name && each(&a.ty, &b.ty))
        }
        (ValType::Tuple(a), ValType::Tuple(b)) => {
            let elements = || a.elements.iter().zip(&b.elements);
            a.elements.len() == b.elements.len() && elements().all(|(a, b)| each(&a.ty, &b.ty))
        }
        (ValType::Variant(a), ValType::Variant(b)) => {
            let cases = || a.cases.iter().zip(&b.cases);
            let part = |a: &Option<ValType>, b: &Option<ValType>| same_payload(a.as_ref(), b.as_ref(), same);
            a.cases.len() == b.cases.len() && cases().all(|(a, b)| a.name == b.name && part(&a.ty, &b.ty))
        }
        (ValType::Option(a), ValType::Option(b)) => each(&a.some, &b.some),
        (ValType::Result(a), ValType::Result(b)) => {
            same_payload(a.ok.as_ref(), b.ok.as_ref(), same) && same_payload(a.err.as_ref(), b.err.as_ref(), same)
        }
        (ValType::Map(a), ValType::Map(b)) => {
            let elements = || a.entry.elements.iter().zip(&b.entry.elements);
            a.entry.elements.len() == b.entry.elements.len() && elements().all(|(a, b)| each(&a.ty, &b.ty))
        }
        (ValType::Stream(a), ValType::Stream(b)) | (ValType::Future(a), ValType::Future(b)) => {
            same_payload(a.payload.as_ref(), b.payload.as_ref(), same)
        }
        // No resources can be in these.
        _ => a == b,
    }
}

/// [`same_type`] of payloads, which may be absent.
pub(crate) fn same_payload(
    a: Option<&ValType>,
    b: Option<&ValType>,
    same: &impl Fn(ResourceIndex, ResourceIndex) -> bool,
) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => same_type(a, b, same),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A type with the resource `index` in every place.
    fn with(index: u32, label: &str) -> ValType {
        let own = || ValType::Own(ResourceIndex(index));
        ValType::record(vec![
            (label.into(), ValType::list(own(), None)),
            ("b".into(), ValType::tuple(vec![own(), ValType::U8])),
            ("c".into(), ValType::variant(vec![("x".into(), Some(own())), ("y".into(), None)])),
            ("d".into(), ValType::result(Some(ValType::option(own())), None)),
            ("e".into(), ValType::stream(Some(ValType::future(Some(own()))))),
            ("f".into(), ValType::map(ValType::U8, own())),
        ])
    }

    #[test]
    fn only_the_numbers_of_resources_may_differ() {
        let shifted = |a: ResourceIndex, b: ResourceIndex| a.0 + 1 == b.0;
        assert!(same_type(&with(1, "a"), &with(2, "a"), &shifted));
        assert!(!same_type(&with(1, "a"), &with(1, "a"), &shifted));
        assert!(!same_type(&with(1, "a"), &with(2, "z"), &shifted));
        let pairs = [
            (ValType::U8, ValType::S8),
            (ValType::list(ValType::U8, None), ValType::list(ValType::U8, Some(2))),
            (ValType::stream(None), ValType::stream(Some(ValType::U8))),
            (ValType::tuple(vec![ValType::U8]), ValType::tuple(vec![ValType::U8, ValType::U8])),
            (ValType::Own(ResourceIndex(1)), ValType::Borrow(ResourceIndex(2))),
        ];
        for (a, b) in pairs {
            assert!(same_type(&a, &a, &|a, b| a == b) && !same_type(&a, &b, &shifted), "{a} {b}");
        }
    }
}
