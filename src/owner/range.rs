//! Addresses in a row: what a table's line, a registered prefix or an announced prefix covers.

use std::fmt;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

/// Consecutive addresses, both ends included; not necessarily a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    first: Ipv4Addr,
    last: Ipv4Addr,
}

impl AddressRange {
    /// From `first` to `last`, or nothing when `last` comes before `first`.
    #[must_use]
    pub fn new(first: Ipv4Addr, last: Ipv4Addr) -> Option<Self> {
        (first <= last).then_some(Self { first, last })
    }

    /// The lowest address.
    #[must_use]
    pub fn first(self) -> Ipv4Addr {
        self.first
    }

    /// The highest address.
    #[must_use]
    pub fn last(self) -> Ipv4Addr {
        self.last
    }

    /// Whether `address` is one of them.
    #[must_use]
    pub fn contains(self, address: Ipv4Addr) -> bool {
        (self.first..=self.last).contains(&address)
    }

    /// The prefix that covers exactly these addresses, if there is one.
    #[must_use]
    pub fn as_prefix(self) -> Option<Ipv4Net> {
        let (first, last) = (u32::from(self.first), u32::from(self.last));
        let length = u8::try_from((first ^ last).leading_zeros()).ok()?;
        let prefix = Ipv4Net::new(self.first, length).ok()?;
        (prefix.network() == self.first && prefix.broadcast() == self.last).then_some(prefix)
    }
}

impl From<Ipv4Net> for AddressRange {
    fn from(prefix: Ipv4Net) -> Self {
        Self { first: prefix.network(), last: prefix.broadcast() }
    }
}

impl fmt::Display for AddressRange {
    /// As a prefix where it is one, else as `first-last`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_prefix() {
            Some(prefix) => fmt::Display::fmt(&prefix, f),
            None => write!(f, "{}-{}", self.first, self.last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(first: &str, last: &str) -> Option<String> {
        let address = |text: &str| text.parse().expect("address");
        AddressRange::new(address(first), address(last)).map(|range| range.to_string())
    }

    #[test]
    fn a_range_is_shown_as_a_prefix_where_it_is_one() {
        assert_eq!(shown("1.0.0.0", "1.0.0.255").as_deref(), Some("1.0.0.0/24"));
        assert_eq!(shown("8.8.8.8", "8.8.8.8").as_deref(), Some("8.8.8.8/32"));
        assert_eq!(shown("0.0.0.0", "255.255.255.255").as_deref(), Some("0.0.0.0/0"));
        assert_eq!(
            shown("219.158.1.0", "219.158.26.255").as_deref(),
            Some("219.158.1.0-219.158.26.255")
        );
        assert_eq!(shown("1.0.0.1", "1.0.0.2").as_deref(), Some("1.0.0.1-1.0.0.2"));
    }

    #[test]
    fn a_range_does_not_run_backwards() {
        assert_eq!(shown("1.0.0.1", "1.0.0.0"), None);
    }
}
