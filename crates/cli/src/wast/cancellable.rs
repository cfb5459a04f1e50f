//! `cancellable` in a script's text, which the text parser refuses and the rules of August 2026 have.
//!
//! The word is taken out of the text, and its immediate is set in the bytes again: the canonical definitions of a component
//! have the same order in both.

use wast::lexer::{Lexer, TokenKind};

/// The built-ins that can be so.
const BUILT_INS: [&str; 8] = [
    "thread.yield",
    "thread.suspend",
    "thread.suspend-then-resume",
    "thread.yield-then-resume",
    "thread.suspend-then-promote",
    "thread.yield-then-promote",
    "waitable-set.wait",
    "waitable-set.poll",
];

/// A built-in in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    /// Where its name is.
    offset: usize,
    cancellable: bool,
}

/// The built-ins of a text that can be `cancellable`, in order.
#[derive(Debug, Default)]
pub struct Cancellable(Vec<Place>);

impl Cancellable {
    /// Finds them in `text` and puts spaces in the place of the word.
    pub fn take_out(text: &mut String) -> Self {
        let mut words = Vec::new();
        let mut lexer = Lexer::new(text);
        lexer.allow_confusing_unicode(true);
        for token in lexer.iter(0).map_while(Result::ok) {
            if !matches!(token.kind, TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment) {
                words.push((token.offset, token.src(text).to_owned()));
            }
        }
        let mut places = Vec::new();
        let mut found = Vec::new();
        for window in words.windows(3) {
            let [(_, canon), (offset, built_in), (word, next)] = window else { continue };
            if canon == "canon" && BUILT_INS.contains(&built_in.as_str()) {
                let cancellable = next == "cancellable";
                places.push(Place { offset: *offset, cancellable });
                found.extend(cancellable.then_some(*word));
            }
        }
        for word in found {
            text.replace_range(word..word + "cancellable".len(), "           ");
        }
        Cancellable(places)
    }

    /// What is said of those within `range`.
    pub fn within(&self, range: std::ops::Range<usize>) -> Vec<bool> {
        let places = self.0.iter().filter(|place| range.contains(&place.offset));
        places.map(|place| place.cancellable).collect()
    }
}

/// Sets the immediates of `bytes` that are `flags` in the text.
pub fn put_back(bytes: &mut [u8], flags: &[bool]) -> Result<(), String> {
    if !flags.contains(&true) {
        return Ok(());
    }
    let places = thalweg::cancellable_immediates(bytes).map_err(|error| error.to_string())?;
    if places.len() != flags.len() {
        let (text, binary) = (flags.len(), places.len());
        return Err(format!("`cancellable` can't be found again: {text} built-ins in the text, {binary} in its bytes"));
    }
    for (place, &flag) in places.into_iter().zip(flags) {
        if let Some(byte) = bytes.get_mut(place) {
            *byte = u8::from(flag);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_goes_out_of_the_text_and_its_immediate_into_the_bytes() {
        let mut text = String::from(
            r#"(component
                (; (canon thread.yield cancellable) ;)
                (core func (canon thread.yield))
                (component (canon thread.yield (; now ;) cancellable (core func)))
                (core func $x (canon thread.suspend cancellable)))"#,
        );
        let length = text.len();
        let flags = Cancellable::take_out(&mut text).within(0..length);
        assert_eq!(flags, [false, true, true]);
        assert_eq!((text.len(), text.matches("cancellable").count()), (length, 1));
        let lexer = wast::parser::ParseBuffer::new(&text).expect("tokens");
        let wat: wast::Wat<'_> = wast::parser::parse(&lexer).expect("a component");
        let wast::Wat::Component(mut component) = wat else { panic!("not a component") };
        let mut bytes = component.encode().expect("bytes");
        put_back(&mut bytes, &flags).expect("they are there");
        let places = thalweg::cancellable_immediates(&bytes).expect("places");
        assert_eq!(
            places.iter().map(|&at| (bytes[at - 1], bytes[at])).collect::<Vec<_>>(),
            [(0x0c, 0), (0x0c, 1), (0x29, 1)]
        );
        assert!(put_back(&mut bytes, &[true]).is_err());
    }
}
