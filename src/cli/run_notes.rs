//! Notes on stderr about a run that has ended: what could not be sent, what was ignored.

use std::time::Duration;

use crate::census::{Census, HostCount, HostCounts};
use crate::output::Run;
use crate::probe::Ignored;
use crate::probe::engine::{Matched, Measured};
use crate::probe::transport::TransportCounts;
use crate::split::{Doubt, Split};
use crate::survey::Judged;
use crate::targets::Block;
use crate::trace::StopReason;

use super::common::Common;

/// Warns where many traces ended before a hop that others saw: a border that limits its answers. Their
/// class is that of the hop before it.
pub(super) fn fell_short(judged: &Judged<'_>, common: &Common) {
    let Judged { fell_short: short, traces, .. } = judged;
    if short * 100 > *traces {
        common.warn(&format!(
            "{short} of {traces} traces ended before a hop that others of their prefix saw, as behind a \
             router that rarely answers; they have low confidence or are unknown (--traces), and to ask fewer \
             targets may help (--sample 64)"
        ));
    }
}

/// Says once what speaks against a run: the vantage's own failure is no outage of the block.
pub(super) fn vantage(split: &Split, run: &Run, common: &Common) {
    let has = |doubt| split.doubts.contains(&doubt) || run.doubts.contains(&doubt);
    let gateway =
        "something near the vantage answers for every address, so no path can be seen from here";
    if split.way_out == Some(false) {
        let why = if has(Doubt::Gateway) {
            gateway
        } else {
            "nothing outside the vantage's own network answered, as with a dead uplink or a firewall that drops \
             ICMP time exceeded"
        };
        return common.warn(&format!("no way out: {why}; this says nothing about the block"));
    }
    for (doubt, text) in [
        (Doubt::Gateway, gateway),
        (
            Doubt::Near,
            "nothing answered behind the first public hop: this may be a failure of the vantage's own provider, and \
             is no evidence of an outage",
        ),
        (
            Doubt::Uplink,
            "a part of the traces did not leave the vantage's own network, as when its uplink fails; the run is \
             incomplete",
        ),
        (
            Doubt::Nat,
            "most ICMP errors quote probes with changed fields, as behind a box that translates addresses (NAT), so \
             that they prove nothing; the run is incomplete (--wire user, or another --method, may help)",
        ),
        (
            Doubt::PerPacket,
            "packets of one flow take different carriers, so that no trace shows one path: one packet of each \
             trace counts, with low confidence",
        ),
        (Doubt::Moved, "the address to send from changed during the run; the run is incomplete"),
    ] {
        if has(doubt) {
            common.warn(text);
        }
    }
}

/// Warns of replies that somebody seems to have forged, even where the run is quiet: they are no part of the rows.
fn forged(measured: &Measured, common: &Common) {
    if let Some(forged) = measured.forged() {
        common.error(&format!(
            "{forged} replies do not know this run's secret, answer what was not sent, or contradict others: somebody \
             forges them, or another run has the same targets; none of them was used"
        ));
    }
}

/// Says why a run that nobody limited was ended.
pub(super) fn ended_by_default(measured: &Measured, deadline: Duration, common: &Common) {
    if measured.cut_short == Some(StopReason::Deadline) {
        common.error(&format!(
            "ended after {} s, which is far longer than such a run takes; the rows are marked incomplete, and \
             --deadline SECONDS gives more time",
            deadline.as_secs()
        ));
    }
}

/// Reports what users should know of a run that has traced, and with -v everything that was counted.
pub(super) fn traces(measured: &Measured, common: &Common) {
    if let Some(reason) = &measured.counts.unsent_reason {
        let refused = measured.counts.unsent;
        common.warn(&format!("{refused} probes could not be sent: {reason}"));
    }
    if let Some(by) = &measured.counts.resent_reason {
        let spoiled = measured.counts.resent;
        common.info(|| format!("{spoiled} sends were tried again after an error: {by}"));
    }
    forged(measured, common);
    common.info(|| {
        format!(
            "{} traces, {} packets, {:.1} s; {} answers, {} more than once, {} late, {} unasked; {}",
            measured.ended,
            measured.packets,
            measured.took.as_secs_f64(),
            measured.replies(Matched::First),
            measured.replies(Matched::Duplicate),
            measured.replies(Matched::Late),
            measured.replies(Matched::Unasked),
            ignored(&measured.counts),
        )
    });
}

/// Reports what users should know of a census, and with -v everything that was counted.
pub(super) fn census(census: &Census, block: &Block, common: &Common) {
    let measured = &census.measured;
    if let Some(reason) = &measured.counts.unsent_reason {
        common.warn(&format!("{} probes could not be sent: {reason}", measured.counts.unsent));
    }
    forged(measured, common);
    let suspect = census.hosts.iter().filter(|host| host.implausible.is_some()).count();
    if suspect > 0 {
        common.warn(&format!(
            "{suspect} targets answer in a way that cannot be their own, and are not counted as alive \
             (lasthop ping --census FILE says why)"
        ));
    }
    for count in HostCounts::of(&census.hosts, block).routed.iter().filter(|count| count.is_full())
    {
        let HostCount { scope, targets, alive, .. } = count;
        common.warn(&format!(
            "{alive} of {targets} targets in {scope} seem alive. Real networks are mostly empty: one box may \
             answer for all of them"
        ));
    }
    common.info(|| {
        let found = census.hosts.iter().filter(|host| host.found.is_some()).count();
        let (hosts, packets) = (census.hosts.len(), measured.packets);
        format!(
            "{hosts} targets, {packets} packets, {found} answer; beside that {} answers more than once, \
             {} late, {} from other addresses, {} unasked; {} ICMP errors",
            measured.replies(Matched::Duplicate),
            measured.replies(Matched::Late),
            measured.replies(Matched::Foreign),
            measured.replies(Matched::Unasked),
            measured.replies(Matched::Error),
        )
    });
    common.info(|| ignored(&measured.counts));
}

/// The packets that were no replies.
fn ignored(counts: &TransportCounts) -> String {
    let count = |why| counts.ignored.get(&why).copied().unwrap_or_default();
    format!(
        "ignored {} packets of others, {} without the secret, {} changed on the way, {} of another size, {} that answer \
         nothing, {} malformed",
        count(Ignored::NotOurs),
        count(Ignored::Unproven),
        count(Ignored::Changed),
        count(Ignored::OtherSize),
        count(Ignored::NotAReply),
        count(Ignored::Malformed),
    )
}
