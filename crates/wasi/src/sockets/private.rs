//! Addresses that lead to this machine or to a network that is not public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether `address` is of this machine, of a private network, of a link, of a provider's inside, or none that one host
/// has. Spec: the registries of special-purpose addresses (RFC 6890).
pub(super) fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(ip) => is_private_v4(ip),
        IpAddr::V6(ip) => is_private_v6(ip),
    }
}

fn is_private_v4(ip: Ipv4Addr) -> bool {
    let [a, b, ..] = ip.octets();
    // 0.0.0.0/8 (this host), 100.64.0.0/10 (shared by a provider), 198.18.0.0/15 (measurements), 240.0.0.0/4 (reserved).
    let special = a == 0 || (a == 100 && b & 0xc0 == 64) || (a == 198 && b & 0xfe == 18) || a >= 240;
    special || ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_multicast()
}

fn is_private_v6(ip: Ipv6Addr) -> bool {
    let segments = ip.segments();
    let v4_at = |at: usize| {
        let [high, low] = [segments.get(at), segments.get(at + 1)].map(|part| u32::from(part.copied().unwrap_or(0)));
        Ipv4Addr::from_bits(high << 16 | low)
    };
    // An IPv4 address inside: compatible (::/96), translated (64:ff9b::/96) or tunnelled (2002::/16).
    let inner = match segments {
        [0, 0, 0, 0, 0, 0, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(v4_at(6)),
        [0x2002, ..] => Some(v4_at(1)),
        _ => None,
    };
    inner.is_some_and(is_private_v4)
        || ip.is_loopback()
        || ip.is_unspecified()
        || ip.is_multicast()
        || ip.is_unique_local()
        || ip.is_unicast_link_local()
        // 64:ff9b:1::/48: translated by a local rule.
        || matches!(segments, [0x64, 0xff9b, 1, ..])
        // fec0::/10: the site's own, of old.
        || segments[0] & 0xffc0 == 0xfec0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_block_is_known() {
        for text in [
            "127.0.0.1",
            "10.0.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "169.254.169.254",
            "0.1.2.3",
            "100.127.0.1",
            "198.19.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(is_private(text.parse().expect(text)), "{text}");
        }
        for text in [
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "198.20.0.1",
            "192.167.0.1",
            "223.255.255.255",
            "2001:4860::1",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2002:101:101::1",
        ] {
            assert!(!is_private(text.parse().expect(text)), "{text}");
        }
    }
}
