//! Hosts that are granted by their names, and the addresses that were found for them.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many addresses that were looked up are remembered; the oldest are forgotten first.
const MOST_FOUND: usize = 4096;

/// A host by its name, with ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostName {
    /// The name in lower case; `*.example.com` means every name that ends in `.example.com`.
    pub pattern: String,
    /// The ports.
    pub ports: RangeInclusive<u16>,
}

impl HostName {
    /// Whether `name` is meant.
    fn holds(&self, name: &str) -> bool {
        let name = name.strip_suffix('.').unwrap_or(name);
        match self.pattern.strip_prefix('*') {
            Some(end) => name.len() > end.len() && ends_with(name, end),
            None => name.eq_ignore_ascii_case(&self.pattern),
        }
    }
}

fn ends_with(name: &str, end: &str) -> bool {
    name.len().checked_sub(end.len()).is_some_and(|at| name.as_bytes()[at..].eq_ignore_ascii_case(end.as_bytes()))
}

/// An address that was found for a granted name.
type Found = (IpAddr, RangeInclusive<u16>);

/// The names that are granted. Clones share what was found.
#[derive(Debug, Clone, Default)]
pub(super) struct HostNames {
    names: Vec<HostName>,
    found: Arc<Mutex<VecDeque<Found>>>,
}

impl PartialEq for HostNames {
    fn eq(&self, other: &Self) -> bool {
        self.names == other.names
    }
}

impl Eq for HostNames {}

impl HostNames {
    pub(super) fn push(&mut self, name: HostName) {
        self.names.push(name);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether `name` is granted with any port.
    pub(super) fn holds(&self, name: &str) -> bool {
        self.names.iter().any(|granted| granted.holds(name))
    }

    /// Whether `name` is granted with `port`.
    pub(super) fn holds_port(&self, name: &str, port: u16) -> bool {
        self.names.iter().any(|granted| granted.holds(name) && granted.ports.contains(&port))
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Found>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers what was found for `name`.
    pub(super) fn found(&self, name: &str, addresses: &[IpAddr]) {
        let mut found = self.lock();
        for granted in self.names.iter().filter(|granted| granted.holds(name)) {
            for &address in addresses {
                let new = (address, granted.ports.clone());
                if !found.contains(&new) {
                    found.push_back(new);
                }
            }
        }
        let surplus = found.len().saturating_sub(MOST_FOUND);
        found.drain(..surplus);
    }

    /// Whether `address` was found for a granted name, with its port.
    pub(super) fn reach(&self, address: SocketAddr) -> bool {
        !self.names.is_empty()
            && self.lock().iter().any(|(ip, ports)| *ip == address.ip() && ports.contains(&address.port()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(pattern: &str, ports: RangeInclusive<u16>) -> HostNames {
        HostNames { names: vec![HostName { pattern: pattern.into(), ports }], ..HostNames::default() }
    }

    #[test]
    fn a_star_means_at_least_one_more_part() {
        let names = names("*.example.com", 1..=2);
        for name in ["a.example.com", "A.B.Example.COM", "a.example.com."] {
            assert!(names.holds(name), "{name}");
        }
        for name in ["example.com", ".example.com", "aexample.com", "a.example.com.org", "com", ""] {
            assert!(!names.holds(name), "{name}");
        }
    }

    #[test]
    fn a_name_is_itself_alone() {
        let names = names("example.com", 1..=2);
        assert!(names.holds("EXAMPLE.com.") && names.holds_port("example.com", 2));
        assert!(!names.holds("a.example.com") && !names.holds_port("example.com", 3));
    }

    #[test]
    fn what_was_found_is_reached_and_forgotten() {
        let names = names("example.com", 80..=80);
        let address = |n: u32, port| SocketAddr::from((std::net::Ipv4Addr::from_bits(n), port));
        names.found("other.com", &[address(1, 0).ip()]);
        assert!(!names.reach(address(1, 80)));
        names.found("example.com", &[address(1, 0).ip()]);
        assert!(names.reach(address(1, 80)) && !names.reach(address(1, 81)) && !names.reach(address(2, 80)));
        let many: Vec<IpAddr> = (2..2 + MOST_FOUND as u32).map(|n| address(n, 0).ip()).collect();
        names.found("example.com", &many);
        assert!(!names.reach(address(1, 80)) && names.reach(address(2, 80)));
    }
}
