//! What name servers said: router names, origins and the holders of AS. Empty without them.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use super::cymru::{Announced, Registered};
use super::outside::clean;
use super::{Origin, Source};

/// Answers by address and by AS.
#[derive(Debug, Clone, Default)]
pub struct Names {
    routers: HashMap<Ipv4Addr, String>,
    announced: HashMap<Ipv4Addr, Announced>,
    registered: HashMap<u32, Registered>,
}

impl Names {
    /// Keeps a router's name, as a name server or a traceroute gave it. Control characters and the
    /// dot at its end are dropped, and so is a name of which nothing is left.
    pub fn add_router_name(&mut self, address: Ipv4Addr, name: &str) {
        let name = clean(name).map(|name| name.trim_end_matches('.').to_owned());
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            self.routers.insert(address, name);
        }
    }

    /// Keeps who announces an address.
    pub fn add_announced(&mut self, address: Ipv4Addr, announced: Announced) {
        self.announced.insert(address, announced);
    }

    /// Keeps who holds an AS.
    pub fn add_registered(&mut self, asn: u32, registered: Registered) {
        self.registered.insert(asn, registered);
    }

    /// Takes over all that `other` knows; what both know, it knows better.
    pub fn merge(&mut self, other: Self) {
        self.routers.extend(other.routers);
        self.announced.extend(other.announced);
        self.registered.extend(other.registered);
    }

    /// The router's name.
    #[must_use]
    pub fn router_name(&self, address: Ipv4Addr) -> Option<&str> {
        self.routers.get(&address).map(String::as_str)
    }

    /// The AS that announces the address.
    pub(super) fn origin(&self, address: Ipv4Addr) -> Option<Origin> {
        let Announced { asn, prefix } = *self.announced.get(&address)?;
        let Registered { name, country } = self.registered.get(&asn).cloned().unwrap_or_default();
        Some(Origin { asn, name, country, range: prefix.into(), source: Source::Cymru })
    }
}
