//! Vantages that are countries, as `--by country` names them: those have a place on a map.

use crate::history::{Name, Series};

use super::equal_earth::is_country;
use super::section::Section;
use super::slices::{self, Part};

/// The countries from which one method saw the block.
pub(super) struct Countries<'s> {
    pub(super) method: Name,
    pub(super) all: Vec<Country<'s>>,
}

/// What the newest runs from a country saw of the block.
pub(super) struct Country<'s> {
    pub(super) code: &'s str,
    pub(super) series: &'s Series,
    /// The shares of the classes, or that there is no way in.
    pub(super) parts: Vec<(Part, f64)>,
}

impl<'s> Countries<'s> {
    /// Those of each method. One country alone is no map.
    pub(super) fn of_methods(sections: &[Section<'s>]) -> Vec<Self> {
        let mut methods: Vec<Self> = Vec::new();
        for section in sections {
            let Some(country) = country(section) else { continue };
            let method = country.series.method;
            match methods.iter_mut().find(|seen| seen.method == method) {
                Some(seen) => seen.all.push(country),
                None => methods.push(Self { method, all: vec![country] }),
            }
        }
        methods.retain(|seen| seen.all.len() > 1);
        methods
    }

    /// Whether a section is on the map, and has no second run that a chart could show.
    pub(super) fn covers(&self, section: &Section<'_>) -> bool {
        let vantage = section.series.first().map(|series| (series.vantage, series.method));
        let on_map = |seen: &Country<'_>| vantage == Some((seen.series.vantage, self.method));
        section.runs() < 2 && self.all.iter().any(on_map)
    }
}

fn country<'s>(section: &Section<'s>) -> Option<Country<'s>> {
    let series: &'s [Series] = section.series;
    let first = series.first().filter(|_| !section.is_announced())?;
    let code = section.history.names.text(first.vantage);
    let newest = slices::shares(&first.timeline).pop()?;
    is_country(code).then_some(Country { code, series: first, parts: newest.parts })
}
