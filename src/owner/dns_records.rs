//! What name servers answered: router names, origin AS and their registrations.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use super::cymru::{Announcement, AsRegistration};
use super::holder::{Origin, Source};
use super::untrusted::clean;

/// Records by address and by AS.
#[derive(Debug, Clone, Default)]
pub struct DnsRecords {
    router_names: HashMap<Ipv4Addr, String>,
    announcements: HashMap<Ipv4Addr, Announcement>,
    registrations: HashMap<u32, AsRegistration>,
}

impl DnsRecords {
    /// Adds a router's name, from a name server or a traceroute. Control characters and the dot at its end are
    /// dropped; a name of which nothing is left is not added.
    pub fn add_router_name(&mut self, address: Ipv4Addr, name: &str) {
        let name = clean(name).map(|name| name.trim_end_matches('.').to_owned());
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            self.router_names.insert(address, name);
        }
    }

    /// Adds the announcement that covers an address.
    pub fn add_announcement(&mut self, address: Ipv4Addr, announcement: Announcement) {
        self.announcements.insert(address, announcement);
    }

    /// Adds the registration of an AS.
    pub fn add_registration(&mut self, asn: u32, registration: AsRegistration) {
        self.registrations.insert(asn, registration);
    }

    /// Adds all of `other`, which replaces what is there already.
    pub fn merge(&mut self, other: Self) {
        self.router_names.extend(other.router_names);
        self.announcements.extend(other.announcements);
        self.registrations.extend(other.registrations);
    }

    /// The router's name.
    #[must_use]
    pub fn router_name(&self, address: Ipv4Addr) -> Option<&str> {
        self.router_names.get(&address).map(String::as_str)
    }

    /// The origin AS of the address.
    pub(super) fn origin(&self, address: Ipv4Addr) -> Option<Origin> {
        let Announcement { asn, prefix } = *self.announcements.get(&address)?;
        let AsRegistration { name, country } =
            self.registrations.get(&asn).cloned().unwrap_or_default();
        Some(Origin { asn, name, country, range: prefix.into(), source: Source::Cymru })
    }
}
