//! Excerpts: text out of a component is as long as the component likes.

/// `text`, cut after `length` characters.
pub(crate) fn excerpt(mut text: String, length: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(length) {
        text.truncate(end);
        text.push_str("...");
    }
    text
}
