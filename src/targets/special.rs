//! Addresses that name nobody: private and other special ranges, and the peering LANs of exchanges.

use std::fmt;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use prefix_trie::PrefixMap;
use serde::{Deserialize, Serialize};

/// Why an address cannot say whose network a hop is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Special {
    /// A range without an owner (RFC 6890), with its configured name, such as `private`.
    Range(String),
    /// The peering LAN of an exchange, with its configured name.
    Exchange(String),
}

impl fmt::Display for Special {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range(name) => f.write_str(name),
            Self::Exchange(name) => write!(f, "{name} exchange"),
        }
    }
}

/// The special prefixes of a configuration.
#[derive(Debug, Clone, Default)]
pub struct Specials(PrefixMap<Ipv4Net, Special>);

impl Specials {
    /// Adds a prefix.
    pub(super) fn add(&mut self, prefix: Ipv4Net, special: Special) {
        self.0.insert(prefix, special);
    }

    /// What makes `address` special, if anything does.
    #[must_use]
    pub fn of(&self, address: Ipv4Addr) -> Option<&Special> {
        self.0.get_lpm(&Ipv4Net::from(address)).map(|(_, special)| special)
    }
}
