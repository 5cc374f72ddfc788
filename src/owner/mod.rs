//! Who holds an address: beside the road, for *border* and *transit*.
//!
//! A carrier is found by its registered prefixes, else by the origin AS (of the AS table, else of Team Cymru),
//! else by the router's name. The country is that of the AS, else that of the registries' delegation. Files and
//! name servers are read before; [`Owners::of`] is a pure function.

mod as_table;
pub mod cymru;
#[cfg(feature = "dns")]
pub mod dns;
mod dns_records;
mod holder;
mod ip2asn;
mod mmdb;
mod ranges;
mod untrusted;

use std::net::Ipv4Addr;

use crate::targets::{Carrier, Country, Targets};

pub use as_table::{AsTable, TableError};
pub use dns_records::DnsRecords;
pub use holder::{CountryOf, Origin, Owner, Source};
pub use ranges::{AddressRange, AsEntry};

/// All sources, in their order.
#[derive(Debug, Clone)]
pub struct Owners<'t> {
    targets: &'t Targets,
    table: Option<AsTable>,
    records: DnsRecords,
}

impl<'t> Owners<'t> {
    /// Only the configuration and the registries' delegations.
    #[must_use]
    pub fn new(targets: &'t Targets) -> Self {
        Self { targets, table: None, records: DnsRecords::default() }
    }

    /// The same with an AS table.
    #[must_use]
    pub fn with_table(self, table: AsTable) -> Self {
        Self { table: Some(table), ..self }
    }

    /// Adds the records of name servers or traceroutes to those that are there.
    pub fn add_records(&mut self, records: DnsRecords) {
        self.records.merge(records);
    }

    /// The AS table, for its age.
    #[must_use]
    pub fn table(&self) -> Option<&AsTable> {
        self.table.as_ref()
    }

    /// The queries for the addresses: the router names of all that are not special, and the origin AS of those
    /// that have none yet.
    #[cfg(feature = "dns")]
    #[must_use]
    pub fn queries(&self, addresses: &[Ipv4Addr]) -> dns::Queries {
        let without_origin = addresses.iter().filter(|address| self.origin(**address).is_none());
        let specials = &self.targets.specials;
        dns::Queries::new(specials, addresses.iter().copied(), without_origin.copied())
    }

    /// Who holds the address. A special address has no owner, whatever a table has for it.
    #[must_use]
    pub fn of(&self, address: Ipv4Addr) -> Owner {
        if self.targets.specials.of(address).is_some() {
            return Owner::default();
        }
        let origin = self.origin(address).or_else(|| self.only_asn(address));
        let router_name = self.records.router_name(address);
        let (country, country_of) = self.country(address, origin.as_ref()).unzip();
        let (carrier, source, range) = match self.carrier(address, origin.as_ref(), router_name) {
            Some((carrier, source, range)) => (Some(carrier), Some(source), range),
            None => match &origin {
                Some(origin) => (None, Some(origin.source), Some(origin.range)),
                None => (None, country_of.map(source_of), None),
            },
        };
        Owner {
            class: match carrier {
                Some(carrier) => carrier.class,
                None => country
                    .filter(|_| country_of != Some(CountryOf::Location))
                    .and_then(|country| self.targets.classes.of_country(country)),
            },
            carrier: carrier.cloned(),
            router_name: router_name.map(str::to_owned),
            origin,
            country,
            country_of,
            range,
            source,
        }
    }

    fn origin(&self, address: Ipv4Addr) -> Option<Origin> {
        let in_table = self.table.as_ref().and_then(|table| table.of(address));
        let in_table = in_table.and_then(|(range, entry)| {
            let AsEntry { asn, name, country, .. } = entry.clone();
            Some(Origin { asn: asn?, name, country, range, source: Source::AsTable })
        });
        in_table.or_else(|| self.records.origin(address))
    }

    /// The AS of a carrier that has no other, whether it announces the address or not.
    fn only_asn(&self, address: Ipv4Addr) -> Option<Origin> {
        let (asn, prefix) = self.targets.carriers.only_asn(address)?;
        let (range, source) = (prefix.into(), Source::RegisteredPrefix);
        Some(Origin { asn, name: None, country: None, range, source })
    }

    /// The carrier, with the source that names it and what that matched. Where the origin AS is known and belongs
    /// to no carrier, there is none: the router's name would often be that of the neighbour on the other end of
    /// the link.
    fn carrier(
        &self,
        address: Ipv4Addr,
        origin: Option<&Origin>,
        router_name: Option<&str>,
    ) -> Option<(&'t Carrier, Source, Option<AddressRange>)> {
        let carriers = &self.targets.carriers;
        if let Some((carrier, prefix)) = carriers.of_address(address) {
            return Some((carrier, Source::RegisteredPrefix, Some(prefix.into())));
        }
        if let Some(origin) = origin {
            return Some((carriers.of_asn(origin.asn)?, origin.source, Some(origin.range)));
        }
        let (carrier, _) = carriers.of_router_name(router_name?)?;
        Some((carrier, Source::RouterName, None))
    }

    fn country(&self, address: Ipv4Addr, origin: Option<&Origin>) -> Option<(Country, CountryOf)> {
        let registered = origin.and_then(|origin| origin.country);
        let location = || self.table.as_ref()?.of(address)?.1.location;
        registered
            .map(|country| (country, CountryOf::As))
            .or_else(|| Some((country_code(address)?, CountryOf::Delegation)))
            .or_else(|| Some((location()?, CountryOf::Location)))
    }
}

fn source_of(country: CountryOf) -> Source {
    match country {
        CountryOf::As | CountryOf::Location => Source::AsTable,
        CountryOf::Delegation => Source::Registry,
    }
}

/// The country of the registries' delegation that contains the address: that of the holder, not of the place
/// where it is used, and not of the network's operator. The delegations are built into the program (crate
/// `iptocc`), so they are as old as it is.
#[must_use]
pub fn country_code(address: Ipv4Addr) -> Option<Country> {
    iptocc::country_code(address)?.parse().ok()
}

#[cfg(test)]
mod tests;
