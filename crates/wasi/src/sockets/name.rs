//! Names of hosts, and what may come of them.

use std::net::IpAddr;

use crate::sys::{Code, Result};

/// The most addresses that a name may have for a guest.
const MOST_ADDRESSES: usize = 256;
/// The longest name, as the domain name system has it.
const MOST_NAME_BYTES: usize = 253;
/// The longest part of a name between dots.
const MOST_LABEL_BYTES: usize = 63;

/// What a guest looks up.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// An address as text.
    Address(IpAddr),
    /// The name of a host, in lower case.
    Host(String),
}

impl Name {
    /// Reads `text`.
    ///
    /// Letters beyond ASCII are refused: their mapping is a standard of its own, which this does not have.
    pub(super) fn parse(text: &str) -> Result<Name> {
        if let Ok(address) = text.parse() {
            return Ok(Name::Address(address));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        let is_label = |label: &str| {
            (1..=MOST_LABEL_BYTES).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        if name.len() > MOST_NAME_BYTES || !name.split('.').all(is_label) {
            return Err(Code::Invalid.into());
        }
        // Resolvers take shortened and octal addresses for addresses; the standard knows no such thing.
        if name.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit())) {
            return Err(Code::Invalid.into());
        }
        Ok(Name::Host(text.to_ascii_lowercase()))
    }
}

/// What a guest gets of the addresses that were found: each once, and never an IPv4 address inside of an IPv6 one.
pub(super) fn answer(found: Vec<IpAddr>) -> Result<Vec<IpAddr>> {
    let mut addresses = Vec::new();
    for address in found.into_iter().map(|address| address.to_canonical()) {
        if addresses.len() < MOST_ADDRESSES && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() { Err(Code::NameUnresolvable.into()) } else { Ok(addresses) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_told_apart() {
        let host = |text: &str| Name::Host(text.into());
        assert_eq!(Name::parse("::1"), Ok(Name::Address([0, 0, 0, 0, 0, 0, 0, 1].into())));
        assert_eq!(Name::parse("192.0.2.7"), Ok(Name::Address([192, 0, 2, 7].into())));
        assert_eq!(Name::parse("Example.COM."), Ok(host("example.com.")));
        assert_eq!(Name::parse("a_b.example"), Ok(host("a_b.example")));
        for text in ["", ".", "a..b", "-a", "a b", "a/b", "[::1]", "bücher.example", "127.1", "1.2.3.4.5", "0x7f.1"] {
            assert_eq!(Name::parse(text), Err(Code::Invalid.into()), "{text}");
        }
        assert!(Name::parse(&"a".repeat(64)).is_err());
        assert!(Name::parse(&["a"; 128].join(".")).is_err());
    }

    #[test]
    fn an_answer_has_each_address_once() {
        let v4: IpAddr = [192, 0, 2, 7].into();
        let mapped: IpAddr = "::ffff:192.0.2.7".parse().expect("an address");
        let v6: IpAddr = "2001:db8::1".parse().expect("an address");
        assert_eq!(answer(vec![v6, mapped, v4, v6]), Ok(vec![v6, v4]));
        assert_eq!(answer(Vec::new()), Err(Code::NameUnresolvable.into()));
    }
}
