//! `--allow-host ADDRESS[/PREFIX][:PORT]`: addresses of the network that the guest may use.

use std::net::IpAddr;

use thalweg_wasi::sockets::Range;

use crate::report::Failure;

const FORM: &str =
    "--allow-host ADDRESS[/PREFIX][:PORT], an IPv6 address with a port in brackets: [::1]:80, [fd00::/8]:80";

/// Reads one `--allow-host`.
pub fn parse(text: &str) -> Result<Range, Failure> {
    range(text).ok_or_else(|| Failure::usage(format!("`{text}` is not a range of addresses")).with_help(FORM))
}

fn range(text: &str) -> Option<Range> {
    let (addresses, port) = split(text)?;
    let ports = match port {
        Some(port) => {
            let port: u16 = port.parse().ok()?;
            port..=port
        }
        None => 0..=u16::MAX,
    };
    let (address, prefix) = match addresses.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix.parse::<u8>().ok()?)),
        None => (addresses, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let bits = if address.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.unwrap_or(bits);
    (prefix <= bits).then_some(Range { address, prefix, ports })
}

/// The addresses, and the port if there is one.
fn split(text: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (addresses, port) = rest.split_once(']')?;
        return match port {
            "" => Some((addresses, None)),
            port => Some((addresses, Some(port.strip_prefix(':')?))),
        };
    }
    match text.split_once(':') {
        Some((addresses, port)) if !port.contains(':') => Some((addresses, Some(port))),
        _ => Some((text, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_up_to_three_parts() {
        let range = |address: &str, prefix: u8, ports| {
            Some(Range { address: address.parse().expect("an address"), prefix, ports })
        };
        let all = 0..=u16::MAX;
        assert_eq!(super::range("10.0.0.0/8:443"), range("10.0.0.0", 8, 443..=443));
        assert_eq!(super::range("192.0.2.7"), range("192.0.2.7", 32, all.clone()));
        assert_eq!(super::range("::1"), range("::1", 128, all.clone()));
        assert_eq!(super::range("fd00::/8"), range("fd00::", 8, all.clone()));
        assert_eq!(super::range("[fd00::/8]:80"), range("fd00::", 8, 80..=80));
        assert_eq!(super::range("[::1]"), range("::1", 128, all));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["", "example.com", "10.0.0.0/33", "10.0.0.0/", "10.0.0.1:x", "10.0.0.1:70000", "[::1]80", "[::1", "10.1"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
