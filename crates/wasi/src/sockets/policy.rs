//! What of a network a guest may use.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use super::host_names::{HostName, HostNames};
use super::private::is_private;
use crate::sys::{Code, Result};

/// What of a network a guest may use. Nothing is granted that is not said here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkPolicy {
    tcp: bool,
    udp: bool,
    name_lookup: bool,
    /// HTTP may go to every address, whatever else is granted.
    http: bool,
    /// Addresses that are not public may not be used, whatever is granted.
    deny_private: bool,
    reach: Reach,
    names: HostNames,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Reach {
    Everything,
    Ranges(Vec<Range>),
}

/// Addresses that begin alike, with ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// An address of the range.
    pub address: IpAddr,
    /// How many of its first bits all addresses of the range share.
    pub prefix: u8,
    /// The ports.
    pub ports: RangeInclusive<u16>,
}

impl Range {
    fn holds(&self, address: SocketAddr) -> bool {
        let alike = match (self.address, address.ip()) {
            (IpAddr::V4(of), IpAddr::V4(ip)) => alike(of.to_bits().into(), ip.to_bits().into(), 32, self.prefix),
            (IpAddr::V6(of), IpAddr::V6(ip)) => alike(of.to_bits(), ip.to_bits(), 128, self.prefix),
            _ => false,
        };
        alike && self.ports.contains(&address.port())
    }
}

/// Whether the first `prefix` of `bits` bits of `a` and `b` are the same.
fn alike(a: u128, b: u128, bits: u8, prefix: u8) -> bool {
    let rest = bits.saturating_sub(prefix);
    (a ^ b).checked_shr(rest.into()).unwrap_or(0) == 0
}

/// What is done with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// A TCP socket binds to it, or connects to it.
    Tcp,
    /// A UDP socket binds to it, takes it as its peer, or sends to it.
    Udp,
    /// An HTTP request is sent to it.
    Http,
}

impl NetworkPolicy {
    /// Nothing: no address and no name.
    #[must_use]
    pub fn deny() -> Self {
        NetworkPolicy {
            tcp: true,
            udp: true,
            name_lookup: false,
            http: false,
            deny_private: false,
            reach: Reach::Ranges(Vec::new()),
            names: HostNames::default(),
        }
    }

    /// Every address that this machine can use or reach. Names are not in it.
    #[must_use]
    pub fn inherit() -> Self {
        NetworkPolicy { reach: Reach::Everything, ..NetworkPolicy::deny() }
    }

    /// Grants the addresses of `range`, too: to bind to them, to connect and send to them.
    #[must_use]
    pub fn allow(mut self, range: Range) -> Self {
        if let Reach::Ranges(ranges) = &mut self.reach {
            ranges.push(range);
        }
        self
    }

    /// Grants a host by its name, too: to look it up, to connect and send to the addresses that were found, and to send
    /// HTTP requests to it.
    #[must_use]
    pub fn allow_name(mut self, name: HostName) -> Self {
        self.names.push(name);
        self
    }

    /// Refuses addresses of this machine, of private networks and of links, whatever else grants them. An address that
    /// came of a name is no exception.
    #[must_use]
    pub fn deny_private(mut self, denied: bool) -> Self {
        self.deny_private = denied;
        self
    }

    /// Says whether granted addresses may be used by TCP; they may, if nothing is said.
    #[must_use]
    pub fn tcp(mut self, allowed: bool) -> Self {
        self.tcp = allowed;
        self
    }

    /// Says whether granted addresses may be used by UDP; they may, if nothing is said.
    #[must_use]
    pub fn udp(mut self, allowed: bool) -> Self {
        self.udp = allowed;
        self
    }

    /// Says whether names may be looked up; they may not, if nothing is said.
    #[must_use]
    pub fn name_lookup(mut self, allowed: bool) -> Self {
        self.name_lookup = allowed;
        self
    }

    /// Says whether HTTP requests may go to every address, beside those that are granted for TCP; they may not, if
    /// nothing is said.
    #[must_use]
    pub fn http(mut self, allowed: bool) -> Self {
        self.http = allowed;
        self
    }

    /// Refuses what is not granted.
    pub(crate) fn check(&self, what: Use, address: SocketAddr) -> Result<()> {
        if self.deny_private && is_private(address.ip()) {
            return Err(Code::Access.into());
        }
        let switch = match what {
            Use::Http if self.http => return Ok(()),
            Use::Tcp | Use::Http => self.tcp,
            Use::Udp => self.udp,
        };
        let reached = match &self.reach {
            Reach::Everything => true,
            Reach::Ranges(ranges) => ranges.iter().any(|range| range.holds(address)) || self.names.reach(address),
        };
        if switch && reached { Ok(()) } else { Err(Code::Access.into()) }
    }

    /// Refuses to send an HTTP request for `name` to `address`, which that name has, if neither is granted.
    pub(crate) fn check_http(&self, name: &str, address: SocketAddr) -> Result<()> {
        if self.deny_private && is_private(address.ip()) {
            return Err(Code::Access.into());
        }
        if self.tcp && self.names.holds_port(name, address.port()) {
            return Ok(());
        }
        self.check(Use::Http, address)
    }

