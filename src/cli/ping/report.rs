//! What a census says about itself on stderr when it has ended.

use crate::census::Census;
use crate::probe::Ignored;
use crate::probe::transport::TransportCounts;

use super::super::common::Common;

/// Says what users should know, and with -v everything that was counted; `tally` is that of the wire, if
/// there was one.
pub(in super::super) fn closing(census: &Census, tally: Option<&TransportCounts>, common: &Common) {
    if census.refused > 0 {
        let why = tally.and_then(|tally| tally.unsent_reason.as_ref());
        let why = why.map_or(String::new(), |why| format!(": {why}"));
        common.warn(&format!("{} questions could not be sent{why}", census.refused));
    }
    let implausible = census.hosts.iter().filter(|host| host.implausible.is_some()).count();
    if implausible > 0 {
        common.warn(&format!(
            "{implausible} targets answer in a way that cannot be their own, and are not counted as alive \
             (lasthop ping --census FILE says why)"
        ));
    }
    counted(census, common);
    if let Some(tally) = tally {
        ignored(tally, common);
    }
}

fn counted(census: &Census, common: &Common) {
    common.say(|| {
        let found = census.hosts.iter().filter(|host| host.found.is_some()).count();
        let (hosts, packets, noise) = (census.hosts.len(), census.packets, census.noise);
        format!(
            "{hosts} targets, {packets} packets, {found} answer; beside that {} answers more than once, \
             {} late, {} from other addresses, {} unasked; {} ICMP errors",
            noise.duplicates, noise.late, noise.foreign, noise.unasked, noise.errors
        )
    });
}

fn ignored(tally: &TransportCounts, common: &Common) {
    let ignored = |why| tally.ignored.get(&why).copied().unwrap_or_default();
    common.say(|| {
        format!(
            "ignored {} packets of others, {} of another size, {} that answer nothing, {} malformed",
            ignored(Ignored::NotOurs),
            ignored(Ignored::OtherSize),
            ignored(Ignored::NotAnAnswer),
            ignored(Ignored::Malformed),
        )
    });
}
