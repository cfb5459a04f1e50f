//! Addresses in WIT's words, and which of them a socket can use.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use crate::sys::{Code, Family, Result};

thalweg::wit_enum! {
    /// Spec: `wasi:sockets/types.ip-address-family`.
    pub enum IpAddressFamily {
        Ipv4 as "ipv4",
        Ipv6 as "ipv6",
    }
}

/// Spec: `wasi:sockets/types.ipv4-address`.
type Ipv4Address = (u8, u8, u8, u8);
/// Spec: `wasi:sockets/types.ipv6-address`.
type Ipv6Address = (u16, u16, u16, u16, u16, u16, u16, u16);

thalweg::wit_variant! {
    /// Spec: `wasi:sockets/types.ip-address`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum IpAddress {
        Ipv4(Ipv4Address) as "ipv4",
        Ipv6(Ipv6Address) as "ipv6",
    }
}

thalweg::wit_record! {
    /// Spec: `wasi:sockets/types.ipv4-socket-address`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Ipv4SocketAddress {
        port: u16 as "port",
        address: Ipv4Address as "address",
    }
}

thalweg::wit_record! {
    /// Spec: `wasi:sockets/types.ipv6-socket-address`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Ipv6SocketAddress {
        port: u16 as "port",
        flow_info: u32 as "flow-info",
        address: Ipv6Address as "address",
        scope_id: u32 as "scope-id",
    }
}

thalweg::wit_variant! {
    /// Spec: `wasi:sockets/types.ip-socket-address`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum IpSocketAddress {
        Ipv4(Ipv4SocketAddress) as "ipv4",
        Ipv6(Ipv6SocketAddress) as "ipv6",
    }
}

impl From<IpAddressFamily> for Family {
    fn from(family: IpAddressFamily) -> Self {
        match family {
            IpAddressFamily::Ipv4 => Family::V4,
            IpAddressFamily::Ipv6 => Family::V6,
        }
    }
}

impl From<Family> for IpAddressFamily {
    fn from(family: Family) -> Self {
        match family {
            Family::V4 => IpAddressFamily::Ipv4,
            Family::V6 => IpAddressFamily::Ipv6,
        }
    }
}

fn v4(address: Ipv4Addr) -> Ipv4Address {
    let [a, b, c, d] = address.octets();
    (a, b, c, d)
}

fn v6(address: Ipv6Addr) -> Ipv6Address {
    let [a, b, c, d, e, f, g, h] = address.segments();
    (a, b, c, d, e, f, g, h)
}

impl From<IpAddr> for IpAddress {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => IpAddress::Ipv4(v4(address)),
            IpAddr::V6(address) => IpAddress::Ipv6(v6(address)),
        }
    }
}

impl From<SocketAddr> for IpSocketAddress {
    fn from(address: SocketAddr) -> Self {
        match address {
            SocketAddr::V4(at) => IpSocketAddress::Ipv4(Ipv4SocketAddress { port: at.port(), address: v4(*at.ip()) }),
            SocketAddr::V6(at) => IpSocketAddress::Ipv6(Ipv6SocketAddress {
                port: at.port(),
                flow_info: at.flowinfo(),
                address: v6(*at.ip()),
                scope_id: at.scope_id(),
            }),
        }
    }
}

impl From<IpSocketAddress> for SocketAddr {
    fn from(address: IpSocketAddress) -> Self {
        match address {
            IpSocketAddress::Ipv4(at) => {
                let (a, b, c, d) = at.address;
                SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), at.port).into()
            }
            IpSocketAddress::Ipv6(at) => {
                let (a, b, c, d, e, f, g, h) = at.address;
                let address = Ipv6Addr::new(a, b, c, d, e, f, g, h);
                SocketAddrV6::new(address, at.port, at.flow_info, at.scope_id).into()
            }
        }
    }
}

/// Refuses an address of another family, and one of IPv4 inside of IPv6.
pub(super) fn check_family(family: Family, address: SocketAddr) -> Result<()> {
    let mapped = matches!(address.ip(), IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some());
    if Family::of(address) == family && !mapped { Ok(()) } else { Err(Code::Invalid.into()) }
}

/// Refuses an address that stands for many hosts.
pub(super) fn check_unicast(address: SocketAddr) -> Result<()> {
    let many = match address.ip() {
        IpAddr::V4(ip) => ip.is_multicast() || ip.is_broadcast(),
        IpAddr::V6(ip) => ip.is_multicast(),
    };
    if many { Err(Code::Invalid.into()) } else { Ok(()) }
}

/// Refuses an address that says "any".
pub(super) fn check_remote(address: SocketAddr) -> Result<()> {
    if address.ip().is_unspecified() || address.port() == 0 { Err(Code::Invalid.into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn addresses_survive_both_ways() {
        for text in ["192.0.2.7:80", "[2001:db8::1]:65535", "[fe80::1%3]:7"] {
            assert_eq!(SocketAddr::from(IpSocketAddress::from(at(text))), at(text));
        }
    }

    #[test]
    fn addresses_are_checked() {
        assert!(check_family(Family::V4, at("1.2.3.4:5")).is_ok());
        assert!(check_family(Family::V6, at("1.2.3.4:5")).is_err());
        assert!(check_family(Family::V6, at("[::ffff:1.2.3.4]:5")).is_err());
        assert!(check_unicast(at("224.0.0.1:5")).is_err());
        assert!(check_unicast(at("255.255.255.255:5")).is_err());
        assert!(check_unicast(at("[ff02::1]:5")).is_err());
        assert!(check_unicast(at("0.0.0.0:5")).is_ok());
        assert!(check_remote(at("[::]:5")).is_err());
        assert!(check_remote(at("1.2.3.4:0")).is_err());
        assert!(check_remote(at("1.2.3.4:5")).is_ok());
    }
}
