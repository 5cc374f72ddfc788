//! What a census says about itself on stderr when it has ended.

use crate::census::Census;
use crate::probe::Ignored;
use crate::probe::wire::Tally;

use super::super::common::Common;

/// Says what users should know, and with -v everything that was counted.
pub(super) fn closing(census: &Census, common: &Common) {
    let suspect = census.hosts.iter().filter(|host| host.suspicion.is_some()).count();
    if suspect > 0 {
        common.warn(&format!(
            "{suspect} targets answer in a way that cannot be their own, and are not counted as alive \
             (--census FILE says why)"
        ));
    }
    common.say(|| {
        let found = census.hosts.iter().filter(|host| host.found.is_some()).count();
        format!("{} targets, {} packets, {found} answer", census.hosts.len(), census.packets)
    });
    noise(census, common);
}

/// Says, with -v, which answers showed nothing.
pub(in super::super) fn noise(census: &Census, common: &Common) {
    let noise = census.noise;
    common.say(|| {
        format!(
            "answers that show no host: {} more than once, {} late, {} from other addresses, {} ICMP \
             errors, {} unasked",
            noise.duplicates, noise.late, noise.foreign, noise.errors, noise.unasked
        )
    });
}

/// Says what the wire has counted aside.
pub(super) fn tally(tally: &Tally, common: &Common) {
    if let Some(reason) = &tally.refusal {
        common.warn(&format!("{} packets could not be sent: {reason}", tally.refused));
    }
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
