//! What became of the records of files: the line with which reading ends.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// How many causes the line names.
const MOST_CAUSES: usize = 3;
/// How many causes are told apart: a cause may repeat what a file says.
const MOST_KEPT: usize = 64;
/// What all further causes are counted as.
const OTHER_CAUSES: &str = "other causes";

/// What became of the records of all files.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct ReadCounts {
    /// Traceroutes to the block.
    pub used: u64,
    /// Traceroutes to other destinations.
    pub refused: u64,
    /// Records that are no traceroutes to an IPv4 address.
    pub skipped: u64,
    /// Records that cannot be read.
    pub malformed: u64,
    /// Lines of texts that belong to no traceroute.
    pub other: u64,
    /// Traceroutes to the block that were read before.
    pub repeated: u64,
    /// Files that were looked into, and members of archives.
    pub files: u64,
    /// Files that nobody named and that have no traceroute in them.
    pub passed_over: u64,
    /// Files that were read before under another name.
    pub same_files: u64,
    /// Files of which the format is known, and no trace is in them.
    pub without_traces: u64,
    /// Files that could not be read, or not to their end.
    pub failed: u64,
    /// Why records were skipped, and how often.
    pub causes: BTreeMap<String, u64>,
}

impl ReadCounts {
    pub(super) fn add(&mut self, others: Self) {
        self.used += others.used;
        self.refused += others.refused;
        self.skipped += others.skipped;
        self.malformed += others.malformed;
        self.other += others.other;
        self.repeated += others.repeated;
        self.files += others.files;
        self.passed_over += others.passed_over;
        self.same_files += others.same_files;
        self.without_traces += others.without_traces;
        self.failed += others.failed;
        for (cause, count) in others.causes {
            self.skip(cause, count);
        }
    }

    /// Counts `count` records that were skipped for this cause.
    pub(super) fn skip(&mut self, cause: String, count: u64) {
        let is_known = self.causes.contains_key(&cause);
        let cause =
            if is_known || self.causes.len() < MOST_KEPT { cause } else { OTHER_CAUSES.into() };
        *self.causes.entry(cause).or_default() += count;
    }

    /// Whether everything could be read.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failed == 0 && self.malformed == 0
    }

    /// All counts on one line, for a block that is called `block`.
    #[must_use]
    pub fn summary(&self, block: impl fmt::Display) -> String {
        let Self { used, refused, skipped, malformed, repeated, causes, .. } = self;
        let read = used + refused + skipped + malformed + repeated;
        let files = self.files;
        let mut text = format!(
            "{files} {}: {read} read, {used} used, {refused} refused (destination outside {block}), \
             {skipped} left out, {malformed} broken",
            if files == 1 { "file" } else { "files" }
        );
        for (count, what) in [
            (self.other, "other lines"),
            (*repeated, "read before and counted once"),
            (self.same_files, "files read before under another name"),
            (self.passed_over, "files without a traceroute passed over (-v lists them)"),
            (self.failed, "files not read to their end"),
        ] {
            if count > 0 {
                let _ = write!(text, ", {count} {what}");
            }
        }
        let mut causes: Vec<_> = causes.iter().map(|(cause, count)| (*count, cause)).collect();
        causes.sort_unstable_by(|one, other| other.cmp(one));
        for (count, cause) in causes.iter().take(MOST_CAUSES) {
            let _ = write!(text, "; {count} {cause}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_beyond_the_most_are_counted_together() {
        let mut counts = ReadCounts::default();
        for number in 0..1000 {
            let mut some = ReadCounts::default();
            some.skip(format!("a traceroute that failed: {number}"), 1);
            some.skip("IPv6".into(), 2);
            counts.add(some);
        }
        assert_eq!(counts.causes.len(), MOST_KEPT + 1);
        assert_eq!(counts.causes["IPv6"], 2000);
        assert_eq!(counts.causes.values().sum::<u64>(), 3000);
        assert!(counts.summary("x").contains("; 937 other causes"), "{}", counts.summary("x"));
    }
}
