//! Ranges of addresses, and the AS table in memory: sorted ranges with their entries, compact and quick to
//! search.

use std::collections::HashMap;
use std::fmt;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::targets::Country;

/// Consecutive addresses, both ends included; not necessarily a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    first: Ipv4Addr,
    last: Ipv4Addr,
}

impl AddressRange {
    /// From `first` to `last`, or `None` when `last` is below `first`.
    #[must_use]
    pub fn new(first: Ipv4Addr, last: Ipv4Addr) -> Option<Self> {
        (first <= last).then_some(Self { first, last })
    }

    /// The lowest address.
    #[must_use]
    pub fn first(self) -> Ipv4Addr {
        self.first
    }

    /// The highest address.
    #[must_use]
    pub fn last(self) -> Ipv4Addr {
        self.last
    }

    /// The prefix that covers exactly these addresses, if there is one.
    #[must_use]
    pub fn as_prefix(self) -> Option<Ipv4Net> {
        let (first, last) = (u32::from(self.first), u32::from(self.last));
        let length = u8::try_from((first ^ last).leading_zeros()).ok()?;
        let prefix = Ipv4Net::new(self.first, length).ok()?;
        (prefix.network() == self.first && prefix.broadcast() == self.last).then_some(prefix)
    }
}

impl From<Ipv4Net> for AddressRange {
    fn from(prefix: Ipv4Net) -> Self {
        Self { first: prefix.network(), last: prefix.broadcast() }
    }
}

impl fmt::Display for AddressRange {
    /// As a prefix where it is one, else as `first-last`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_prefix() {
            Some(prefix) => fmt::Display::fmt(&prefix, f),
            None => write!(f, "{}-{}", self.first, self.last),
        }
    }
}

/// What a table has for a range. A part that it does not have is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct AsEntry {
    /// The origin AS.
    pub asn: Option<u32>,
    /// The name of the AS.
    pub name: Option<String>,
    /// The country in which the AS is registered.
    pub country: Option<Country>,
    /// The country in which the addresses are thought to be used: a geolocation, not a registration.
    pub location: Option<Country>,
}

impl AsEntry {
    /// Whether there is anything of use in it.
    pub(super) fn is_known(&self) -> bool {
        self.asn.is_some() || self.location.is_some()
    }
}

/// The index of an entry in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EntryId(u32);

/// Ranges that are sorted and do not overlap, each with its entry.
#[derive(Debug, Clone)]
pub(super) struct RangeTable {
    /// The first address of each range: apart from the rest, so that a search stays in the cache.
    firsts: Vec<u32>,
    /// The last address of each range, and the index of its entry.
    rest: Vec<(u32, u32)>,
    /// For each value of an address's first two bytes, how many ranges begin below it.
    before: Vec<u32>,
    entries: Vec<AsEntry>,
}

impl RangeTable {
    /// The range that contains `address`, and its entry.
    pub(super) fn of(&self, address: Ipv4Addr) -> Option<(AddressRange, &AsEntry)> {
        let address = u32::from(address);
        let from = *self.before.get(bucket(address))? as usize;
        let to = *self.before.get(bucket(address) + 1)? as usize;
        let below = self.firsts.get(from..to)?.partition_point(|first| *first <= address);
        let index = (from + below).checked_sub(1)?;
        let (first, (last, entry)) = (self.firsts.get(index)?, *self.rest.get(index)?);
        let range = AddressRange::new((*first).into(), last.into())?;
        (address <= last).then_some((range, self.entries.get(entry as usize)?))
    }

    /// All entries, each once.
    pub(super) fn entries(&self) -> &[AsEntry] {
        &self.entries
    }

    /// How many ranges there are.
    pub(super) fn len(&self) -> usize {
        self.firsts.len()
    }
}

fn bucket(address: u32) -> usize {
    (address >> 16) as usize
}

/// Collects ranges in the order of their addresses.
#[derive(Debug, Default)]
pub(super) struct Builder {
    firsts: Vec<u32>,
    rest: Vec<(u32, u32)>,
    entries: Vec<AsEntry>,
    ids: HashMap<AsEntry, EntryId>,
    previous: Option<AddressRange>,
}

/// A range overlaps the one before it, or is below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{range} does not lie behind {previous} before it: expected sorted ranges without overlap")]
pub(super) struct Unsorted {
    range: AddressRange,
    previous: AddressRange,
}

impl Builder {
    /// Stores each entry once; `None` for one with nothing of use in it.
    pub(super) fn entry(&mut self, entry: AsEntry) -> Option<EntryId> {
        if !entry.is_known() {
            return None;
        }
        if let Some(id) = self.ids.get(&entry) {
            return Some(*id);
        }
        let id = EntryId(u32::try_from(self.entries.len()).ok()?);
        self.entries.push(entry.clone());
        self.ids.insert(entry, id);
        Some(id)
    }

    /// Adds a range. Without an entry it is not stored, but its order is checked all the same.
    pub(super) fn push(
        &mut self,
        range: AddressRange,
        entry: Option<EntryId>,
    ) -> Result<(), Unsorted> {
        if let Some(previous) = self.previous.filter(|previous| previous.last() >= range.first()) {
            return Err(Unsorted { range, previous });
        }
        self.previous = Some(range);
        if let Some(EntryId(entry)) = entry {
            self.firsts.push(range.first().into());
            self.rest.push((range.last().into(), entry));
        }
        Ok(())
    }

