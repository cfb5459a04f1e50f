//! `--allow-host HOST[:PORT]`: addresses and names of the network that the guest may use.

use std::net::IpAddr;

use thalweg_wasi::NetworkPolicy;
use thalweg_wasi::sockets::{HostName, Range};

use crate::report::Failure;

const FORM: &str = "--allow-host ADDRESS[/PREFIX][:PORT], an IPv6 address with a port in brackets: [::1]:80, [fd00::/8]:80; \
                    or NAME[:PORT], where *.example.com means every name that ends so";

/// Grants what one `--allow-host` says.
pub fn grant(policy: NetworkPolicy, text: &str) -> Result<NetworkPolicy, Failure> {
    if let Some(range) = range(text) {
        return Ok(policy.allow(range));
    }
    match name(text) {
        Some(name) => Ok(policy.allow_name(name)),
        None => {
            Err(Failure::usage(format!("`{text}` is neither a range of addresses nor a name of a host"))
                .with_help(FORM))
        }
    }
}

/// Reads `NAME[:PORT]`, `*.NAME[:PORT]`.
fn name(text: &str) -> Option<HostName> {
    let (name, port) = match text.split_once(':') {
        Some((name, port)) => (name, Some(port.parse::<u16>().ok()?)),
        None => (text, None),
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    let labels = name.strip_prefix("*.").unwrap_or(name);
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    // What ends in a number is an address that is written wrong.
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    if !labels.split('.').all(is_label) || labels.rsplit('.').next().is_some_and(is_number) {
        return None;
    }
    let ports = port.map_or(0..=u16::MAX, |port| port..=port);
    Some(HostName { pattern: name.to_ascii_lowercase(), ports })
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
        for text in [
            "",
            "*",
            "*.",
            "a.*.com",
            "a..b",
            "example.com:x",
            "exa mple.com",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.1:x",
            "10.0.0.1:70000",
            "[::1]80",
            "[::1",
            "10.1",
        ] {
            assert!(grant(NetworkPolicy::deny(), text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_may_have_a_port() {
        let name = |pattern: &str, ports| Some(HostName { pattern: pattern.into(), ports });
        assert_eq!(super::name("Example.COM:443"), name("example.com", 443..=443));
        assert_eq!(super::name("localhost"), name("localhost", 0..=u16::MAX));
        assert_eq!(super::name("*.example.com."), name("*.example.com", 0..=u16::MAX));
    }
}
