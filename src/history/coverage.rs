//! Which prefixes a block's row is of. A run of some prefixes alone says something about those, and its row for the
//! block is no row to compare with the others: what both cover is compared prefix by prefix.

use ipnet::Ipv4Net;

/// After so many runs in a row that cover the same other prefixes, these are what the block is.
const SETTLED: u32 = 8;

/// The prefixes that the rows of a series are of.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    held: Vec<Ipv4Net>,
    other: Vec<Ipv4Net>,
    in_a_row: u32,
}

/// Whether a row can be compared with those before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparable {
    /// It is of the same prefixes.
    Yes,
    /// It is of others, and those that come after it will be too.
    Anew,
    /// It is of others.
    No,
}

impl Coverage {
    /// Takes in a row, with the prefixes of its run in their order. None are known where a history has no rows
    /// for prefixes.
    pub(super) fn take(&mut self, covered: &[Ipv4Net]) -> Comparable {
        if covered.is_empty() || covered == self.held {
            self.in_a_row = 0;
            return Comparable::Yes;
        }
        let has_all = self.held.iter().all(|prefix| covered.contains(prefix));
        self.in_a_row = if covered == self.other { self.in_a_row + 1 } else { 1 };
        self.other = covered.to_vec();
        if !has_all && self.in_a_row < SETTLED {
            return Comparable::No;
        }
        let is_first = self.held.is_empty();
        self.held = std::mem::take(&mut self.other);
        self.in_a_row = 0;
        if is_first { Comparable::Yes } else { Comparable::Anew }
    }
}

#[cfg(test)]
mod tests {
    use super::Comparable::{Anew, No, Yes};
    use super::*;

    #[test]
    fn a_block_is_compared_over_the_same_prefixes() {
        let prefixes: Vec<Ipv4Net> =
            (176..180).map(|third| format!("175.45.{third}.0/24").parse().unwrap()).collect();
        let (all, one, two) = (&prefixes[..], &prefixes[1..2], &prefixes[1..3]);
        let mut coverage = Coverage::default();
        let mut taken = |covered: &[Ipv4Net]| coverage.take(covered);
        assert_eq!([one, one, two, all].map(&mut taken), [Yes, Yes, Anew, Anew]);
        assert_eq!([all, one, all, two, &[], all].map(&mut taken), [Yes, No, Yes, No, Yes, Yes]);
        assert_eq!([two; 9].map(&mut taken), [No, No, No, No, No, No, No, Anew, Yes]);
    }
}
