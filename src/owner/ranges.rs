//! The table in memory: sorted ranges and their holders, compact and quick to search.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use super::AddressRange;
use crate::targets::Country;

/// What a table says about a range. Every part is empty when the table does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Holder {
    /// The AS that originates it.
    pub asn: Option<u32>,
    /// The name of the AS.
    pub name: Option<String>,
    /// The country in which the AS is registered.
    pub country: Option<Country>,
    /// The country in which the addresses are thought to be used: a location, not a registration.
    pub location: Option<Country>,
}

impl Holder {
    /// Whether it says anything that can be used.
    pub(super) fn is_known(&self) -> bool {
        self.asn.is_some() || self.location.is_some()
    }
}

/// A holder's place in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HolderId(u32);

/// Ranges that are sorted and do not overlap.
#[derive(Debug, Clone)]
pub(super) struct Ranges {
    /// Where each range begins: apart from the rest, so that what is searched lies in one place.
    firsts: Vec<u32>,
    rows: Vec<Row>,
    /// For each value of an address's first two bytes, how many ranges begin below it.
    before: Vec<u32>,
    holders: Vec<Holder>,
}

/// Where a range ends, and whose it is.
#[derive(Debug, Clone, Copy)]
struct Row {
    last: u32,
    holder: u32,
}

impl Ranges {
    /// The range that holds `address`.
    pub(super) fn of(&self, address: Ipv4Addr) -> Option<(AddressRange, &Holder)> {
        let address = u32::from(address);
        let from = *self.before.get(bucket(address))? as usize;
        let to = *self.before.get(bucket(address) + 1)? as usize;
        let begun = self.firsts.get(from..to)?.partition_point(|first| *first <= address);
        let place = (from + begun).checked_sub(1)?;
        let (first, row) = (self.firsts.get(place)?, self.rows.get(place)?);
        let range = AddressRange::new((*first).into(), row.last.into())?;
        (address <= row.last).then_some((range, self.holders.get(row.holder as usize)?))
    }

    /// How many ranges there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }
}

fn bucket(address: u32) -> usize {
    (address >> 16) as usize
}

/// Collects ranges in the order of their addresses.
#[derive(Debug, Default)]
pub(super) struct Builder {
    firsts: Vec<u32>,
    rows: Vec<Row>,
    holders: Vec<Holder>,
    places: HashMap<Holder, HolderId>,
    previous: Option<AddressRange>,
}

/// The range does not come behind all ranges before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{range} does not lie behind {previous} before it: expected sorted ranges without overlap")]
pub(super) struct Disorder {
    range: AddressRange,
    previous: AddressRange,
}

impl Builder {
    /// Keeps each holder once; nothing for one that says nothing.
    pub(super) fn holder(&mut self, holder: Holder) -> Option<HolderId> {
        if !holder.is_known() {
            return None;
        }
        if let Some(id) = self.places.get(&holder) {
            return Some(*id);
        }
        let id = HolderId(u32::try_from(self.holders.len()).ok()?);
        self.holders.push(holder.clone());
        self.places.insert(holder, id);
        Some(id)
    }

    /// Adds a range; one without a holder only takes its place in the order.
    pub(super) fn push(
        &mut self,
        range: AddressRange,
        holder: Option<HolderId>,
    ) -> Result<(), Disorder> {
        if let Some(previous) = self.previous.filter(|previous| previous.last() >= range.first()) {
            return Err(Disorder { range, previous });
        }
        self.previous = Some(range);
        if let Some(HolderId(holder)) = holder {
            self.firsts.push(range.first().into());
            self.rows.push(Row { last: range.last().into(), holder });
        }
        Ok(())
    }

    /// The finished table.
    pub(super) fn finish(mut self) -> Ranges {
        self.firsts.shrink_to_fit();
        self.rows.shrink_to_fit();
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
        Ranges { firsts: self.firsts, rows: self.rows, before, holders: self.holders }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn known(asn: u32) -> Holder {
        Holder { asn: Some(asn), ..Holder::default() }
    }

    fn range(first: u32, last: u32) -> AddressRange {
        AddressRange::new(first.into(), last.into()).expect("range")
    }

    fn table(rows: &[(u32, u32)]) -> Ranges {
        let mut builder = Builder::default();
        for (asn, (first, last)) in (1..).zip(rows) {
            let holder = builder.holder(known(asn));
            builder.push(range(*first, *last), holder).expect("in order");
        }
        builder.finish()
    }

    fn asn(table: &Ranges, address: u32) -> Option<u32> {
        table.of(address.into()).and_then(|(_, holder)| holder.asn)
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
    fn a_range_without_a_holder_keeps_its_place_in_the_order() {
        let mut builder = Builder::default();
        assert_eq!(builder.holder(Holder::default()), None);
        assert_eq!(builder.push(range(5, 9), None), Ok(()));
        let disorder = builder.push(range(9, 12), None).expect_err("overlap");
        assert_eq!(
            disorder.to_string(),
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
