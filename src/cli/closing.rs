//! What a run says about itself on stderr when it has ended.

use crate::probe::Ignored;
use crate::probe::engine::Measured;
use crate::probe::scheduler::Matched;

use super::common::Common;

/// Warns where many traces ended before a hop that others saw: a border that limits its answers. Their
/// class is that of the hop before it.
pub(super) fn short_of_the_border(short: usize, traces: usize, common: &Common) {
    if short * 100 > traces {
        common.warn(&format!(
            "{short} of {traces} traces ended before a hop that others of their prefix saw, as behind a \
             router that rarely answers; they have low confidence (--traces), and a lower --rate may help"
        ));
    }
}

/// Says what users should know, and with -v everything that was counted.
pub(super) fn closing(measured: &Measured, common: &Common) {
    if let Some(reason) = &measured.counts.unsent_reason {
        let refused = measured.counts.unsent;
        common.warn(&format!("{refused} probes could not be sent: {reason}"));
    }
    if let Some(by) = &measured.counts.resent_reason {
        let spoiled = measured.counts.resent;
        common.say(|| format!("{spoiled} sends were tried again after an error: {by}"));
    }
    common.say(|| {
        let matched = |what| measured.matched.get(&what).copied().unwrap_or_default();
        let ignored = |why| measured.counts.ignored.get(&why).copied().unwrap_or_default();
        format!(
            "{} traces, {} packets, {:.1} s; {} answers, {} more than once, {} late, {} unasked; \
             ignored {} packets of others, {} of another size, {} that answer nothing, {} malformed",
            measured.traces,
            measured.packets,
            measured.took.as_secs_f64(),
            matched(Matched::First),
            matched(Matched::Duplicate),
            matched(Matched::Late),
            matched(Matched::Unasked),
            ignored(Ignored::NotOurs),
            ignored(Ignored::OtherSize),
            ignored(Ignored::NotAnAnswer),
            ignored(Ignored::Malformed),
        )
    });
}
