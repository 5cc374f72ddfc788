//! What the configuration has for an address: its carrier, found by prefix, AS or router name, or that it is
//! special and shows no holder.

use std::collections::HashMap;
use std::fmt;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use prefix_trie::PrefixMap;
use serde::{Deserialize, Serialize};

use super::classes::ClassId;

/// A transit operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrier {
    /// Its name, as the summary writes it.
    pub name: String,
    /// Its class; `None` is `other`.
    pub class: Option<ClassId>,
}

/// All configured carriers. A prefix, an AS or a domain belongs to one of them at most.
#[derive(Debug, Clone, Default)]
pub struct Carriers {
    list: Vec<Carrier>,
    by_prefix: PrefixMap<Ipv4Net, usize>,
    by_asn: HashMap<u32, usize>,
    /// The first AS of each carrier, and whether it has no other.
    first_asn: HashMap<usize, (u32, bool)>,
    by_domain: HashMap<String, usize>,
}

impl Carriers {
    /// Adds a carrier that nothing leads to yet; returns its index.
    pub(super) fn add(&mut self, carrier: Carrier) -> usize {
        self.list.push(carrier);
        self.list.len() - 1
    }

    /// Adds a prefix of the carrier at `index`.
    pub(super) fn add_prefix(&mut self, prefix: Ipv4Net, index: usize) {
        self.by_prefix.insert(prefix, index);
    }

    /// Adds an AS of the carrier at `index`; returns the index of the carrier that has it already.
    pub(super) fn add_asn(&mut self, asn: u32, index: usize) -> Option<usize> {
        self.first_asn.entry(index).and_modify(|first| first.1 = false).or_insert((asn, true));
        self.by_asn.insert(asn, index)
    }

    /// Adds a domain of the carrier at `index`; returns the index of the carrier that has it already.
    pub(super) fn add_domain(&mut self, domain: String, index: usize) -> Option<usize> {
        self.by_domain.insert(domain, index)
    }

    /// All of them, in the order of the configuration.
    #[must_use]
    pub fn list(&self) -> &[Carrier] {
        &self.list
    }

    /// The carrier to which the address is registered, by longest prefix match, with the prefix.
    #[must_use]
    pub fn of_address(&self, address: Ipv4Addr) -> Option<(&Carrier, Ipv4Net)> {
        let (prefix, index) = self.by_prefix.get_lpm(&Ipv4Net::from(address))?;
        Some((self.list.get(*index)?, prefix))
    }

    /// The class of the carrier to which the address is registered, where it has one.
    #[must_use]
    pub fn class_of(&self, address: Ipv4Addr) -> Option<ClassId> {
        self.of_address(address).and_then(|(carrier, _)| carrier.class)
    }

    /// Whether the address is registered to a carrier with a class.
    #[must_use]
    pub fn decides(&self, address: Ipv4Addr) -> bool {
        self.class_of(address).is_some()
    }

    /// The AS of the carrier to which the address is registered, where it has no other, with the prefix.
    #[must_use]
    pub fn only_asn(&self, address: Ipv4Addr) -> Option<(u32, Ipv4Net)> {
        let (prefix, index) = self.by_prefix.get_lpm(&Ipv4Net::from(address))?;
        let (asn, is_only) = self.first_asn.get(index)?;
        is_only.then_some((*asn, prefix))
    }

    /// The carrier that operates the AS.
    #[must_use]
    pub fn of_asn(&self, asn: u32) -> Option<&Carrier> {
        self.list.get(*self.by_asn.get(&asn)?)
    }

    /// The carrier in whose domain the router's name is, with the domain. It is matched on label boundaries,
    /// without regard to case.
    #[must_use]
    pub fn of_router_name(&self, name: &str) -> Option<(&Carrier, &str)> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let labels = name.char_indices().filter(|(_, c)| *c == '.').map(|(at, _)| at + 1);
        let (domain, index) = std::iter::once(0)
            .chain(labels)
            .find_map(|start| self.by_domain.get_key_value(&name[start..]))?;
        Some((self.list.get(*index)?, domain))
    }
}

/// An address that shows no holder of a hop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Special {
    /// A special-purpose range (RFC 6890), with its configured name, such as `private`.
    Range(String),
    /// The peering LAN of an internet exchange, with its configured name.
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

    /// What `address` is, if it is special.
    #[must_use]
    pub fn of(&self, address: Ipv4Addr) -> Option<&Special> {
        self.0.get_lpm(&Ipv4Net::from(address)).map(|(_, special)| special)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ttk() -> Carriers {
        let mut carriers = Carriers::default();
        let index = carriers.add(Carrier { name: "TransTeleCom".into(), class: None });
        carriers.add_domain("transtelecom.net".into(), index);
        carriers
    }

    #[test]
    fn a_router_name_matches_on_label_boundaries_only() {
        let is_ttk = |name: &str| ttk().of_router_name(name).is_some();
        assert!(is_ttk("mskn01.transtelecom.net"));
        assert!(is_ttk("Customer-gw.TRANSTELECOM.net."));
        assert!(is_ttk("transtelecom.net"));
        assert!(!is_ttk("nottranstelecom.net"));
        assert!(!is_ttk("trans-telecom-0.a00.frnkge07.de.bb.gin.ntt.net"));
        assert!(!is_ttk("transtelecom.net.example.org"));
        assert!(!is_ttk(""));
    }
}
