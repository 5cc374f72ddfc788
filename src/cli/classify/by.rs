//! What a vantage is: one probe or host, or all of a country or of an AS.

use clap::ValueEnum;

use crate::owner::Owners;
use crate::trace::Vantage;

/// What traces are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum By {
    /// The probe or host
    Vantage,
    /// The country of its address
    Country,
    /// The AS of its address
    As,
}

impl By {
    /// The group that traces from `vantage` belong to; without a name where nothing is known.
    pub(super) fn group(self, vantage: Option<&Vantage>, owners: &Owners<'_>) -> String {
        let Some(vantage) = vantage else { return String::new() };
        let owner = || vantage.address.map(|address| owners.of(address));
        match self {
            Self::Vantage => vantage.name.clone(),
            Self::Country => owner()
                .and_then(|owner| owner.country)
                .map_or_else(String::new, |country| country.to_string()),
            Self::As => owner()
                .and_then(|owner| owner.origin)
                .map_or_else(String::new, |origin| format!("AS{}", origin.asn)),
        }
    }
}
