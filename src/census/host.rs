//! One target: how it was pinged, what it replied, and how fast.

use std::fmt;
use std::net::Ipv4Addr;
use std::time::Duration;

use crate::probe::{Moment, Stamp};

use super::liveness::Liveness;

/// One ping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ping {
    /// When it was handed to the system.
    pub sent: Stamp,
    /// The TCP port; 0 for other methods.
    pub port: u16,
    /// Whether it left the machine, as far as is known.
    pub left: bool,
    /// What came back.
    pub answer: PingAnswer,
}

/// What came back for a ping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PingAnswer {
    /// Nothing in time.
    Silence,
    /// A reply; how long it took is not known, since the process was stopped meanwhile.
    Untimed,
    /// A reply that took so long.
    After(Duration),
}

impl PingAnswer {
    /// How long the reply took, where that is known.
    #[must_use]
    pub const fn rtt(self) -> Option<Duration> {
        match self {
            Self::After(rtt) => Some(rtt),
            Self::Silence | Self::Untimed => None,
        }
    }
}

/// How a target was found to be alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// What its first reply showed.
    pub liveness: Liveness,
    /// The TTL with which that reply arrived, where the system says.
    pub reply_ttl: Option<u8>,
}

/// Why a reply is not taken for the target's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Implausible {
    /// Nearly every address of the routed prefix replies to this method.
    Alike,
    /// By its TTL the reply comes from a distance at which the target cannot be.
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

/// A target and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// The target.
    pub target: Ipv4Addr,
    /// When it was pinged first.
    pub asked: Option<Moment>,
    /// How it was found to be alive, if it was.
    pub found: Option<Found>,
    /// Why that is doubted, if it is.
    pub implausible: Option<Implausible>,
    /// Its pings: by the method and at the port that found it, or by all where none did.
    pub pings: Vec<Ping>,
    /// Packets to it, by all methods; of a connection only the first.
    pub packets: usize,
}

impl Host {
    /// A target that was not pinged yet.
    #[must_use]
    pub const fn new(target: Ipv4Addr) -> Self {
        Self { target, asked: None, found: None, implausible: None, pings: Vec::new(), packets: 0 }
    }

    /// Whether it is alive, beyond doubt.
    #[must_use]
    pub const fn is_alive(&self) -> bool {
        self.found.is_some() && self.implausible.is_none()
    }

    /// The TCP port at which it was found.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.found?.liveness.port()
    }

    /// Pings that left.
    #[must_use]
    pub fn sent(&self) -> usize {
        self.pings.iter().filter(|ping| ping.left).count()
    }

    /// Replies that came in time.
    #[must_use]
    pub fn received(&self) -> usize {
        self.pings.iter().filter(|ping| ping.answer != PingAnswer::Silence).count()
    }

    /// How fast it replied; nothing where it did not.
    #[must_use]
    pub fn latency(&self) -> Option<Latency> {
        let mut rtts: Vec<Duration> =
            self.pings.iter().filter_map(|ping| ping.answer.rtt()).collect();
        rtts.sort_unstable();
        Some(Latency {
            min: *rtts.first()?,
            median: median(&rtts)?,
            max: *rtts.last()?,
            jitter: jitter(&self.pings),
        })
    }
}

/// Round trips to one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latency {
    /// The shortest.
    pub min: Duration,
    /// The middle one, or the mean of the two middle ones.
    pub median: Duration,
    /// The longest.
    pub max: Duration,
    /// The mean difference between the round trips of two pings that followed each other and were both
    /// replied to; nothing where there are no two.
    pub jitter: Option<Duration>,
}

/// The middle of sorted durations.
pub(super) fn median(sorted: &[Duration]) -> Option<Duration> {
    let (low, high) =
        (sorted.get(sorted.len().checked_sub(1)? / 2)?, sorted.get(sorted.len() / 2)?);
    Some((*low + *high) / 2)
}

fn jitter(pings: &[Ping]) -> Option<Duration> {
    let followed = pings.iter().zip(pings.iter().skip(1));
    let differences: Vec<Duration> = followed
        .filter_map(|(one, next)| Some(one.answer.rtt()?.abs_diff(next.answer.rtt()?)))
        .collect();
    let count = u32::try_from(differences.len()).ok().filter(|count| *count > 0)?;
    Some(differences.iter().sum::<Duration>() / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(rtts: &[Option<u64>]) -> Host {
        let ping = |rtt: &Option<u64>| Ping {
            sent: Stamp::default(),
            port: 0,
            left: true,
            answer: rtt
                .map_or(PingAnswer::Silence, |rtt| PingAnswer::After(Duration::from_millis(rtt))),
        };
        Host { pings: rtts.iter().map(ping).collect(), ..Host::new(Ipv4Addr::LOCALHOST) }
    }

    #[test]
    fn latency_is_that_of_the_replies() {
        let host = host(&[Some(10), None, Some(30), Some(20), Some(24)]);
        let millis = Duration::from_millis;
        assert_eq!((host.sent(), host.received()), (5, 4));
        let latency = host.latency().expect("replies");
        let (low, middle, high) = (latency.min, latency.median, latency.max);
        assert_eq!((low, middle, high), (millis(10), millis(22), millis(30)));
        // 30 to 20 and 20 to 24; the loss is between the first and the next.
        assert_eq!(latency.jitter, Some(millis(7)));
    }

    #[test]
    fn one_reply_has_no_jitter_and_none_has_no_latency() {
        assert_eq!(host(&[Some(10), None]).latency().expect("one").jitter, None);
        assert_eq!(host(&[None, None]).latency(), None);
    }
}
