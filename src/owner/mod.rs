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
mod ip2asn;
mod mmdb;
mod ranges;
mod untrusted;

use std::fmt;
use std::net::Ipv4Addr;

use crate::targets::{Carrier, ClassId, Country, Targets};

pub use as_table::{AsTable, TableError};
pub use dns_records::DnsRecords;
pub use ranges::{AddressRange, AsEntry};

/// What names the holder of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A carrier's prefix in the configuration.
    RegisteredPrefix,
    /// The AS table.
    AsTable,
    /// The registries' delegations.
    Registry,
    /// The router's name in the DNS.
    RouterName,
    /// Team Cymru's name servers.
    Cymru,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::RegisteredPrefix => "registered-prefix",
            Self::AsTable => "as-table",
            Self::Registry => "registry",
            Self::RouterName => "router-name",
            Self::Cymru => "cymru",
        })
    }
}

/// The origin AS of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Its number; never a private or reserved one.
    pub asn: u32,
    /// Its name, as the source writes it, without control characters.
    pub name: Option<String>,
    /// The country in which the AS is registered.
    pub country: Option<Country>,
    /// The addresses for which the source has it.
    pub range: AddressRange,
    /// [`Source::AsTable`] or [`Source::Cymru`].
    pub source: Source,
}

/// What a country is the country of. They differ often enough to matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CountryOf {
    /// The registration of the origin AS.
    As,
    /// The delegation of the addresses by a registry.
    Delegation,
    /// The geolocation of the addresses. It decides no class.
    Location,
}

impl fmt::Display for CountryOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::As => "AS registration",
            Self::Delegation => "delegation",
            Self::Location => "location",
        })
    }
}

/// Who holds an address. Every part is `None` where it is unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owner {
    /// The origin AS. A registered prefix or a router name alone gives none.
    pub origin: Option<Origin>,
    /// The carrier: by registered prefix, else by AS, else by router name.
    pub carrier: Option<Carrier>,
    /// The country of the AS, else of the delegation, else of the location.
    pub country: Option<Country>,
    /// Which of them `country` is.
    pub country_of: Option<CountryOf>,
    /// The router's name.
    pub router_name: Option<String>,
    /// What `source` matched: the registered prefix or the announced range; `None` for the other sources.
    pub range: Option<AddressRange>,
    /// The source that decided: the carrier's, else the origin's, else the country's.
    pub source: Option<Source>,
    /// The carrier's class; without a carrier, the class of the AS's country, else of the delegation's. `None`
    /// means `other`, or `unknown` where nobody is known: see [`Owner::is_known`].
    pub class: Option<ClassId>,
}

impl Owner {
    /// Whether a holder is known: without a class, it is then `other`, and else `unknown`. A location alone
    /// shows no holder.
    #[must_use]
    pub fn is_known(&self) -> bool {
        let registered = self.country_of.is_some_and(|of| of != CountryOf::Location);
        self.carrier.is_some() || self.origin.is_some() || registered
    }
}

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
        let origin = self.origin(address);
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
