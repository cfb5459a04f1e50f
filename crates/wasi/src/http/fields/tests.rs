//! What may be changed, and what never is.

use super::*;

fn some() -> Fields {
    let list = [("Accept", "a"), ("x", "1"), ("ACCEPT", "b")];
    let list = list.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
    Fields::from_list(DEFAULT_MAX_FIELDS_SIZE, list.into()).expect("fields")
}

fn names(fields: &Fields) -> Vec<String> {
    fields.copy_all().into_iter().map(|(name, _)| name).collect()
}

#[test]
fn names_know_no_case_and_keep_their_first_spelling() {
    let mut fields = some();
    assert_eq!(fields.get("aCCept"), [b"a".to_vec(), b"b".to_vec()]);
    assert_eq!(names(&fields), ["Accept", "x", "Accept"]);
    assert_eq!(fields.to_headers().get_all("accept").iter().count(), 2);
    assert_eq!(fields.get_and_delete("accept"), Ok(vec![b"a".to_vec(), b"b".to_vec()]));
    assert!(!fields.has("Accept") && fields.has("X"));
}

#[test]
fn what_is_no_field_is_refused_and_changes_nothing() {
    let mut fields = some();
    assert_eq!(fields.append("a b", b""), Err(HeaderError::InvalidSyntax));
    assert_eq!(fields.set("x", &[b"1".to_vec(), b"\n".to_vec()]), Err(HeaderError::InvalidSyntax));
    assert_eq!(fields.get_and_delete(""), Err(HeaderError::InvalidSyntax));
    assert_eq!(fields.append("Transfer-Encoding", b"chunked"), Err(HeaderError::Forbidden));
    assert!(!fields.has("a b") && fields.get("").is_empty());
    assert_eq!(fields.copy_all(), some().copy_all());
}

#[test]
fn immutable_fields_have_copies_that_are_not() {
    let mut fields = some().immutable();
    assert_eq!(fields.append("x", b"2"), Err(HeaderError::Immutable));
    assert_eq!(fields.set("x", &[]), Err(HeaderError::Immutable));
    assert_eq!(fields.get_and_delete("x"), Err(HeaderError::Immutable));
    let mut copy = fields.mutable_copy();
    assert_eq!(copy.append("x", b"2"), Ok(()));
    assert_eq!((fields.get("x").len(), copy.get("x").len()), (1, 2));
}

#[test]
fn the_size_is_bounded_and_given_back() {
    let one = "name".len() + 10 + FIELD_OVERHEAD;
    let mut fields = Fields::new(2 * one);
    assert_eq!(fields.append("name", &[b'x'; 10]), Ok(()));
    assert_eq!(fields.append("name", &[b'x'; 11]), Err(HeaderError::SizeExceeded));
    assert_eq!(fields.append("name", &[b'x'; 10]), Ok(()));
    assert_eq!(fields.append("n", b""), Err(HeaderError::SizeExceeded));
    assert_eq!(fields.set("name", &vec![vec![b'x'; 10]; 3]), Err(HeaderError::SizeExceeded));
    assert_eq!(fields.set("name", &vec![vec![b'x'; 10]; 2]), Ok(()));
    assert_eq!(fields.get_and_delete("name").map(|values| values.len()), Ok(2));
    assert_eq!(fields.size(), 0);
}

#[test]
fn what_is_about_the_connection_stays_there() {
    let mut headers = HeaderMap::new();
    for (name, value) in [("connection", "close, x-hop"), ("x-hop", "1"), ("host", "h"), ("x-end", "2")] {
        headers.append(name, HeaderValue::from_static(value));
    }
    let fields = Fields::received(&headers, DEFAULT_MAX_FIELDS_SIZE).expect("room");
    assert_eq!(names(&fields), ["x-end"]);
    assert_eq!(Fields::received(&headers, 10).err(), Some("x-end".len() + 1 + FIELD_OVERHEAD));
}
