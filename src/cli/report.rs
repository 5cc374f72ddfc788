//! What a run says about itself on stderr when it has ended.

use crate::probe::Ignored;
use crate::probe::engine::Measured;
use crate::probe::plan::Matched;

use super::common::Common;

/// Says what users should know, and with -v everything that was counted.
pub(super) fn closing(measured: &Measured, common: &Common) {
    if let Some(reason) = &measured.tally.refusal {
        let refused = measured.tally.refused;
        common.warn(&format!("{refused} probes could not be sent: {reason}"));
    }
    if let Some(by) = &measured.tally.spoiled_by {
        let spoiled = measured.tally.spoiled;
        common.say(|| format!("{spoiled} sends were tried again after an error: {by}"));
    }
    common.say(|| {
        let matched = |what| measured.matched.get(&what).copied().unwrap_or_default();
        let ignored = |why| measured.tally.ignored.get(&why).copied().unwrap_or_default();
        format!(
            "{} traces, {} packets, {:.1} s; {} answers, {} more than once, {} late, {} unasked; \
             ignored {} packets of others, {} that answer nothing, {} malformed",
            measured.traces.len(),
            measured.packets,
            measured.took.as_secs_f64(),
            matched(Matched::Answer),
            matched(Matched::Duplicate),
            matched(Matched::Late),
            matched(Matched::Unasked),
            ignored(Ignored::NotOurs),
            ignored(Ignored::NotAnAnswer),
            ignored(Ignored::Malformed),
        )
    });
}
