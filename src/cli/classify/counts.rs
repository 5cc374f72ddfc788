//! What was read, counted, and the line that says so.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// How many reasons are told.
const MOST_REASONS: usize = 3;

/// What became of what was read.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) used: u64,
    /// Traceroutes to other destinations.
    pub(super) refused: u64,
    pub(super) left: u64,
    pub(super) broken: u64,
    /// Files that could not be read, or not to their end.
    pub(super) failed: u64,
    /// Why things were left out, and how often.
    pub(super) why: BTreeMap<String, u64>,
}

impl Counts {
    /// Counts others in.
    pub(super) fn add(&mut self, others: Self) {
        self.used += others.used;
        self.refused += others.refused;
        self.left += others.left;
        self.broken += others.broken;
        self.failed += others.failed;
        for (why, count) in others.why {
            *self.why.entry(why).or_default() += count;
        }
    }

    /// Whether there was no traceroute at all.
    pub(super) fn is_nothing(&self) -> bool {
        self.used + self.refused + self.left == 0
    }

    /// Whether everything could be read.
    pub(super) fn is_complete(&self) -> bool {
        self.failed == 0 && self.broken == 0
    }

    /// All on one line, for a block that is called `block`.
    pub(super) fn told(&self, block: impl fmt::Display) -> String {
        let Self { used, refused, left, broken, failed, why } = self;
        let read = used + refused + left + broken;
        let mut text = format!(
            "{read} read, {used} used, {refused} refused (destination outside {block}), {left} left \
             out, {broken} broken"
        );
        if *failed > 0 {
            let _ = write!(text, ", {failed} files not read to their end");
        }
        let mut why: Vec<_> = why.iter().map(|(why, count)| (*count, why)).collect();
        why.sort_unstable_by(|one, other| other.cmp(one));
        for (count, why) in why.iter().take(MOST_REASONS) {
            let _ = write!(text, "; {count} {why}");
        }
        text
    }
}
