//! Who an AS is: its carrier and class, by the carriers' AS in `targets.toml`, then by the country in which it is
//! registered.

use foldhash::HashMap;

use crate::targets::{Country, Targets};
use crate::transit::Class;

use super::attributes::is_public;

/// Who each AS is.
#[derive(Debug, Clone)]
pub struct Networks<'t> {
    targets: &'t Targets,
    /// The AS that originates the block.
    origin: u32,
    countries: HashMap<u32, Country>,
}

impl<'t> Networks<'t> {
    /// By the configuration, and the countries of registration. Without `origin` it is the block's.
    #[must_use]
    pub fn new(
        targets: &'t Targets,
        origin: Option<u32>,
        countries: impl IntoIterator<Item = (u32, Country)>,
    ) -> Self {
        let origin = origin.unwrap_or(targets.block.asn);
        Self { targets, origin, countries: countries.into_iter().collect() }
    }

    /// The configuration.
    #[must_use]
    pub fn targets(&self) -> &'t Targets {
        self.targets
    }

    /// The AS that originates the block.
    #[must_use]
    pub fn origin(&self) -> u32 {
        self.origin
    }

    /// The class of transit that the AS is.
    #[must_use]
    pub fn class(&self, asn: u32) -> Class {
        if let Some(carrier) = self.targets.carriers.of_asn(asn) {
            return carrier.class.map_or(Class::Other, Class::Transit);
        }
        let country = self.countries.get(&asn);
        match country.and_then(|country| self.targets.classes.of_country(*country)) {
            Some(id) => Class::Transit(id),
            None if is_public(asn) => Class::Other,
            None => Class::Unknown,
        }
    }

    /// Whether a carrier in the configuration has the AS.
    #[must_use]
    pub fn is_listed(&self, asn: u32) -> bool {
        self.targets.carriers.of_asn(asn).is_some()
    }

    /// The carrier's name, or `AS` and its number.
    #[must_use]
    pub fn name(&self, asn: u32) -> String {
        match self.targets.carriers.of_asn(asn) {
            Some(carrier) => carrier.name.clone(),
            None => format!("AS{asn}"),
        }
    }
}
