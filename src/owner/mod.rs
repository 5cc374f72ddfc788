//! Who holds an address, and why we think so: the room beside the road that *border* and *transit*
//! ask.
//!
//! Sources are asked in one order: the carriers' registered prefixes, the table of AS, the
//! registries' delegations, and what name servers said. Files and name servers are read before;
//! the answer itself is a pure function.

pub mod cymru;
#[cfg(feature = "dns")]
pub mod dns;
mod mmdb;
mod names;
mod outside;
mod range;
mod ranges;
mod registry;
mod table;
mod text;

use std::fmt;
use std::net::Ipv4Addr;

pub use names::Names;
pub use range::AddressRange;
pub use ranges::Holder;
pub use registry::country_code;
pub use table::{AsTable, TableError};

use crate::targets::{Carrier, ClassId, Country, Targets};

/// Where an answer is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A carrier's prefix in the configuration.
    RegisteredPrefix,
    /// The table of AS.
    AsTable,
    /// The registries' delegations.
    Registry,
    /// The router's name.
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

/// The AS that announces an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Its number; never a private or reserved one.
    pub asn: u32,
    /// Its name, as the source writes it, without control characters.
    pub name: Option<String>,
    /// The country in which the AS is registered.
    pub country: Option<Country>,
    /// The addresses for which the source says so.
    pub range: AddressRange,
    /// [`Source::AsTable`] or [`Source::Cymru`].
    pub source: Source,
}

/// What a country is the country of; they differ often enough to matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CountryOf {
    /// The registration of the origin AS.
    As,
    /// The delegation of the addresses by a registry.
    Delegation,
    /// The place where the addresses are thought to be used. It decides no class.
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

/// Who holds an address. Every part is empty when it is unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owner {
    /// The AS that announces it. A registered prefix or a router name alone gives none.
    pub origin: Option<Origin>,
    /// The carrier: by registered prefix, else by AS, else by router name.
    pub carrier: Option<Carrier>,
    /// The country of the AS, else of the delegation, else the location.
    pub country: Option<Country>,
    /// Which of them `country` is.
    pub country_of: Option<CountryOf>,
    /// The router's name.
    pub router_name: Option<String>,
    /// What `source` matched: the registered prefix or the announced range; nothing for the
    /// others.
    pub range: Option<AddressRange>,
    /// The source that decided: the carrier's, else the origin's, else the country's.
    pub source: Option<Source>,
    /// The carrier's class; without a carrier, the class of the AS's country, else of the
    /// delegation's. Nothing when that is `other` or nobody is known: see [`Owner::is_known`].
    pub class: Option<ClassId>,
}

impl Owner {
    /// Whether anybody can be named: without a class, an owner that is known is `other`, and one
    /// that is not is `unknown`. A location alone names nobody.
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
    names: Names,
}

/// What decided on a carrier.
struct Decision<'t> {
    carrier: &'t Carrier,
    source: Source,
    range: Option<AddressRange>,
}

impl<'t> Owners<'t> {
    /// Knows the configuration and the registries' delegations.
    #[must_use]
    pub fn new(targets: &'t Targets) -> Self {
        Self { targets, table: None, names: Names::default() }
    }

    /// Knows a table of AS too.
    #[must_use]
    pub fn with_table(self, table: AsTable) -> Self {
        Self { table: Some(table), ..self }
    }

    /// Takes over what name servers or traceroutes said, beside what is known already.
    pub fn learn(&mut self, names: Names) {
        self.names.merge(names);
    }

    /// The table of AS, for its age.
    #[must_use]
    pub fn table(&self) -> Option<&AsTable> {
        self.table.as_ref()
    }

    /// What a name server can tell about the addresses: the router names of all that are not
    /// special, and the origins of those among them for which there is none yet.
    #[cfg(feature = "dns")]
    #[must_use]
    pub fn questions(&self, addresses: &[Ipv4Addr]) -> dns::Questions {
        let unannounced = addresses.iter().filter(|address| self.origin(**address).is_none());
        dns::Questions::new(&self.targets.specials, addresses.iter().copied(), unannounced.copied())
    }

    /// Who holds the address. A special address has no owner, whatever a table says.
    #[must_use]
    pub fn of(&self, address: Ipv4Addr) -> Owner {
        if self.targets.specials.of(address).is_some() {
            return Owner::default();
        }
        let origin = self.origin(address);
        let router_name = self.names.router_name(address);
        let decision = self.decide(address, origin.as_ref(), router_name);
        let (country, country_of) = self.country(address, origin.as_ref()).unzip();
        let (range, source) = match (&decision, &origin) {
            (Some(decision), _) => (decision.range, Some(decision.source)),
            (None, Some(origin)) => (Some(origin.range), Some(origin.source)),
            (None, None) => (None, country_of.map(source_of)),
        };
        Owner {
            class: match &decision {
                Some(decision) => decision.carrier.class,
                None => self.class_of_country(country, country_of),
            },
            carrier: decision.map(|decision| decision.carrier.clone()),
            router_name: router_name.map(str::to_owned),
            origin,
            country,
            country_of,
            range,
            source,
        }
    }

    fn origin(&self, address: Ipv4Addr) -> Option<Origin> {
        self.origin_in_table(address).or_else(|| self.names.origin(address))
    }

    fn origin_in_table(&self, address: Ipv4Addr) -> Option<Origin> {
        let (range, holder) = self.table.as_ref()?.of(address)?;
        let Holder { asn, name, country, .. } = holder.clone();
        Some(Origin { asn: asn?, name, country, range, source: Source::AsTable })
    }

    /// A known AS that is nobody's in the configuration leaves no carrier: the router's name would
    /// often be that of the neighbour on the other end of the link.
    fn decide(
        &self,
        address: Ipv4Addr,
        origin: Option<&Origin>,
        router_name: Option<&str>,
    ) -> Option<Decision<'t>> {
        let carriers = &self.targets.carriers;
        if let Some((carrier, prefix)) = carriers.of_address(address) {
            let range = Some(prefix.into());
            return Some(Decision { carrier, source: Source::RegisteredPrefix, range });
        }
        if let Some(origin) = origin {
            let carrier = carriers.of_asn(origin.asn)?;
            return Some(Decision { carrier, source: origin.source, range: Some(origin.range) });
        }
        let (carrier, _) = carriers.of_router_name(router_name?)?;
        Some(Decision { carrier, source: Source::RouterName, range: None })
    }

    fn country(&self, address: Ipv4Addr, origin: Option<&Origin>) -> Option<(Country, CountryOf)> {
        let registered = origin.and_then(|origin| origin.country);
        let location = || self.table.as_ref()?.of(address)?.1.location;
        registered
            .map(|country| (country, CountryOf::As))
            .or_else(|| Some((country_code(address)?, CountryOf::Delegation)))
            .or_else(|| Some((location()?, CountryOf::Location)))
    }

    fn class_of_country(&self, country: Option<Country>, of: Option<CountryOf>) -> Option<ClassId> {
        let country = country.filter(|_| of != Some(CountryOf::Location))?;
        self.targets.classes.of_country(country)
    }
}

fn source_of(country: CountryOf) -> Source {
    match country {
        CountryOf::As | CountryOf::Location => Source::AsTable,
        CountryOf::Delegation => Source::Registry,
    }
}

#[cfg(test)]
mod tests;
