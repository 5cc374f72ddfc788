//! What there is to know about who holds an address, and which source says so.

use std::fmt;

use crate::targets::{Carrier, ClassId, Country};

use super::ranges::AddressRange;

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
    /// [`Source::AsTable`] or [`Source::Cymru`]; or [`Source::RegisteredPrefix`], where the carrier has one AS alone.
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
    /// The origin AS. A registered prefix alone gives one only where the carrier has no other, a router name none.
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
