//! Finished traces, packed: a few dozen bytes each, so that a run over a million targets can be kept
//! until its neighbours have ended too and it is judged.

use crate::targets::Block;

use super::{Finished, TraceKey};

/// A trace cannot be packed or unpacked. It does not happen.
#[derive(Debug, thiserror::Error)]
#[error("packing a trace: {0}")]
pub struct ArchiveError(#[from] postcard::Error);

/// Finished traces, in the order of their paths once they are [`Archive::sort`]ed.
#[derive(Debug, Default)]
pub struct Archive {
    bytes: Vec<u8>,
    /// Where each trace begins.
    places: Vec<(TraceKey, usize)>,
}

impl Archive {
    /// Adds a trace.
    ///
    /// # Errors
    /// Never, as far as is known.
    pub fn push(&mut self, finished: &Finished) -> Result<(), ArchiveError> {
        let place = self.bytes.len();
        let bytes = std::mem::take(&mut self.bytes);
        self.bytes = postcard::to_extend(finished, bytes)?;
        self.places.push((finished.key, place));
        Ok(())
    }

    /// How many traces there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Brings the traces into the order of their paths.
    pub fn sort(&mut self) {
        self.places.sort_unstable();
    }

    /// The traces of one routed prefix of `block` after the other.
    pub fn by_prefix<'a>(
        &'a self,
        block: &'a Block,
    ) -> impl Iterator<Item = Result<Vec<Finished>, ArchiveError>> + 'a {
        let prefix = |(key, _): &(TraceKey, usize)| block.routed_prefix(key.target);
        let groups = self.places.chunk_by(move |one, other| prefix(one) == prefix(other));
        groups.map(|group| group.iter().map(|(_, place)| self.unpack(*place)).collect())
    }

    fn unpack(&self, place: usize) -> Result<Finished, ArchiveError> {
        Ok(postcard::from_bytes(&self.bytes[place..])?)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::probe::{Answer, Attempt, Flow, Moment, Outcome, ProbeMethod, ProbeTtl, Try};
    use crate::targets::Targets;
    use crate::trace::{MplsLabel, ReplyKind, StopReason, Strategy};

    fn finished(target: [u8; 4]) -> Finished {
        let key =
            TraceKey { target: Ipv4Addr::from(target), method: ProbeMethod::Udp, flow: Flow::LAST };
        let answer = Answer {
            from: Ipv4Addr::new(219, 158, 39, 42),
            kind: ReplyKind::Unreachable(13),
            received: Moment::from_nanos(987_654_321_012),
            reply_ttl: Some(241),
            labels: Box::new([MplsLabel { label: 24_005, ttl: 1 }]),
        };
        let one = |attempt, left, outcome| Try {
            ttl: ProbeTtl::LAST,
            attempt: Attempt::new(attempt).unwrap_or_default(),
            sent: Moment::from_nanos(987_654_000_000),
            left,
            outcome,
        };
        let tries = vec![
            one(0, false, Outcome::Waiting),
            one(1, true, Outcome::Silent),
            one(7, true, Outcome::Answered(answer)),
        ];
        Finished { key, strategy: Strategy::Full, stop: StopReason::Interrupted, tries }
    }

    #[test]
    fn what_is_packed_comes_back_in_the_order_of_targets_and_prefix_by_prefix() {
        let block = Targets::built_in().expect("targets").block;
        let targets = [[175, 45, 178, 9], [175, 45, 176, 200], [175, 45, 178, 1]];
        let mut archive = Archive::default();
        for target in targets {
            archive.push(&finished(target)).expect("packed");
        }
        archive.sort();
        let groups: Vec<Vec<Finished>> =
            archive.by_prefix(&block).map(|group| group.expect("unpacked")).collect();
        assert_eq!(
            groups,
            [vec![finished(targets[1])], vec![finished(targets[2]), finished(targets[0])]]
        );
        assert_eq!(archive.len(), 3);
        assert!(archive.bytes.len() < 3 * 64, "{} bytes", archive.bytes.len());
    }
}