    /// The finished table.
    pub(super) fn finish(mut self) -> RangeTable {
        self.firsts.shrink_to_fit();
        self.rest.shrink_to_fit();
        let mut before = vec![0_u32; (1 << 16) + 1];
        for first in &self.firsts {
            if let Some(count) = before.get_mut(bucket(*first) + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for count in &mut before {
            sum += *count;
            *count = sum;
        }
        RangeTable { firsts: self.firsts, rest: self.rest, before, entries: self.entries }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(first: &str, last: &str) -> Option<String> {
        let address = |text: &str| text.parse().expect("address");
        AddressRange::new(address(first), address(last)).map(|range| range.to_string())
    }

    #[test]
    fn a_range_is_shown_as_a_prefix_where_it_is_one() {
        assert_eq!(shown("1.0.0.0", "1.0.0.255").as_deref(), Some("1.0.0.0/24"));
        assert_eq!(shown("8.8.8.8", "8.8.8.8").as_deref(), Some("8.8.8.8/32"));
        assert_eq!(shown("0.0.0.0", "255.255.255.255").as_deref(), Some("0.0.0.0/0"));
        assert_eq!(
            shown("219.158.1.0", "219.158.26.255").as_deref(),
            Some("219.158.1.0-219.158.26.255")
        );
        assert_eq!(shown("1.0.0.1", "1.0.0.2").as_deref(), Some("1.0.0.1-1.0.0.2"));
    }

    #[test]
    fn a_range_does_not_run_backwards() {
        assert_eq!(shown("1.0.0.1", "1.0.0.0"), None);
    }

    fn known(asn: u32) -> AsEntry {
        AsEntry { asn: Some(asn), ..AsEntry::default() }
    }

    fn range(first: u32, last: u32) -> AddressRange {
        AddressRange::new(first.into(), last.into()).expect("range")
    }

    fn table(rows: &[(u32, u32)]) -> RangeTable {
        let mut builder = Builder::default();
        for (asn, (first, last)) in (1..).zip(rows) {
            let entry = builder.entry(known(asn));
            builder.push(range(*first, *last), entry).expect("in order");
        }
        builder.finish()
    }

    fn asn(table: &RangeTable, address: u32) -> Option<u32> {
        table.of(address.into()).and_then(|(_, entry)| entry.asn)
    }

    #[test]
    fn both_ends_of_a_range_belong_to_it_and_the_gaps_beside_it_do_not() {
        let table = table(&[(0x0100_0010, 0x0100_0020), (0x0100_0030, 0x0100_0030)]);
        let expected = [
            (0x0100_000f, None),
            (0x0100_0010, Some(1)),
            (0x0100_0020, Some(1)),
            (0x0100_0021, None),
            (0x0100_002f, None),
            (0x0100_0030, Some(2)),
            (0x0100_0031, None),
        ];
        for (address, expected) in expected {
            assert_eq!(asn(&table, address), expected, "{address:x}");
        }
    }

    #[test]
    fn a_range_may_span_many_buckets_and_touch_both_ends_of_the_space() {
        let table = table(&[(0, 0x0005_0000), (0x0005_0001, 0x7fff_ffff), (u32::MAX, u32::MAX)]);
        let expected = [
            (0, Some(1)),
            (0x0003_1234, Some(1)),
            (0x0005_0000, Some(1)),
            (0x0005_0001, Some(2)),
            (0x7fff_ffff, Some(2)),
            (0x8000_0000, None),
            (u32::MAX - 1, None),
            (u32::MAX, Some(3)),
        ];
        for (address, expected) in expected {
            assert_eq!(asn(&table, address), expected, "{address:x}");
        }
    }

    #[test]
    fn a_range_without_an_entry_is_checked_for_its_order() {
        let mut builder = Builder::default();
        assert_eq!(builder.entry(AsEntry::default()), None);
        assert_eq!(builder.push(range(5, 9), None), Ok(()));
        let unsorted = builder.push(range(9, 12), None).expect_err("overlap");
        assert_eq!(
            unsorted.to_string(),
            "0.0.0.9-0.0.0.12 does not lie behind 0.0.0.5-0.0.0.9 before it: \
             expected sorted ranges without overlap"
        );
        assert_eq!(builder.finish().len(), 0);
    }

    proptest! {
        #[test]
        fn the_search_finds_what_a_walk_through_all_rows_finds(
            mut ends in proptest::collection::btree_set(0_u32..0x0008_0000, 0..60),
            addresses in proptest::collection::vec(0_u32..0x0009_0000, 50),
        ) {
            if ends.len() % 2 == 1 { ends.pop_last(); }
            let ends: Vec<u32> = ends.into_iter().collect();
            let rows: Vec<(u32, u32)> = ends.chunks(2).map(|pair| (pair[0], pair[1])).collect();
            let table = table(&rows);
            for address in addresses {
                let walked = (1..).zip(&rows)
                    .find(|(_, (first, last))| (*first..=*last).contains(&address))
                    .map(|(asn, _)| asn);
                prop_assert_eq!(asn(&table, address), walked);
            }
        }
    }
}
