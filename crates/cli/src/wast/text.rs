//! What the text parser says, in the words that the standard's tests know.

/// An error of the text parser, begun with what the standard's tests call it where the parser knows more.
///
/// An attribute of a name that is there twice is a token which the grammar does not expect. Spec: Explainer.md,
/// `attribute`; the tests are those of `validation/attributes.wast`.
pub fn in_the_standards_words(error: String) -> String {
    if error.starts_with("duplicate `") && error.ends_with("` attribute") {
        return format!("unexpected token: {error}");
    }
    error
}

#[cfg(test)]
mod tests {
    use super::in_the_standards_words;

    #[test]
    fn only_attributes_are_called_so() {
        let said = |text: &str| in_the_standards_words(text.to_owned());
        assert_eq!(said("duplicate `implements` attribute"), "unexpected token: duplicate `implements` attribute");
        assert_eq!(said("duplicate func identifier"), "duplicate func identifier");
    }
}
