//! The transit operators that a configuration knows, found by address, AS or router name.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use prefix_trie::PrefixMap;

use super::ClassId;

/// A transit operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrier {
    /// Its name, as the summary writes it.
    pub name: String,
    /// Its class; nothing means `other`.
    pub class: Option<ClassId>,
}

/// All configured carriers. A prefix, an AS or a name suffix belongs to one of them at most.
#[derive(Debug, Clone, Default)]
pub struct Carriers {
    list: Vec<Carrier>,
    by_prefix: PrefixMap<Ipv4Net, usize>,
    by_asn: HashMap<u32, usize>,
    by_suffix: HashMap<String, usize>,
}

impl Carriers {
    /// Adds a carrier without anything that would lead to it; returns its place.
    pub(super) fn add(&mut self, carrier: Carrier) -> usize {
        self.list.push(carrier);
        self.list.len() - 1
    }

    /// Gives `prefix` to the carrier at `place`.
    pub(super) fn give_prefix(&mut self, prefix: Ipv4Net, place: usize) {
        self.by_prefix.insert(prefix, place);
    }

    /// Gives `asn` to the carrier at `place`; returns the place of the carrier that had it.
    pub(super) fn give_asn(&mut self, asn: u32, place: usize) -> Option<usize> {
        self.by_asn.insert(asn, place)
    }

    /// Gives names below `suffix` to the carrier at `place`; returns the place of the one that had
    /// it.
    pub(super) fn give_suffix(&mut self, suffix: String, place: usize) -> Option<usize> {
        self.by_suffix.insert(suffix, place)
    }

    /// All of them, in the order of the configuration.
    #[must_use]
    pub fn list(&self) -> &[Carrier] {
        &self.list
    }

    /// The carrier to whom the address is registered, with the prefix that says so.
    #[must_use]
    pub fn of_address(&self, address: Ipv4Addr) -> Option<(&Carrier, Ipv4Net)> {
        let (prefix, place) = self.by_prefix.get_lpm(&Ipv4Net::from(address))?;
        Some((self.list.get(*place)?, prefix))
    }

    /// The carrier that runs the AS.
    #[must_use]
    pub fn of_asn(&self, asn: u32) -> Option<&Carrier> {
        self.list.get(*self.by_asn.get(&asn)?)
    }

    /// The carrier in whose domain the router's name is, matched on label boundaries and without
    /// regard to case, with the suffix that says so.
    #[must_use]
    pub fn of_router_name(&self, name: &str) -> Option<(&Carrier, &str)> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let labels = name.char_indices().filter(|(_, c)| *c == '.').map(|(at, _)| at + 1);
        let (suffix, place) = std::iter::once(0)
            .chain(labels)
            .find_map(|start| self.by_suffix.get_key_value(&name[start..]))?;
        Some((self.list.get(*place)?, suffix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ttk() -> Carriers {
        let mut carriers = Carriers::default();
        let place = carriers.add(Carrier { name: "TransTeleCom".into(), class: None });
        carriers.give_suffix("transtelecom.net".into(), place);
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