    /// Whether any address is granted for HTTP.
    pub(crate) fn grants_http(&self) -> bool {
        let any = match &self.reach {
            Reach::Everything => true,
            Reach::Ranges(ranges) => !ranges.is_empty() || !self.names.is_empty(),
        };
        self.http || (self.tcp && any)
    }

    /// Refuses to look `name` up when that is not granted.
    pub(crate) fn check_lookup(&self, name: &str) -> Result<()> {
        if self.name_lookup || self.names.holds(name) { Ok(()) } else { Err(Code::Access.into()) }
    }

    /// These addresses were found for `name`.
    pub(crate) fn found(&self, name: &str, addresses: &[IpAddr]) {
        self.names.found(name, addresses);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(address: &str, prefix: u8, ports: RangeInclusive<u16>) -> Range {
        Range { address: address.parse().expect("an address"), prefix, ports }
    }

    fn may(policy: &NetworkPolicy, what: Use, address: &str) -> bool {
        policy.check(what, address.parse().expect("an address")).is_ok()
    }

    #[test]
    fn nothing_is_granted_by_default() {
        let policy = NetworkPolicy::deny();
        assert!(!may(&policy, Use::Tcp, "127.0.0.1:80"));
        assert!(!may(&policy, Use::Udp, "[::1]:80"));
        assert!(policy.check_lookup("a").is_err());
        assert!(NetworkPolicy::inherit().check_lookup("a").is_err());
        assert!(NetworkPolicy::deny().name_lookup(true).check_lookup("a").is_ok());
        assert!(!may(&policy, Use::Http, "127.0.0.1:80") && !policy.grants_http());
    }

    #[test]
    fn switches_hold_for_whatever_is_granted() {
        let policy = NetworkPolicy::inherit().udp(false);
        assert!(may(&policy, Use::Tcp, "192.0.2.1:1"));
        assert!(!may(&policy, Use::Udp, "192.0.2.1:1"));
    }

    #[test]
    fn http_goes_where_tcp_goes_or_everywhere() {
        let policy = NetworkPolicy::deny().http(true);
        assert!(policy.grants_http() && may(&policy, Use::Http, "192.0.2.1:80"));
        assert!(!may(&policy, Use::Tcp, "192.0.2.1:80"));
        let policy = NetworkPolicy::deny().allow(range("10.1.0.0", 16, 80..=81));
        assert!(policy.grants_http() && may(&policy, Use::Http, "10.1.2.3:80"));
        assert!(!may(&policy, Use::Http, "10.2.0.0:80"));
        assert!(!policy.tcp(false).grants_http() && !NetworkPolicy::deny().grants_http());
    }

    #[test]
    fn a_name_grants_what_was_found_for_it() {
        let policy = NetworkPolicy::deny().allow_name(HostName { pattern: "a.example".into(), ports: 80..=80 });
        assert!(policy.check_lookup("a.example").is_ok() && policy.check_lookup("b.example").is_err());
        let address = "192.0.2.1:80".parse().expect("an address");
        assert!(policy.grants_http() && !may(&policy, Use::Tcp, "192.0.2.1:80"));
        assert!(policy.check_http("a.example", address).is_ok() && policy.check_http("b.example", address).is_err());
        policy.found("a.example", &[address.ip()]);
        assert!(may(&policy, Use::Tcp, "192.0.2.1:80") && !may(&policy, Use::Tcp, "192.0.2.1:81"));
    }

    #[test]
    fn what_is_not_public_can_be_denied_whatever_grants_it() {
        let name = HostName { pattern: "a.example".into(), ports: 0..=u16::MAX };
        let policy = NetworkPolicy::inherit().http(true).allow_name(name).deny_private(true);
        let address = "127.0.0.1:80".parse().expect("an address");
        assert!(!may(&policy, Use::Tcp, "127.0.0.1:80") && !may(&policy, Use::Http, "10.0.0.1:80"));
        assert!(policy.check_http("a.example", address).is_err());
        assert!(may(&policy, Use::Tcp, "192.0.2.1:80") && may(&policy, Use::Http, "192.0.2.1:80"));
    }

    #[test]
    fn a_range_is_a_beginning_and_ports() {
        let policy = NetworkPolicy::deny().allow(range("10.1.0.0", 16, 80..=81)).allow(range("2001:db8::", 32, 0..=9));
        assert!(may(&policy, Use::Tcp, "10.1.255.3:81"));
        assert!(!may(&policy, Use::Tcp, "10.1.255.3:82"));
        assert!(!may(&policy, Use::Tcp, "10.2.0.0:80"));
        assert!(may(&policy, Use::Udp, "[2001:db8:ffff::1]:9"));
        assert!(!may(&policy, Use::Udp, "[2001:db9::1]:9"));
        assert!(!may(&policy, Use::Udp, "[::ffff:10.1.0.1]:80"));
        let all = NetworkPolicy::deny().allow(range("::", 0, 0..=u16::MAX));
        assert!(may(&all, Use::Tcp, "[ff02::1]:1") && !may(&all, Use::Tcp, "1.2.3.4:1"));
        let one = NetworkPolicy::deny().allow(range("1.2.3.4", 32, 5..=5));
        assert!(may(&one, Use::Tcp, "1.2.3.4:5") && !may(&one, Use::Tcp, "1.2.3.5:5"));
    }
}
