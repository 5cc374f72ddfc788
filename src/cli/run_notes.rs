//! Notes on stderr about a run that has ended: what could not be sent, what was ignored.

use crate::census::Census;
use crate::probe::Ignored;
use crate::probe::engine::Measured;
use crate::probe::plan::Matched;
use crate::probe::wire::Tally;
use crate::survey::Judged;

use super::common::Common;

/// Warns where many traces ended before a hop that others saw: a border that limits its answers. Their
/// class is that of the hop before it.
pub(super) fn fell_short(judged: &Judged<'_>, common: &Common) {
    let Judged { fell_short: short, traces, .. } = judged;
    if short * 100 > *traces {
        common.warn(&format!(
            "{short} of {traces} traces ended before a hop that others of their prefix saw, as behind a \
             router that rarely answers; they have low confidence (--traces), and a lower --rate may help"
        ));
    }
}

/// Reports what users should know of a run that has traced, and with -v everything that was counted.
pub(super) fn traces(measured: &Measured, common: &Common) {
    if let Some(reason) = &measured.tally.refusal {
        let refused = measured.tally.refused;
        common.warn(&format!("{refused} probes could not be sent: {reason}"));
    }
    if let Some(by) = &measured.tally.spoiled_by {
        let spoiled = measured.tally.spoiled;
        common.info(|| format!("{spoiled} sends were tried again after an error: {by}"));
    }
    common.info(|| {
        let matched = |what| measured.matched.get(&what).copied().unwrap_or_default();
        format!(
            "{} traces, {} packets, {:.1} s; {} answers, {} more than once, {} late, {} unasked; {}",
            measured.traces,
            measured.packets,
            measured.took.as_secs_f64(),
            matched(Matched::Answer),
            matched(Matched::Duplicate),
            matched(Matched::Late),
            matched(Matched::Unasked),
            ignored(&measured.tally),
        )
    });
}

/// Reports what users should know of a census, and with -v everything that was counted; `tally` is
/// that of the transport, if there was one.
pub(super) fn census(census: &Census, tally: Option<&Tally>, common: &Common) {
    if census.refused > 0 {
        let why = tally.and_then(|tally| tally.refusal.as_ref());
        let why = why.map_or(String::new(), |why| format!(": {why}"));
        common.warn(&format!("{} questions could not be sent{why}", census.refused));
    }
    let suspect = census.hosts.iter().filter(|host| host.suspicion.is_some()).count();
    if suspect > 0 {
        common.warn(&format!(
            "{suspect} targets answer in a way that cannot be their own, and are not counted as alive \
             (lasthop ping --census FILE says why)"
        ));
    }
    common.info(|| {
        let found = census.hosts.iter().filter(|host| host.found.is_some()).count();
        let (hosts, packets, noise) = (census.hosts.len(), census.packets, census.noise);
        format!(
            "{hosts} targets, {packets} packets, {found} answer; beside that {} answers more than once, \
             {} late, {} from other addresses, {} unasked; {} ICMP errors",
            noise.duplicates, noise.late, noise.foreign, noise.unasked, noise.errors
        )
    });
    if let Some(tally) = tally {
        common.info(|| ignored(tally));
    }
}

/// The packets that were no replies.
fn ignored(tally: &Tally) -> String {
    let count = |why| tally.ignored.get(&why).copied().unwrap_or_default();
    format!(
        "ignored {} packets of others, {} of another size, {} that answer nothing, {} malformed",
        count(Ignored::NotOurs),
        count(Ignored::OtherSize),
        count(Ignored::NotAnAnswer),
        count(Ignored::Malformed),
    )
}
