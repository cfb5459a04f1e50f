//! What the headers say of a body's length.

use super::Fields;

/// The length that `content-length` promises, if it is there.
///
/// # Errors
///
/// When it is no number, or several.
pub(crate) fn content_length(headers: &Fields) -> Result<Option<u64>, ()> {
    let mut length = None;
    for value in headers.values("content-length") {
        let text = value.to_str().map_err(drop)?;
        // `parse` takes a sign.
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(());
        }
        let this: u64 = text.parse().map_err(drop)?;
        if length.replace(this).is_some_and(|other| other != this) {
            return Err(());
        }
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_one_number() {
        let of = |values: &[&str]| {
            let mut fields = Fields::new(1000);
            for value in values {
                fields.append("Content-Length", value.as_bytes()).expect("room");
            }
            content_length(&fields)
        };
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&["7"]), Ok(Some(7)));
        assert_eq!(of(&["7", "07"]), Ok(Some(7)));
        for wrong in [&["7", "8"][..], &["+7"], &["-1"], &["7,7"], &[""], &["0x7"], &["99999999999999999999"]] {
            assert_eq!(of(wrong), Err(()), "{wrong:?}");
        }
    }
}
