//! One target's account: what it was asked, what it answered, and how fast.

use std::fmt;
use std::net::Ipv4Addr;
use std::time::Duration;

use crate::probe::Moment;

use super::Liveness;

/// One question that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Try {
    /// When.
    pub sent: Moment,
    /// To which TCP port; 0 for means without any.
    pub port: u16,
    /// Whether it left; the machine may refuse to send.
    pub left: bool,
    /// How long the answer took, if one came in time.
    pub rtt: Option<Duration>,
}

/// How a target was found to live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// What it answered first.
    pub liveness: Liveness,
    /// The TTL with which that answer arrived, where the system says.
    pub reply_ttl: Option<u8>,
}

/// Why an answer is not taken for the target's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Implausible {
    /// (Almost) every address of the routed prefix answers, and all alike.
    Alike,
    /// The answer's TTL says that it comes from a distance at which the target cannot be.
    Distance,
}

impl fmt::Display for Implausible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alike => "alike",
            Self::Distance => "distance",
        })
    }
}

/// A target and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// The target.
    pub target: Ipv4Addr,
    /// When it was asked first.
    pub asked: Option<Moment>,
    /// How it was found to live, if it was.
    pub found: Option<Found>,
    /// Why that is doubted, if it is.
    pub implausible: Option<Implausible>,
    /// What it was asked, by the means and at the port by which it was found, or, where it was not,
    /// by all.
    pub tries: Vec<Try>,
    /// Packets to it, by all means; of a connection only the first.
    pub packets: usize,
}

impl Host {
    /// A target that was not asked yet.
    #[must_use]
    pub const fn new(target: Ipv4Addr) -> Self {
        Self { target, asked: None, found: None, implausible: None, tries: Vec::new(), packets: 0 }
    }

    /// Whether it lives, beyond doubt.
    #[must_use]
    pub const fn is_alive(&self) -> bool {
        self.found.is_some() && self.implausible.is_none()
    }

    /// Questions that left.
    #[must_use]
    pub fn sent(&self) -> usize {
        self.tries.iter().filter(|one| one.left).count()
    }

    /// Answers that came in time.
    #[must_use]
    pub fn received(&self) -> usize {
        self.tries.iter().filter(|one| one.rtt.is_some()).count()
    }

    /// How fast it answered; nothing where it did not.
    #[must_use]
    pub fn latency(&self) -> Option<Latency> {
        Latency::of(&self.tries)
    }
}

/// TtlAttempts trips to one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latency {
    /// The shortest.
    pub min: Duration,
    /// The middle one, or the mean of the two middle ones.
    pub median: Duration,
    /// The longest.
    pub max: Duration,
    /// The mean difference between the round trips of two questions that followed each other and were
    /// both answered; nothing where there are no two.
    pub jitter: Option<Duration>,
}

impl Latency {
    fn of(tries: &[Try]) -> Option<Self> {
        let mut rtts: Vec<Duration> = tries.iter().filter_map(|one| one.rtt).collect();
        rtts.sort_unstable();
        Some(Self {
            min: *rtts.first()?,
            median: median(&rtts)?,
            max: *rtts.last()?,
            jitter: jitter(tries),
        })
    }
}

/// The middle of sorted durations.
pub(super) fn median(sorted: &[Duration]) -> Option<Duration> {
    let (low, high) =
        (sorted.get(sorted.len().checked_sub(1)? / 2)?, sorted.get(sorted.len() / 2)?);
    Some((*low + *high) / 2)
}

fn jitter(tries: &[Try]) -> Option<Duration> {
    let followed = tries.iter().zip(tries.iter().skip(1));
    let differences: Vec<Duration> =
        followed.filter_map(|(one, next)| Some(one.rtt?.abs_diff(next.rtt?))).collect();
    let count = u32::try_from(differences.len()).ok().filter(|count| *count > 0)?;
    Some(differences.iter().sum::<Duration>() / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(rtts: &[Option<u64>]) -> Host {
        let mut host = Host::new(Ipv4Addr::LOCALHOST);
        let one = |rtt: &Option<u64>| Try {
            sent: Moment::START,
            port: 0,
            left: true,
            rtt: rtt.map(Duration::from_millis),
        };
        host.tries = rtts.iter().map(one).collect();
        host
    }

    #[test]
    fn latency_is_of_what_was_answered() {
        let host = host(&[Some(10), None, Some(30), Some(20), Some(24)]);
        let millis = Duration::from_millis;
        assert_eq!((host.sent(), host.received()), (5, 4));
        let latency = host.latency().expect("answers");
        assert_eq!(
            (latency.min, latency.median, latency.max),
            (millis(10), millis(22), millis(30))
        );
        // 30 to 20 and 20 to 24; the loss stands between the first and the next.
        assert_eq!(latency.jitter, Some(millis(7)));
    }

    #[test]
    fn one_answer_has_no_jitter_and_none_has_no_latency() {
        assert_eq!(host(&[Some(10), None]).latency().expect("one").jitter, None);
        assert_eq!(host(&[None, None]).latency(), None);
    }
}
